//! I13: an exchange takes the replacement out of stock and brings the returned goods in, each under its own SKU.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{invariants::Law, journal::Effect, model::InventoryMovement};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I13",
        name: "an exchange moves both goods",
        text: "Stock that leaves for a replacement is of the SKU that was ordered instead; stock that comes in for \
               returned goods is of the SKU that came back. At rest, of each line of a replacement as many units \
               were taken out of stock as left.",
        source: "bug report solidusio/solidus#3527",
    },
    on_effect: Some(check_sku),
    on_exchange: None,
    at_rest: Some(check_issued),
};

/// Whether an order is one of the two of an exchange.
fn takes_part(order: &OrderBook) -> bool {
    !order.exchanges.is_empty() || order.terms.as_ref().is_some_and(|terms| terms.exchange.is_some())
}

fn check_sku(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(Effect::StockMoved { movement })) = (moment.order, moment.effect()) else {
        return;
    };
    let Some(line) = movement.line_id.as_ref().filter(|_| takes_part(order)) else { return };
    let Some(bought) = order.terms.as_ref().and_then(|terms| terms.lines.get(line)) else { return };
    bench.looks();
    if bought.is_made_of(&movement.sku) {
        return;
    }
    let sentence = format!(
        "Order {}: {} of {} {} stock for line {line}, which is {}.",
        order.number,
        units(movement.quantity.abs()),
        movement.sku,
        way(movement),
        bought.sku
    );
    bench.found(Finding::new(format!("SKU of {line}"), sentence).evidence([moment.record.seq]));
}

const fn way(movement: &InventoryMovement) -> &'static str {
    if movement.quantity < 0 { "left" } else { "came into" }
}

fn check_issued(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = order.terms.as_ref().filter(|terms| terms.exchange.is_some()) else { return };
    for (line_id, line) in terms.lines.iter().filter(|(_, line)| !line.gift_card) {
        bench.looks();
        let shipped = order.shipped(line_id);
        let issued = order.lines.get(line_id).map_or(0, |book| book.issued.total());
        if issued == shipped {
            continue;
        }
        let sentence = format!(
            "Order {}: {} of {} left as a replacement, but {} were taken out of stock.",
            order.number,
            units(shipped),
            line.sku,
            issued
        );
        let shipments = order.shipments.values().map(|shipment| shipment.seq);
        bench.found(Finding::new(format!("issue of {line_id}"), sentence).evidence(shipments));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Swap, findings},
        journal::{Effect, Entry, Record},
        model::MovementReason,
    };

    /// Changes the movements of a reason.
    fn moved(
        swap: &Swap,
        reason: MovementReason,
        order: &str,
        change: impl Fn(&mut i64, &mut String),
    ) -> Vec<Record> {
        let mut records = swap.records();
        for record in &mut records {
            if let Entry::Effect(committed) = &mut record.entry
                && let Effect::StockMoved { movement } = &mut committed.effect
                && movement.reason == reason
                && movement.order_number.as_ref().is_some_and(|number| number.as_str() == order)
            {
                let mut sku = movement.sku.to_string();
                change(&mut movement.quantity, &mut sku);
                movement.sku = sku.into();
            }
        }
        records
    }

    #[test]
    fn a_replacement_that_leaves_as_the_returned_sku_is_found() {
        let records =
            moved(&Swap::up(0), MovementReason::GoodsIssue, "W-17-S-1", |_, sku| *sku = "shirt".to_owned());
        assert_eq!(
            findings("I13", &records),
            ["Order W-17-S-1: 1 unit of shirt left stock for line L-1, which is shirt-S-1."]
        );
    }

    #[test]
    fn returned_goods_that_come_in_as_the_replacement_are_found() {
        let change = |_: &mut i64, sku: &mut String| *sku = "shirt-S-1".to_owned();
        let records = moved(&Swap::up(0), MovementReason::CustomerReturn, "W-17", change);
        assert_eq!(
            findings("I13", &records),
            ["Order W-17: 1 unit of shirt-S-1 came into stock for line L-1, which is shirt."]
        );
    }

    proptest! {
        #[test]
        fn as_many_units_leave_stock_as_leave_the_house(issued in 0_i64..3) {
            let records = moved(&Swap::up(0), MovementReason::GoodsIssue, "W-17-S-1", |quantity, _| *quantity = -issued);
            prop_assert_eq!(findings("I13", &records).is_empty(), issued == 1);
        }
    }
}
