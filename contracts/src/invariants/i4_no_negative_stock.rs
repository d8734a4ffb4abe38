//! I4: no shelf holds fewer than no units.

use super::law::{Bench, Check, Finding, Moment, units};
use crate::{
    invariants::Law,
    journal::{Effect, Outcome},
    model::{NodeId, Sku, StockCondition, System},
    protocol::{ProblemKind, erp},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I4",
        name: "no negative stock",
        text: "Sellable units at a node, and those of them that are claimed, are never fewer than none, and nobody is \
               asked to book so.",
        source: "physics; bug reports medusajs/medusa#11131, medusajs/medusa#12401, spree/spree#7328",
    },
    on_effect: Some(check),
    on_exchange: Some(check_asked),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    match moment.effect() {
        Some(Effect::StockMoved { movement }) if movement.condition == StockCondition::Sellable => {
            check_level(moment, &movement.node_id, &movement.sku, bench);
        }
        Some(Effect::ReservationReleased { release } | Effect::ReservationConsumed { release }) => {
            for line in &release.lines {
                check_level(moment, &line.node_id, &line.sku, bench);
            }
        }
        _ => {}
    }
}

fn check_level(moment: &Moment<'_>, node: &NodeId, sku: &Sku, bench: &mut Bench) {
    let Some(level) = moment.books.stock.level(node, sku) else { return };
    bench.looks();
    let what = if level.on_hand < 0 && level.opened {
        format!("{} on hand", units(level.on_hand))
    } else if level.reserved < 0 {
        format!("{} claimed", units(level.reserved))
    } else {
        return;
    };
    let order = moment.order.map_or_else(String::new, |order| format!("Order {}: ", order.number));
    let sentence = format!("{order}{node} has {what} of {sku} afterwards.");
    let finding = Finding::new(format!("{sku} at {node}"), sentence);
    bench.found(finding.evidence(level.seqs.iter().copied()).says(
        System::Erp,
        format!("on hand {}, claimed {}", level.on_hand, level.reserved),
        true,
    ));
}

/// What the ERP refused because it would be fewer than none was asked for all the same.
fn check_asked(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    if exchange.operation != erp::POST_INVENTORY_MOVEMENT.id || exchange.outcome != Outcome::Fail {
        return;
    }
    bench.looks();
    let refused = exchange.response.get("type").and_then(|kind| kind.as_str());
    if refused != Some(ProblemKind::InsufficientStock.uri().as_str()) {
        return;
    }
    let text =
        |name: &str| exchange.request.get(name).and_then(|value| value.as_str()).unwrap_or("?").to_owned();
    let sentence = format!(
        "Order {}: the ERP was asked to take more units of {} from {} than are there.",
        order.number,
        text("sku"),
        text("node_id")
    );
    let finding = Finding::new(format!("movement {}", text("movement_id")), sentence);
    bench.found(finding.evidence([moment.record.seq]).says(System::Erp, "refused it", false));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
        protocol::ProblemKind,
    };

    #[test]
    fn an_issue_from_an_empty_shelf_is_found() {
        let mut history = History::shipped();
        history.edit(|effect| {
            if let Effect::StockOpened { quantity, .. } = effect {
                *quantity = 1;
            }
        });
        assert_eq!(
            findings("I4", &history.records()),
            ["Order W-17: dc-north has -1 units on hand of shirt afterwards."]
        );
    }

    #[test]
    fn a_claim_below_zero_is_found() {
        let mut history = History::shipped();
        history.release_claim(1);
        assert_eq!(
            findings("I4", &history.records()),
            ["Order W-17: dc-north has -1 units claimed of shirt afterwards."]
        );
    }

    #[test]
    fn asking_for_more_than_is_there_is_found_though_it_is_refused() {
        let mut history = History::shipped();
        let request = serde_json::json!({ "movement_id": "mv-1", "sku": "shirt", "node_id": "dc-north" });
        history.refused_by_erp("postInventoryMovement", request.clone(), ProblemKind::BusinessRule);
        assert_eq!(findings("I4", &history.records()), [""; 0]);
        history.refused_by_erp("postInventoryMovement", request, ProblemKind::InsufficientStock);
        assert_eq!(
            findings("I4", &history.records()),
            ["Order W-17: the ERP was asked to take more units of shirt from dc-north than are there."]
        );
    }

    proptest! {
        #[test]
        fn is_broken_exactly_when_more_leaves_than_is_there(life in lives(), stock in 0_i64..6) {
            let mut history = life.history();
            history.edit(|effect| {
                if let Effect::StockOpened { quantity, .. } = effect {
                    *quantity = stock;
                }
            });
            let broken = !findings("I4", &history.records()).is_empty();
            let shipped: u32 = life.parcels.iter().sum();
            prop_assert_eq!(broken, i64::from(shipped) > stock);
        }
    }
}
