//! R4: nothing is paid back for goods that nobody has accepted yet.

use super::{
    advanced,
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Money, ReceiptId, RmaId, System, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R4",
        name: "a refund follows acceptance",
        text: "Money for goods that come to a dock is given back after the dock graded them and accepted some, and not \
               when their return is announced. Goods that the retailer lets the customer keep are paid back at once; and so, within \
               what the retailer declared, are those of a customer who took that offer: what has not come in time or \
               was not accepted is then charged again, or written off.",
        source: "Return policies of retailers (refund after inspection); bug report medusajs/medusa#13433",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: Some(check_advances),
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(effect)) = (moment.order, moment.effect()) else { return };
    let (cause, amount, system) = match effect {
        Effect::RefundAccepted { refund, cause } => (cause.as_str(), refund.amount, System::Psp),
        Effect::AccountCredited { entry, .. } => (entry.cause.as_str(), entry.amount, System::StoredValue),
        Effect::RefundShown { notice } if notice.refund.kind == TenderKind::MarketplaceCollected => {
            (notice.cause.as_str(), notice.refund.amount, System::Marketplace)
        }
        _ => return,
    };
    let cause = order.money.root_of(cause);
    check_receipt(order, cause, (amount, system), moment.record.seq, bench);
    check_announced(moment, order, cause, (amount, system), bench);
}

fn check_receipt(order: &OrderBook, cause: &str, paid: (Money, System), seq: u64, bench: &mut Bench) {
    let receipt = order.receipts.get(&ReceiptId::new(cause));
    let Some(receipt) = receipt.filter(|receipt| receipt.system == System::Wms) else { return };
    bench.looks();
    if receipt.graded().values().all(|units| *units == 0) {
        let why = format!("receipt {cause} before the dock accepted any of its goods");
        bench.found(finding(order, &why, paid, seq).evidence(receipt.seqs.iter().copied()));
    }
}

fn check_announced(
    moment: &Moment<'_>,
    order: &OrderBook,
    cause: &str,
    paid: (Money, System),
    bench: &mut Bench,
) {
    let rma = RmaId::new(cause);
    let Some(announced) = order.authorizations.get(&rma) else { return };
    bench.looks();
    if announced.keeps {
        return;
    }
    let granted = order.advances.granted.get(&rma);
    let granted = granted.filter(|_| advanced::is_granted(order, &rma, moment.policy));
    let why = match granted {
        Some(granted) if moment.record.at <= granted.return_by => return,
        Some(_) => format!("return {cause} after the time for its goods was over"),
        None => format!("return {cause} before anything came"),
    };
    bench.found(finding(order, &why, paid, moment.record.seq).evidence([announced.seq]));
}

/// What was given back before goods came stays within what the retailer declared, and is taken back where they do not come.
fn check_advances(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let mut all = 0;
    for advance in advanced::each(moment, order, terms) {
        bench.looks();
        all += advance.paid;
        let rest = advance.rest().low;
        if !advance.over || rest == 0 {
            continue;
        }
        let rma = advance.rma;
        let sentence = format!(
            "Order {}: {} was given back for return {rma} before its goods came: {} of it were neither earned by goods \
             nor charged again nor written off.",
            order.number,
            terms.money(advance.paid),
            terms.money(rest)
        );
        let finding = Finding::new(format!("advance for {rma}"), sentence);
        bench.found(finding.evidence(advance.granted.seqs).evidence(order.money.seqs()));
    }
    let most = moment.policy.advance_refund.up_to(terms.currency);
    if all > most {
        let sentence = format!(
            "Order {}: {} was given back before goods came, which is more than the {} that the retailer declared.",
            order.number,
            terms.money(all),
            terms.money(most)
        );
        bench.found(Finding::new("all advances", sentence).evidence(order.money.seqs()));
    }
}

fn finding(order: &OrderBook, why: &str, (amount, system): (Money, System), seq: u64) -> Finding {
    let sentence = format!("Order {}: {amount} was given back for {why}.", order.number);
    Finding::new(why, sentence).evidence([seq]).says(system, format!("gave back {amount}"), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::ReturnMethod,
    };

    #[test]
    fn a_refund_before_the_dock_graded_is_found() {
        let mut history = Life::default().shipped();
        history.announce("RMA-1", 1);
        history.dock_receives("R-1", "RMA-1", 1, 0);
        history.refund("F-1", "R-1", "C-1", 4_990);
        assert_eq!(
            findings("R4", &history.records()),
            [
                "Order W-17: 49.90 EUR was given back for receipt R-1 before the dock accepted any of its goods."
            ]
        );
        let mut history = Life::default().shipped();
        history.announce("RMA-1", 1);
        history.dock_receives("R-1", "RMA-1", 1, 0);
        history.dock_grades("R-1", 1);
        history.refund("F-1", "R-1", "C-1", 4_990);
        assert_eq!(findings("R4", &history.records()), [""; 0]);
    }

    #[test]
    fn an_announcement_is_paid_only_where_the_customer_keeps_the_goods() {
        let mut history = Life::default().shipped();
        history.announce("RMA-1", 1);
        history.refund("F-1", "RMA-1", "C-1", 4_990);
        assert_eq!(
            findings("R4", &history.records()),
            ["Order W-17: 49.90 EUR was given back for return RMA-1 before anything came."]
        );
        history.edit(|effect| {
            if let Effect::ReturnAuthorized { authorization } = effect {
                authorization.method = ReturnMethod::KeepItem;
            }
        });
        assert_eq!(findings("R4", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn goods_that_were_graded_may_be_paid_in_every_life(life in lives()) {
            prop_assert_eq!(findings("R4", &life.history().records()), [""; 0]);
        }
    }
}
