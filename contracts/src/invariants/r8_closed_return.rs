//! R8: a return that is over takes no goods, and goods that nobody may take back are not lost.

use super::{
    books::{OrderBook, ReceiptBook},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{ReceiptId, ReturnLine, ReturnReceipt, System},
    protocol::EventType,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R8",
        name: "a closed return takes no goods",
        text: "The ERP books no receipt for a return authorization that was canceled, or that had lapsed when the \
               goods came; and a store takes nothing that nobody announced after the window that the retailer \
               declared for the channel and season of the sale, unless it was called back. At rest, goods that came to a dock are booked, wait for a clerk, or are on their way to \
               the customer again: none is lost.",
        source: "bug reports spree/spree#14678, odoo/odoo#8621 (receipts that lead nowhere)",
    },
    on_effect: Some(check_closed),
    on_exchange: None,
    at_rest: Some(check_lost),
};

fn check_closed(moment: &Moment<'_>, bench: &mut Bench) {
    if let (Some(Effect::GoodsReturned { receipt }), Some(order)) = (moment.effect(), moment.order) {
        return check_window(moment, order, receipt, bench);
    }
    let (Some(Effect::ReturnReceiptBooked { receipt }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    let Some(rma_id) = &receipt.rma_id else { return };
    let Some(authorization) = order.authorizations.get(rma_id) else { return };
    bench.looks();
    let why = if authorization.canceled.is_some() {
        "was canceled before"
    } else if receipt.received_at > authorization.expires_at {
        "had lapsed when the goods came"
    } else {
        return;
    };
    let sentence = format!(
        "Order {}: the ERP booked receipt {} for return {rma_id}, which {why}.",
        order.number, receipt.receipt_id
    );
    bench.found(
        Finding::new(format!("receipt {}", receipt.receipt_id), sentence)
            .evidence([authorization.seq])
            .evidence(authorization.canceled)
            .evidence([moment.record.seq]),
    );
}

/// What a store takes without an announcement left within the window. Which units of a line came, the customer knows: the
/// last that left may have.
fn check_window(moment: &Moment<'_>, order: &OrderBook, receipt: &ReturnReceipt, bench: &mut Bench) {
    let of_store = order.receipts.get(&receipt.receipt_id).is_some_and(|book| book.system == System::Pos);
    let Some(terms) = order.terms.as_ref().filter(|_| of_store && !order.reasons.is_announced()) else {
        return;
    };
    if receipt.exchange.is_some() || receipt.rma_id.is_some() {
        return;
    }
    let kept = |line: &&ReturnLine| !moment.books.stock.is_recalled(&line.sku);
    for line in receipt.lines.iter().filter(kept) {
        let left = order.shipments.values().filter(|shipment| shipment.lines.contains_key(&line.line_id));
        let Some(left) = left.filter_map(|shipment| shipment.left).max() else { continue };
        bench.looks();
        let until = moment.policy.returnable_until(terms.channel, left);
        if moment.record.at <= until {
            continue;
        }
        let sentence = format!(
            "Order {}: a store took {} of {} back at {}, which might be returned until {until}.",
            order.number,
            units(i64::from(line.quantity)),
            line.sku,
            moment.record.at
        );
        let finding = Finding::new(format!("window of {}", receipt.receipt_id), sentence);
        bench.found(finding.evidence([moment.record.seq]).says(System::Pos, "took it back", true));
    }
}

fn check_lost(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let letter = (System::Wms, EventType::ReturnReceived.name().to_owned());
    if order.messages.dead_letters.contains(&letter) {
        return;
    }
    for (receipt_id, receipt) in order.receipts.iter().filter(|(_, book)| book.system == System::Wms) {
        bench.looks();
        check_receipt(order, receipt_id, receipt, bench);
    }
}

fn check_receipt(order: &OrderBook, receipt_id: &ReceiptId, receipt: &ReceiptBook, bench: &mut Bench) {
    let none = std::collections::BTreeMap::new();
    let booked = order.booked_receipts.get(receipt_id).unwrap_or(&none);
    let of_lines: u32 = receipt
        .lines
        .iter()
        .map(|(line, quantity)| {
            let rejected = receipt.rejected.get(line).copied().unwrap_or(0);
            (quantity + rejected).saturating_sub(booked.get(line).copied().unwrap_or(0))
        })
        .sum();
    let lost = of_lines + receipt.unexpected.saturating_sub(receipt.unexpected_held);
    if lost == 0 {
        return;
    }
    let sentence = format!(
        "Order {}: {} of receipt {receipt_id} came to {} and are neither booked in the ERP nor held for a clerk.",
        order.number,
        units(i64::from(lost)),
        receipt.node
    );
    bench.found(
        Finding::new(format!("goods of {receipt_id}"), sentence).evidence(receipt.seqs.iter().copied()),
    );
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings},
        journal::Effect,
    };

    #[test]
    fn a_receipt_for_a_canceled_return_is_found_at_once() {
        let mut history = History::shipped();
        history.announce("RMA-1", 1);
        history.cancel_return("RMA-1");
        history.dock_receives("R-1", "RMA-1", 1, 0);
        history.book_receipt("R-1", "RMA-1", 1);
        assert_eq!(
            findings("R8", &history.records()),
            ["Order W-17: the ERP booked receipt R-1 for return RMA-1, which was canceled before."]
        );
    }

    #[test]
    fn a_receipt_for_a_lapsed_return_is_found_at_once() {
        let mut history = History::shipped();
        history.announce("RMA-1", 1);
        history.edit(|effect| {
            if let Effect::ReturnAuthorized { authorization } = effect {
                authorization.expires_at = crate::model::Timestamp::UNIX_EPOCH;
            }
        });
        history.dock_receives("R-1", "RMA-1", 1, 0);
        history.book_receipt("R-1", "RMA-1", 1);
        assert_eq!(
            findings("R8", &history.records()),
            [
                "Order W-17: the ERP booked receipt R-1 for return RMA-1, which had lapsed when the goods came."
            ]
        );
    }

    #[test]
    fn what_a_store_takes_after_the_window_is_found_unless_it_was_announced() {
        for (announced, found) in [(false, 1), (true, 0)] {
            let mut history = History::shipped();
            history.edit(|effect| {
                if let Effect::ShipmentShipped { shipment } = effect {
                    shipment.shipped_at = Some("1969-10-01T00:00:00Z".parse().unwrap());
                }
            });
            if announced {
                history.ask_for_return("RR-1", 1);
            }
            history.return_units("R-1", 1, crate::model::ConditionGrade::A);
            let sentences = findings("R8", &history.records());
            assert_eq!(sentences.len(), found, "{sentences:?}");
            let told = "which might be returned until 1969-10-31T00:00:00Z.";
            assert!(sentences.iter().all(|sentence| sentence.contains(told)), "{sentences:?}");
        }
    }

    #[test]
    fn goods_that_lead_nowhere_are_found_at_rest_and_held_ones_are_not() {
        for (held, found) in [(false, 1), (true, 0)] {
            let mut history = History::shipped();
            history.announce("RMA-1", 1);
            history.dock_receives("R-1", "RMA-1", 2, 0);
            history.book_receipt("R-1", "RMA-1", 1);
            if held {
                history.hold("R-1", 1, 0);
            }
            assert_eq!(findings("R8", &history.records()), [""; 0]);
            history.settle();
            assert_eq!(findings("R8", &history.records()).len(), found);
        }
        let mut strange = History::shipped();
        strange.announce("RMA-1", 1);
        strange.dock_receives("R-1", "RMA-1", 0, 2);
        strange.settle();
        assert_eq!(
            findings("R8", &strange.records()),
            [
                "Order W-17: 2 units of receipt R-1 came to dc-north and are neither booked in the ERP nor held for a clerk."
            ]
        );
    }

    proptest! {
        #[test]
        fn is_broken_at_rest_exactly_if_units_are_missing(
            came in 0_u32..4, strange in 0_u32..3, booked in 0_u32..4, held in 0_u32..4, strange_held in 0_u32..3
        ) {
            let (booked, strange_held) = (booked.min(came), strange_held.min(strange));
            let held = held.min(came - booked);
            let mut history = Life { quantity: 4, parcels: vec![4], ..Life::default() }.shipped();
            history.announce("RMA-1", 4);
            history.dock_receives("R-1", "RMA-1", came, strange);
            history.book_receipt("R-1", "RMA-1", booked);
            history.hold("R-1", held, strange_held);
            history.settle();
            let whole = booked + held == came && strange_held == strange;
            prop_assert_eq!(findings("R8", &history.records()).is_empty(), whole);
        }
    }
}
