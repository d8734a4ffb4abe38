//! E11: nobody is told of what has not happened.

use super::{
    books::{OrderBook, Via},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineState, RefundNotice, ScanCode, Shipment, ShipmentStatus, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E11",
        name: "told after it happened",
        text: "A channel or customer service shows units as shipped only after they left, a tracked parcel as \
               delivered only after the carrier delivered it, and a refund by card or account only after it was \
               taken on there.",
        source: "bug report saleor/saleor#6428",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(committed), Some(order)) = (moment.committed(), moment.order) else { return };
    let told = match &committed.effect {
        Effect::StatusShown { update } => check_units(order, &update.lines, bench)
            .or_else(|| check_parcels(order, &update.shipments, bench)),
        Effect::TimelineWritten { entry } => check_units(order, &entry.lines, bench),
        Effect::RefundShown { notice } => check_refund(order, notice, bench),
        _ => return,
    };
    let Some((subject, told)) = told else { return };
    let sentence = format!("Order {}: the {} shows {told}.", order.number, committed.system.title());
    bench.found(
        Finding::new(format!("{subject} at {}", committed.system), sentence)
            .evidence([moment.record.seq])
            .says(committed.system, subject, true),
    );
}

type Told = Option<(String, String)>;

fn check_units(order: &OrderBook, lines: &[LineState], bench: &mut Bench) -> Told {
    lines.iter().find_map(|line| {
        bench.looks();
        let (shown, left) = (i64::from(line.shipped), order.shipped(&line.line_id));
        (shown > left).then(|| {
            let told = format!("{} of line {} as shipped, of which {left} left", units(shown), line.line_id);
            (format!("line {}", line.line_id), told)
        })
    })
}

fn check_parcels(order: &OrderBook, parcels: &[Shipment], bench: &mut Bench) -> Told {
    parcels.iter().find_map(|parcel| {
        let known = order.shipments.get(&parcel.shipment_id)?;
        if parcel.status != ShipmentStatus::Delivered || known.tracking.is_none() {
            return None;
        }
        bench.looks();
        let delivered = known
            .scanned
            .is_some_and(|(code, _)| matches!(code, ScanCode::Delivered | ScanCode::ReturnToSender));
        (!delivered).then(|| {
            let id = &parcel.shipment_id;
            (
                format!("parcel {id}"),
                format!("parcel {id} as delivered, but the carrier has not delivered it"),
            )
        })
    })
}

fn check_refund(order: &OrderBook, notice: &RefundNotice, bench: &mut Bench) -> Told {
    let refund = &notice.refund;
    let paid = order.money.payouts.iter().any(|payout| match (&payout.via, refund.kind) {
        (Via::Card { refund: id, .. }, TenderKind::Card) => *id == refund.refund_id,
        // Credit for a refund that failed has a cause of its own.
        (Via::Account { .. }, TenderKind::GiftCard | TenderKind::StoreCredit) => {
            payout.cause == notice.cause || payout.amount == refund.amount.amount
        }
        (Via::Exchange, TenderKind::ExchangeCredit) => payout.cause == notice.cause,
        // To a marketplace the notice is the order to pay.
        (_, TenderKind::MarketplaceCollected) => true,
        _ => false,
    });
    // What an exchange paid for goes back by way of the order that it came from.
    if matches!(refund.kind, TenderKind::MarketplaceCollected | TenderKind::ExchangeCredit) {
        return None;
    }
    bench.looks();
    (!paid).then(|| {
        let id = &refund.refund_id;
        (format!("refund {id}"), format!("refund {id} of {}, which nobody was asked to pay", refund.amount))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
        model::{OrderStatus, ScanCode, ShipmentStatus},
    };

    #[test]
    fn units_that_are_shown_as_shipped_too_early_are_found() {
        let mut history = History::accepted();
        history.edit_states(|state| state.shipped = 1);
        history.show(OrderStatus::PartiallyShipped);
        assert_eq!(
            findings("E11", &history.records()),
            [
                "Order W-17: the storefront shows 1 unit of line L-1 as shipped, of which 0 left.",
                "Order W-17: the customer service shows 1 unit of line L-1 as shipped, of which 0 left.",
            ]
        );
    }

    #[test]
    fn a_parcel_is_delivered_by_the_carrier_alone() {
        let mut history = History::shipped();
        history.show_parcel("S-1", ShipmentStatus::Delivered);
        assert_eq!(
            findings("E11", &history.records()),
            [
                "Order W-17: the storefront shows parcel S-1 as delivered, but the carrier has not delivered it."
            ]
        );
        let mut history = History::shipped();
        history.scan("S-1", ScanCode::Delivered);
        history.show_parcel("S-1", ShipmentStatus::Delivered);
        assert_eq!(findings("E11", &history.records()), [""; 0]);
    }

    #[test]
    fn a_refund_that_nobody_was_asked_for_is_found() {
        let mut history = Life::default().returned(1);
        history.notify_refund("F-9", "R-1", 4_990);
        assert_eq!(
            findings("E11", &history.records()),
            ["Order W-17: the storefront shows refund F-9 of 49.90 EUR, which nobody was asked to pay."]
        );
        let mut history = Life::default().returned(1);
        history.notify_refund("F-R-1-1", "R-1", 4_990);
        assert_eq!(findings("E11", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn parcels_that_are_told_before_they_left_are_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let left = history.remove(|effect| matches!(effect, Effect::ShipmentShipped { .. }));
            prop_assert_eq!(findings("E11", &history.records()).is_empty(), left == 0);
        }
    }
}
