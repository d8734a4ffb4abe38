//! M5: one intent moves money once.

use super::{
    books::{LineTerms, OrderBook, Payout, Via},
    law::{Bench, Check, Finding, Moment, join, times},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Capture, Money, System, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M5",
        name: "one movement of money per intent",
        text: "What one receipt or cancellation gives back from one capture, or one marketplace order, is paid \
               once; what one shipment takes from one authorization is taken once. However often it is tried, \
               and under whichever keys.",
        source: "bug reports medusajs/medusa#16293, openfoodfoundation/openfoodnetwork#6330, own-pay/OwnPay#222",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(committed), Some(order)) = (moment.committed(), moment.order) else { return };
    match &committed.effect {
        Effect::PaymentCaptured { capture } => check_capture(order, capture, bench),
        Effect::RefundAccepted { refund, cause } => {
            let same: Vec<&Payout> = order
                .money
                .live_payouts_for(cause)
                .filter(|payout| {
                    matches!(&payout.via, Via::Card { capture, .. } if *capture == refund.capture_id)
                })
                .collect();
            check_payouts(order, cause, &same, refund.amount, bench);
        }
        Effect::RefundShown { notice }
            if committed.system == System::Marketplace
                && notice.refund.kind == TenderKind::MarketplaceCollected =>
        {
            let payouts = order.money.live_payouts_for(&notice.cause);
            let same: Vec<&Payout> =
                payouts.filter(|payout| payout.via.system() == System::Marketplace).collect();
            check_payouts(order, &notice.cause, &same, notice.refund.amount, bench);
        }
        _ => {}
    }
}

fn check_payouts(order: &OrderBook, cause: &str, same: &[&Payout], unit: Money, bench: &mut Bench) {
    bench.looks();
    if same.len() < 2 {
        return;
    }
    let amounts = join(same.iter().map(|payout| Money { amount: payout.amount, ..unit }.to_string()));
    let owed = owed(order, cause).map_or_else(String::new, |owed| {
        format!("; the customer is owed {}", Money { amount: owed, ..unit })
    });
    let sentence = format!(
        "Order {} was refunded {} for {}: {amounts}{owed}.",
        order.number,
        times(same.len()),
        super::m6_refund_value::cause_name(order, cause)
    );
    bench.found(
        Finding::new(format!("refund for {cause}"), sentence).evidence(same.iter().map(|payout| payout.seq)),
    );
}

/// What a receipt's units are worth, where that does not depend on which units they are.
fn owed(order: &OrderBook, cause: &str) -> Option<i64> {
    let receipt = order.receipts.get(&crate::model::ReceiptId::new(cause))?;
    let terms = order.terms.as_ref()?;
    let value = |line: &LineTerms, units: u32| Some(line.gross(units)).filter(|span| span.low == span.high);
    receipt.lines.iter().map(|(line_id, units)| Some(value(terms.lines.get(line_id)?, *units)?.low)).sum()
}

fn check_capture(order: &OrderBook, capture: &Capture, bench: &mut Bench) {
    bench.looks();
    let same: Vec<(i64, u64)> = order
        .money
        .captures
        .iter()
        .filter(|taken| {
            taken.authorization == capture.authorization_id && taken.shipment == capture.shipment_id
        })
        .map(|taken| (taken.amount, taken.seq))
        .collect();
    if same.len() < 2 {
        return;
    }
    let amounts =
        join(same.iter().map(|(amount, _)| Money { amount: *amount, ..capture.amount }.to_string()));
    let sentence = format!(
        "Order {} was charged {} for shipment {}: {amounts}.",
        order.number,
        times(same.len()),
        capture.shipment_id
    );
    bench.found(
        Finding::new(format!("capture for {}", capture.shipment_id), sentence)
            .evidence(same.into_iter().map(|(_, seq)| seq)),
    );
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives, violations},
        journal::Effect,
    };

    #[test]
    fn a_refund_that_is_paid_twice_is_found_with_both_effects() {
        let mut history = Life::default().returned(1);
        history.refund("F-2", "R-1", "C-1", 4_990);
        let found = violations("M5", &history.records());
        let first = found.first().unwrap();
        assert_eq!(
            first.sentence,
            "Order W-17 was refunded twice for receipt R-1: 49.90 EUR and 49.90 EUR; the customer is owed 49.90 EUR."
        );
        assert_eq!(first.evidence.len(), 2);
    }

    #[test]
    fn a_shipment_that_is_charged_twice_is_found() {
        let mut history = History::shipped();
        history.capture("C-2", "S-1", 9_980);
        assert_eq!(
            findings("M5", &history.records()),
            ["Order W-17 was charged twice for shipment S-1: 99.80 EUR and 99.80 EUR."]
        );
    }

    #[test]
    fn a_second_receipt_is_a_second_intent_and_so_is_a_repetition_after_a_failure() {
        let mut history = Life::default().shipped();
        history.return_units("R-1", 1, crate::model::ConditionGrade::A);
        history.return_units("R-2", 1, crate::model::ConditionGrade::A);
        history.fail_refund("F-R-2-1");
        history.refund("F-9", "R-2", "C-1", 4_990);
        assert_eq!(findings("M5", &history.records()), [""; 0]);
    }

    #[test]
    fn a_marketplace_that_pays_twice_is_found() {
        let mut history = Life { marketplace: true, ..Life::default() }.returned(1);
        history.repeat(|effect| matches!(effect, Effect::RefundShown { .. }));
        assert_eq!(findings("M5", &history.records()).len(), 1);
    }

    proptest! {
        #[test]
        fn repeating_any_capture_is_found(life in lives()) {
            let mut history = life.history();
            let repeated = history.repeat(|effect| matches!(effect, Effect::PaymentCaptured { .. }));
            prop_assert_eq!(findings("M5", &history.records()).len(), repeated);
        }
    }
}
