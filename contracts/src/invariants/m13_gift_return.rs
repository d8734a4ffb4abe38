//! M13: who returns a gift gets store credit, and the giver's means of payment get nothing.

use super::{
    books::{OrderBook, Payout, ReceiptBook, Via},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Money, ReceiptId},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M13",
        name: "a gift's value goes to its recipient",
        text: "What the recipient of a gift returns is given back as store credit that is issued for it, or pays \
               what the recipient wants instead, never to a tender of the order: neither card, nor gift card, nor marketplace.",
        source: "Return rules of retailers for gifts (the giver neither hears of the return nor is paid)",
    },
    on_effect: Some(check_payout),
    on_exchange: None,
    at_rest: Some(check_all),
};

fn check_payout(moment: &Moment<'_>, bench: &mut Bench) {
    let moves = matches!(
        moment.effect(),
        Some(
            Effect::RefundAccepted { .. }
                | Effect::RefundShown { .. }
                | Effect::AccountCredited { .. }
                | Effect::GoodsReturned { .. }
        )
    );
    if let (true, Some(order)) = (moves, moment.order) {
        check(order, bench);
    }
}

fn check_all(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    check(order, bench);
}

fn check(order: &OrderBook, bench: &mut Bench) {
    for (receipt_id, receipt) in order.receipts.iter().filter(|(_, receipt)| order.is_gift_return(receipt)) {
        for payout in order.money.payouts.iter().filter(|payout| payout.cause == receipt_id.as_str()) {
            bench.looks();
            if !matches!(payout.via, Via::Account { issued: true, .. } | Via::Exchange) {
                bench.found(finding(order, receipt_id, receipt, payout));
            }
        }
    }
}

fn finding(order: &OrderBook, receipt_id: &ReceiptId, receipt: &ReceiptBook, payout: &Payout) -> Finding {
    let system = payout.via.system();
    let amount = order.terms.as_ref().map_or_else(
        || payout.amount.to_string(),
        |terms| Money::new(payout.amount, terms.currency).to_string(),
    );
    let sentence = format!(
        "Order {}: receipt {receipt_id} is the return of a gift, but the {} gave {amount} back to the giver.",
        order.number,
        system.title()
    );
    Finding::new(format!("receipt {receipt_id} at {system}"), sentence)
        .evidence(receipt.seqs.iter().copied())
        .evidence([payout.seq])
        .says(system, format!("gave back {amount}"), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
        model::CustomerRef,
    };

    fn as_gift(history: &mut History) {
        history.edit(|effect| {
            if let Effect::GoodsReturned { receipt } | Effect::ReturnReceiptBooked { receipt } = effect {
                receipt.gift_recipient_ref = Some(CustomerRef::new("aunt"));
            }
        });
    }

    #[test]
    fn a_gift_that_is_refunded_to_the_giver_is_found() {
        let mut history = Life::default().returned(1);
        as_gift(&mut history);
        assert_eq!(
            findings("M13", &history.records()),
            [
                "Order W-17: receipt R-1 is the return of a gift, but the payment provider gave 49.90 EUR back to the giver."
            ]
        );
    }

    proptest! {
        #[test]
        fn gifts_are_lawful_as_store_credit_only(life in lives()) {
            let mut history = life.history();
            as_gift(&mut history);
            history.settle();
            let pays = life.returns.iter().any(|(units, _)| *units > 0) && life.price > 0;
            prop_assert_eq!(findings("M13", &history.records()).is_empty(), life.store_credit || !pays);
        }
    }
}
