//! E1: a business fact has one effect, however often it is told.

use super::{
    books::{Hold, OrderBook},
    law::{Bench, Check, Finding, Moment, times, units},
};
use crate::{
    invariants::{Law, books::Fact},
    journal::Effect,
    model::{InventoryMovement, MovementReason, ShipmentId, TenderId},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E1",
        name: "one effect",
        text: "A business fact has at most one effect in each system, whatever the number of events, deliveries \
               and keys that tell it: one label for a parcel, one invoice for a shipment, one credit memo for a \
               receipt, one live authorization of a tender; no unit is released, claimed or issued twice.",
        source: "CloudEvents and webhook practice (at least once); bug reports medusajs/medusa#13301, \
                 saleor/saleor#14648, Automattic/woocommerce-payments#3783",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(effect)) = (moment.order, moment.effect()) else { return };
    if let Some((fact, seqs)) = order.latest_fact() {
        check_fact(order, fact, seqs, bench);
    }
    match effect {
        Effect::PaymentAuthorized { authorization } => {
            check_tender(order, &authorization.tender_id, bench);
        }
        Effect::FulfillmentOrderReceived { .. } => check_released(order, bench),
        Effect::StockReserved { .. } => check_claimed(order, bench),
        Effect::StockMoved { movement } if movement.reason == MovementReason::GoodsIssue => {
            check_issue(order, movement, bench);
        }
        _ => {}
    }
}

fn check_fact(order: &OrderBook, fact: &Fact, seqs: &[u64], bench: &mut Bench) {
    bench.looks();
    if seqs.len() < 2 {
        return;
    }
    let sentence =
        format!("Order {}: {} {} was made {}.", order.number, fact.noun, fact.identity, times(seqs.len()));
    let subject = format!("{} {}", fact.noun, fact.identity);
    bench.found(Finding::new(subject, sentence).evidence(seqs.iter().copied()));
}

fn check_tender(order: &OrderBook, tender: &TenderId, bench: &mut Bench) {
    // Where money for a parcel could not be taken, one that is used up is followed by another.
    let lacking = order.money.uncollected() > 0;
    let is_over = |hold: &Hold| hold.given_up.count() > 0 || (lacking && hold.live() <= 0);
    let live = order.money.holds.values().filter(|hold| hold.tender == *tender && !is_over(hold));
    let seqs: Vec<u64> = live.map(|hold| hold.seq).collect();
    bench.looks();
    if seqs.len() > 1 {
        let sentence =
            format!("Order {}: tender {tender} was authorized {}.", order.number, times(seqs.len()));
        bench.found(Finding::new(format!("tender {tender}"), sentence).evidence(seqs));
    }
}

/// No more units are with nodes than were ordered; what a node stopped or gave back may go to another.
fn check_released(order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    for (line_id, line) in &terms.lines {
        let Some(book) = order.lines.get(line_id) else { continue };
        bench.looks();
        let released = book.released.total() - book.node_canceled.total() - book.given_back.total();
        if released > i64::from(line.quantity) {
            let sentence = format!(
                "Order {}: {} of {} are with the nodes to ship, but only {} were ordered.",
                order.number,
                units(released),
                line.sku,
                line.quantity
            );
            let finding = Finding::new(format!("released units of {line_id}"), sentence);
            bench.found(finding.evidence(book.released.seqs().iter().copied()));
        }
    }
}

fn check_claimed(order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    for (line_id, line) in &terms.lines {
        let claims = order.claims.iter().filter(|((of, _), _)| of == line_id);
        let live: i64 = claims.clone().map(|(_, claim)| claim.live()).sum();
        bench.looks();
        if live > i64::from(line.quantity) {
            let sentence = format!(
                "Order {}: {} of {} are claimed, but only {} were ordered.",
                order.number,
                units(live),
                line.sku,
                line.quantity
            );
            let finding = Finding::new(format!("claimed units of {line_id}"), sentence);
            bench.found(finding.evidence(claims.flat_map(|(_, claim)| claim.seqs())));
        }
    }
}

/// A shipment issues no more units than are in it, whatever the movements are called.
fn check_issue(order: &OrderBook, movement: &InventoryMovement, bench: &mut Bench) {
    let Some(line_id) = &movement.line_id else { return };
    let Some(shipment) = order.shipments.get(&ShipmentId::new(&movement.cause)) else { return };
    let Some(issued) = order.issues.get(&(movement.cause.clone(), line_id.clone())) else { return };
    bench.looks();
    let packed = i64::from(shipment.lines.get(line_id).copied().unwrap_or(0));
    if issued.total() > packed {
        let sentence = format!(
            "Order {}: {} of {} left stock for shipment {}, which holds {packed}.",
            order.number,
            units(issued.total()),
            movement.sku,
            movement.cause
        );
        let finding = Finding::new(format!("goods issue of {line_id} for {}", movement.cause), sentence);
        bench.found(finding.evidence([shipment.seq]).evidence(issued.seqs().iter().copied()));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
        model::{MovementId, MovementReason},
    };

    #[test]
    fn a_second_label_invoice_or_authorization_is_found() {
        let mut history = History::shipped();
        history.repeat(|effect| matches!(effect, Effect::LabelIssued { .. } | Effect::InvoicePosted { .. }));
        history.authorize("A-2", "T-1", 9_980);
        assert_eq!(
            findings("E1", &history.records()),
            [
                "Order W-17: a label for parcel S-1 was made twice.",
                "Order W-17: an invoice for shipment S-1 was made twice.",
                "Order W-17: tender T-1 was authorized twice.",
            ]
        );
    }

    #[test]
    fn units_that_leave_stock_twice_under_two_names_are_found() {
        let mut history = History::shipped();
        history.repeat(|effect| {
            matches!(effect, Effect::StockMoved { movement } if movement.reason == MovementReason::GoodsIssue)
        });
        let mut number = 0;
        history.edit(|effect| {
            if let Effect::StockMoved { movement } = effect {
                number += 1;
                movement.movement_id = MovementId::new(format!("other-{number}"));
            }
        });
        assert_eq!(
            findings("E1", &history.records()),
            ["Order W-17: 4 units of shirt left stock for shipment S-1, which holds 2."]
        );
    }

    #[test]
    fn the_same_units_released_to_two_nodes_are_found() {
        let mut history = History::accepted();
        history.release_to("FO-2", 1);
        assert_eq!(
            findings("E1", &history.records()),
            ["Order W-17: 3 units of shirt are with the nodes to ship, but only 2 were ordered."]
        );
    }

    #[test]
    fn an_authorization_after_the_first_was_given_up_is_lawful() {
        let mut history = History::accepted();
        history.void("A-1", 9_980);
        history.authorize("A-2", "T-1", 9_980);
        assert_eq!(findings("E1", &history.records()), [""; 0]);
    }

    #[test]
    fn what_is_used_up_is_followed_by_another_where_money_is_lacking_still() {
        let mut history = History::accepted();
        history.take_on("C-1", "S-1", 4_990);
        history.capture("C-2", "S-2", 9_980);
        history.authorize("A-2", "T-1", 4_990);
        assert_eq!(findings("E1", &history.records()), [""; 0]);
        history.authorize("A-3", "T-1", 4_990);
        assert_eq!(findings("E1", &history.records()).len(), 1);
    }

    proptest! {
        #[test]
        fn every_repeated_fact_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let repeated = history.repeat(|effect| {
                matches!(
                    effect,
                    Effect::InvoicePosted { .. } | Effect::CreditMemoPosted { .. } | Effect::ReturnReceiptBooked { .. }
                        | Effect::SalesOrderCanceled { .. }
                )
            });
            prop_assert_eq!(findings("E1", &history.records()).len(), repeated);
        }
    }
}
