//! M19: what a marketplace collects, only the marketplace gives back.

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Money, ReceiptId, System, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M19",
        name: "a marketplace pays its own",
        text: "For an order that the marketplace collects alone, the retailer holds, takes and gives back nothing, by \
               card or as store credit.",
        source: "Marketplace rules (the marketplace is merchant of record: refunds go through its interface)",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(effect), Some(order)) = (moment.effect(), moment.order) else { return };
    let Some(terms) = &order.terms else { return };
    let collected = |kind| kind == TenderKind::MarketplaceCollected;
    if terms.tenders.is_empty() || !terms.tenders.iter().all(|tender| collected(tender.kind)) {
        return;
    }
    let (what, amount): (&str, Money) = match effect {
        Effect::PaymentAuthorized { authorization } => ("held", authorization.amount),
        Effect::PaymentCaptured { capture } => ("took", capture.amount),
        Effect::RefundAccepted { refund, .. } => ("gave back", refund.amount),
        Effect::AccountCredited { entry, issued: true }
            if order.receipts.contains_key(&ReceiptId::new(&entry.cause)) =>
        {
            ("issued as store credit", entry.amount)
        }
        Effect::MarketplaceCollected { .. } => {
            bench.looks();
            return;
        }
        _ => return,
    };
    bench.looks();
    let sentence =
        format!("Order {} is collected by the marketplace, but the retailer {what} {amount}.", order.number);
    bench.found(Finding::new(what, sentence).evidence([terms.seq, moment.record.seq]).says(
        System::Psp,
        format!("{what} {amount}"),
        true,
    ));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::testing::{Life, findings, lives};

    #[test]
    fn a_card_refund_of_a_marketplace_order_is_found() {
        let mut history = Life { marketplace: true, ..Life::default() }.returned(1);
        history.refund("F-9", "R-1", "C-1", 4_990);
        assert_eq!(
            findings("M19", &history.records()),
            ["Order W-17 is collected by the marketplace, but the retailer gave back 49.90 EUR."]
        );
    }

    #[test]
    fn store_credit_for_a_marketplace_order_is_found() {
        let mut history = Life { marketplace: true, ..Life::default() }.returned(1);
        history.credit("R-1", 4_990);
        assert_eq!(
            findings("M19", &history.records()),
            [
                "Order W-17 is collected by the marketplace, but the retailer issued as store credit 49.90 EUR."
            ]
        );
    }

    proptest! {
        #[test]
        fn only_marketplace_orders_must_not_be_refunded_by_card(life in lives()) {
            let mut history = life.history();
            history.refund("F-9", "R-1", "C-1", 1);
            prop_assert_eq!(findings("M19", &history.records()).len(), usize::from(life.marketplace));
        }
    }
}
