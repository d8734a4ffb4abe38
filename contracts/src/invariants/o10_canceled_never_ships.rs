//! O10: what is canceled never ships.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineId, System},
    protocol::middleware,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O10",
        name: "canceled never ships",
        text: "Canceled and shipped units of a line together are no more than ordered: units whose cancellation \
               was acknowledged, to the customer or in the books, do not leave afterwards.",
        source: "bug reports nopSolutions/nopCommerce#7928, spree/spree#5203, SAP/spartacus#6047, \
                 ParsimonyGit/shipstation_integration#74",
    },
    on_effect: Some(check),
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order else { return };
    match moment.effect() {
        Some(Effect::ShipmentShipped { shipment }) => {
            for line in &shipment.lines {
                check_line(order, &line.line_id, bench);
            }
        }
        Some(Effect::SalesOrderCanceled { cancellation }) => {
            for line in &cancellation.lines {
                check_line(order, &line.line_id, bench);
            }
        }
        Some(Effect::FulfillmentCanceled { .. } | Effect::StatusShown { .. }) => check_all(order, bench),
        _ if answers_a_cancellation(moment) => check_all(order, bench),
        _ => {}
    }
}

fn answers_a_cancellation(moment: &Moment<'_>) -> bool {
    moment.exchange().is_some_and(|exchange| {
        exchange.to == System::Middleware && exchange.operation == middleware::CANCEL_ORDER.id
    })
}

fn check_all(order: &OrderBook, bench: &mut Bench) {
    for line_id in order.terms.iter().flat_map(|terms| terms.lines.keys()) {
        check_line(order, line_id, bench);
    }
}

fn check_line(order: &OrderBook, line_id: &LineId, bench: &mut Bench) {
    let Some(line) = order.terms.as_ref().and_then(|terms| terms.lines.get(line_id)) else { return };
    bench.looks();
    let (canceled, shipped, ordered) =
        (order.canceled(line_id), order.shipped(line_id), i64::from(line.quantity));
    if canceled + shipped <= ordered {
        return;
    }
    let sentence = format!(
        "Order {}: {} of {} were ordered, {canceled} canceled and {shipped} shipped: {} left although canceled.",
        order.number,
        units(ordered),
        line.sku,
        units(canceled + shipped - ordered)
    );
    let finding = Finding::new(format!("line {line_id}"), sentence).evidence(evidence(order, line_id));
    bench.found(positions(order, line_id, finding));
}

fn evidence(order: &OrderBook, line_id: &LineId) -> Vec<u64> {
    let mut seqs: Vec<u64> = order.cancellations.values().map(|(_, seq)| *seq).collect();
    if let Some(book) = order.lines.get(line_id) {
        for tally in [&book.erp_canceled, &book.node_canceled, &book.shipped] {
            seqs.extend_from_slice(tally.seqs());
        }
    }
    seqs.sort_unstable();
    seqs
}

fn positions(order: &OrderBook, line_id: &LineId, finding: Finding) -> Finding {
    let book = order.lines.get(line_id).cloned().unwrap_or_default();
    let told = order.told_canceled(line_id);
    let mut finding = finding.says(
        System::Wms,
        format!("{} shipped, {} stopped", book.shipped.total(), book.node_canceled.total()),
        false,
    );
    if book.booked.total() > 0 {
        finding = finding.says(System::Erp, format!("{} canceled", book.erp_canceled.total()), false);
    }
    if told > 0 {
        finding = finding.says(System::Middleware, format!("{told} canceled, as it told the channel"), true);
    }
    finding
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::testing::{Life, findings, lives};

    #[test]
    fn units_that_ship_after_their_cancellation_was_acknowledged_are_found() {
        let mut history = Life::default().accepted();
        history.answer_cancellation("X-1", 2);
        history.ship_parcel("S-1", 1);
        assert_eq!(
            findings("O10", &history.records()),
            [
                "Order W-17: 2 units of shirt were ordered, 2 canceled and 1 shipped: 1 unit left although canceled."
            ]
        );
    }

    #[test]
    fn canceling_what_has_left_is_found() {
        let mut history = Life::default().shipped();
        history.cancel_units("X-1", 1);
        assert_eq!(
            findings("O10", &history.records()),
            [
                "Order W-17: 2 units of shirt were ordered, 1 canceled and 2 shipped: 1 unit left although canceled."
            ]
        );
    }

    proptest! {
        #[test]
        fn is_broken_exactly_when_more_units_end_than_were_ordered(canceled in 0_u32..4, shipped in 0_u32..4) {
            let life = Life { quantity: 3, ..Life::default() };
            let mut history = life.accepted();
            if canceled > 0 {
                history.answer_cancellation("X-1", canceled);
            }
            if shipped > 0 {
                history.ship_parcel("S-1", shipped);
            }
            prop_assert_eq!(!findings("O10", &history.records()).is_empty(), canceled + shipped > 3);
        }

        #[test]
        fn one_unit_more_canceled_than_did_not_ship_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let shipped: u32 = life.parcels.iter().sum();
            prop_assume!(shipped > 0);
            history.answer_cancellation("X-9", life.quantity - shipped + 1);
            prop_assert_eq!(findings("O10", &history.records()).len(), 1);
        }
    }
}
