//! A4: from money that was given back, one finds the goods and the credit memo, and the other way round.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{ReceiptId, RmaId, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A4",
        name: "a refund is documented",
        text: "At rest, a receipt for which money was given back is booked in the ERP and has a credit memo, and so \
               has a lost parcel or a price adjustment; and a credit memo names a receipt of a dock or store, a lost \
               parcel, a price adjustment, goods that the customer may keep, or something else that money was given \
               back for.",
        source: "audit duties of retailers; bug reports odoo/odoo#259653, OCA/account-fiscal-rule#170",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for payout in order.money.live_payouts() {
        let receipt = ReceiptId::new(&payout.cause);
        let lost = order.is_lost(&payout.cause);
        let keeps = is_kept(order, &payout.cause);
        let adjusts = keeps || order.adjustments.contains_key(&payout.cause);
        if !order.receipts.contains_key(&receipt) && !lost && !adjusts {
            continue;
        }
        bench.looks();
        let missing = if !lost && !adjusts && !order.booked_receipts.contains_key(&receipt) {
            "the ERP never booked that receipt"
        } else if !order.receivable.memos.contains_key(&receipt) {
            "there is no credit memo for it"
        } else {
            continue;
        };
        let what = match (lost, keeps, adjusts) {
            (true, ..) => "lost parcel",
            (_, true, _) => "return",
            (_, _, true) => "price adjustment",
            _ => "receipt",
        };
        let sentence =
            format!("Order {}: money was given back for {what} {receipt}, but {missing}.", order.number);
        let finding = Finding::new(format!("{what} {receipt}"), sentence).evidence([payout.seq]);
        bench.found(finding.says(System::Erp, missing, true));
    }
    for (receipt, memo) in &order.receivable.memos {
        bench.looks();
        let paid = || order.money.payouts.iter().any(|payout| payout.cause == receipt.as_str());
        // The money may wait, as it does while a dispute is open.
        let adjusted = order.adjustments.get(receipt.as_str()).is_some_and(|asked| asked.told.is_some());
        let granted = adjusted || is_kept(order, receipt.as_str());
        if order.receipts.contains_key(receipt) || order.is_lost(receipt.as_str()) || granted || paid() {
            continue;
        }
        let sentence = format!(
            "Order {}: a credit memo names receipt {receipt}, which nobody received or gave money back for.",
            order.number
        );
        bench.found(Finding::new(format!("memo {receipt}"), sentence).evidence(memo.seqs().iter().copied()));
    }
}

/// Whether this is a return whose goods the customer may keep.
fn is_kept(order: &OrderBook, cause: &str) -> bool {
    order.authorizations.get(&RmaId::new(cause)).is_some_and(|known| known.keeps)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
    };

    fn misname(history: &mut History) -> usize {
        let mut count = 0;
        history.edit(|effect| {
            if let Effect::CreditMemoPosted { credit_memo } = effect {
                credit_memo.receipt_id = format!("no-{}", credit_memo.receipt_id).into();
                count += 1;
            }
        });
        history.settle();
        count
    }

    #[test]
    fn a_memo_for_another_receipt_is_found_from_both_ends() {
        let mut history = Life::default().returned(1);
        misname(&mut history);
        assert_eq!(
            findings("A4", &history.records()),
            [
                "Order W-17: money was given back for receipt R-1, but there is no credit memo for it.",
                "Order W-17: a credit memo names receipt no-R-1, which nobody received or gave money back for.",
            ]
        );
    }

    #[test]
    fn a_refund_without_booked_receipt_is_found() {
        let mut history = Life::default().returned(1);
        history.remove(|effect| matches!(effect, Effect::ReturnReceiptBooked { .. }));
        history.settle();
        assert_eq!(
            findings("A4", &history.records()),
            ["Order W-17: money was given back for receipt R-1, but the ERP never booked that receipt."]
        );
    }

    #[test]
    fn a_lost_parcel_that_is_paid_back_without_a_memo_is_found() {
        let mut history = Life::default().shipped();
        history.scan("S-1", crate::model::ScanCode::Lost);
        history.refund("F-1", "S-1", "C-1", 9_980);
        history.settle();
        assert_eq!(
            findings("A4", &history.records()),
            ["Order W-17: money was given back for lost parcel S-1, but there is no credit memo for it."]
        );
        let mut history = Life::default().shipped();
        history.scan("S-1", crate::model::ScanCode::Lost);
        history.refund("F-1", "S-1", "C-1", 9_980);
        history.credit_lost("S-1", 2);
        history.settle();
        assert_eq!(findings("A4", &history.records()), [""; 0]);
    }

    #[test]
    fn a_price_adjustment_without_credit_memo_is_found() {
        let mut history = Life::default().shipped();
        history.adjust("PA-1", 1_000, 0);
        history.settle();
        assert_eq!(findings("A4", &history.records()), [""; 0]);
        history.remove(|effect| matches!(effect, Effect::CreditMemoPosted { .. }));
        assert_eq!(
            findings("A4", &history.records()),
            [
                "Order W-17: money was given back for price adjustment PA-1, but there is no credit memo for it."
            ]
        );
    }

    #[test]
    fn what_was_granted_is_documented_while_its_money_waits() {
        let mut history = Life::default().shipped();
        history.adjust("PA-1", 1_000, 0);
        history.remove(|effect| matches!(effect, Effect::RefundAccepted { .. }));
        history.settle();
        assert_eq!(findings("A4", &history.records()), [""; 0]);
        assert_eq!(misname(&mut history), 1);
        assert_eq!(
            findings("A4", &history.records()),
            [
                "Order W-17: a credit memo names receipt no-PA-1, which nobody received or gave money back for."
            ]
        );
    }

    proptest! {
        #[test]
        fn each_memo_of_nothing_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let memos = misname(&mut history);
            let found = findings("A4", &history.records());
            prop_assert_eq!(found.iter().filter(|text| text.contains("a credit memo names")).count(), memos);
        }
    }
}
