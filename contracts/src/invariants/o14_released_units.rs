//! O14: however an order is split, each unit is released once.

use super::{
    books::{LineBook, OrderBook, Tally, Terms},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{invariants::Law, journal::Effect, model::LineId};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O14",
        name: "each unit is released once",
        text: "Over all fulfillment orders, no more units of a line stand at nodes than were ordered. At rest, a \
               line of a booked order has all its units there, less those that are canceled or wait for stock: a split loses none \
               and doubles none. A replacement may wait for the goods that it replaces, and what stands in the dead letters for a person.",
        source: "bug reports SAP/spartacus#6047, Adyen/adyen-salesforce-commerce-cloud#1323, OriginProtocol/dshop#560",
    },
    on_effect: Some(check_surplus),
    on_exchange: None,
    at_rest: Some(check_exactly),
};

/// Units in fulfillment orders that no node stopped or gave back.
const fn at_nodes(line: &LineBook) -> i64 {
    line.released.total() - line.node_canceled.total() - line.given_back.total()
}

fn check_surplus(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::FulfillmentOrderReceived { fulfillment_order }), Some(order)) =
        (moment.effect(), moment.order)
    else {
        return;
    };
    let Some(terms) = &order.terms else { return };
    for item in &fulfillment_order.lines {
        let ordered = terms.lines.get(&item.line_id).map_or(0, |line| i64::from(line.quantity));
        let Some(book) = order.lines.get(&item.line_id) else { continue };
        bench.looks();
        if at_nodes(book) > ordered {
            bench.found(finding(order, terms, &item.line_id, book, ordered));
        }
    }
}

fn check_exactly(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    // What replaces other goods may wait for them, and what stands in the dead letters waits for a person.
    let ready =
        order.bookings.count() > 0 && terms.exchange.is_none() && order.messages.dead_letters.is_empty();
    for (line_id, line) in &terms.lines {
        let counts = |book: &&LineBook| book.released.total() > 0 || ready && !order.is_gift_card(line_id);
        let Some(book) = order.lines.get(line_id).filter(counts) else { continue };
        bench.looks();
        let shown = order.shown().and_then(|shown| shown.lines.get(line_id));
        let waiting = shown.map_or(0, |line| i64::from(line.backordered));
        let due = i64::from(line.quantity) - order.canceled(line_id) - waiting;
        if at_nodes(book) != due {
            bench.found(finding(order, terms, line_id, book, due));
        }
    }
}

fn finding(order: &OrderBook, terms: &Terms, line_id: &LineId, book: &LineBook, due: i64) -> Finding {
    let sku = terms.lines.get(line_id).map_or_else(String::new, |line| format!(" ({})", line.sku));
    let sentence = format!(
        "Order {}, line {line_id}{sku}: {} stand in fulfillment orders, but {due} are to be fulfilled.",
        order.number,
        units(at_nodes(book))
    );
    let seqs = |tally: &Tally| tally.seqs().to_vec();
    Finding::new(format!("line {line_id}"), sentence)
        .evidence([terms.seq])
        .evidence(seqs(&book.released))
        .evidence(seqs(&book.node_canceled))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
        model::System,
    };

    #[test]
    fn a_unit_in_two_fulfillment_orders_is_found_at_once() {
        let mut history = History::accepted();
        history.release_to("FO-2", 1);
        assert_eq!(
            findings("O14", &history.records()),
            ["Order W-17, line L-1 (shirt): 3 units stand in fulfillment orders, but 2 are to be fulfilled."]
        );
    }

    #[test]
    fn a_unit_in_none_is_found_at_rest() {
        let mut history = History::accepted();
        history.edit(|effect| {
            if let Effect::FulfillmentOrderReceived { fulfillment_order } = effect {
                fulfillment_order.lines.iter_mut().for_each(|line| line.quantity = 1);
            }
        });
        assert_eq!(findings("O14", &history.records()), [""; 0]);
        history.settle();
        assert_eq!(
            findings("O14", &history.records()),
            ["Order W-17, line L-1 (shirt): 1 unit stand in fulfillment orders, but 2 are to be fulfilled."]
        );
    }

    #[test]
    fn a_booked_order_that_no_node_ever_gets_is_found_at_rest() {
        let unreleased = |more: &dyn Fn(&mut History)| {
            let mut history = History::accepted();
            history.remove(|effect| matches!(effect, Effect::FulfillmentOrderReceived { .. }));
            more(&mut history);
            history.settle();
            findings("O14", &history.records())
        };
        assert_eq!(
            unreleased(&|_| ()),
            ["Order W-17, line L-1 (shirt): 0 units stand in fulfillment orders, but 2 are to be fulfilled."]
        );
        let parked =
            |history: &mut History| history.list_dead_letter_of(System::Wms, "createFulfillmentOrder");
        assert_eq!(unreleased(&parked), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_cancellation_that_no_node_hears_of_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let removed = history.remove(|effect| matches!(effect, Effect::FulfillmentCanceled { .. }));
            history.settle();
            prop_assert_eq!(findings("O14", &history.records()).len(), removed);
        }
    }
}
