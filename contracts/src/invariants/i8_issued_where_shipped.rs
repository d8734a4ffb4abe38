//! I8: what left a node is taken out of the stock of that node.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, join, units},
};
use crate::{invariants::Law, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I8",
        name: "issued where shipped",
        text: "At rest, for each parcel and line the ERP has taken as many units out of stock as the parcel \
               carried, at the node that shipped it.",
        source: "bug reports medusajs/medusa#3034, magento/inventory#1895",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (shipment_id, shipment) in &order.shipments {
        for (line_id, carried) in &shipment.lines {
            bench.looks();
            let key = (shipment_id.to_string(), line_id.clone());
            let issues = order.issues.get(&key);
            let issued = issues.map_or(0, super::books::Tally::total);
            let nodes = order.issue_nodes.get(&key);
            let elsewhere = nodes.into_iter().flatten().filter(|node| **node != shipment.node);
            let elsewhere: Vec<String> = elsewhere.map(ToString::to_string).collect();
            if issued == i64::from(*carried) && elsewhere.is_empty() {
                continue;
            }
            let place = if elsewhere.is_empty() { String::new() } else { format!(" at {}", join(elsewhere)) };
            let sentence = format!(
                "Order {}, line {line_id}: parcel {shipment_id} left {} with {}, but {issued} were taken out of \
                 stock{place}.",
                order.number,
                shipment.node,
                units(i64::from(*carried))
            );
            bench.found(
                Finding::new(format!("line {line_id} of {shipment_id}"), sentence)
                    .evidence([shipment.seq])
                    .evidence(issues.into_iter().flat_map(|tally| tally.seqs().iter().copied()))
                    .says(System::Wms, format!("{carried} shipped at {}", shipment.node), false)
                    .says(System::Erp, format!("{issued} issued{place}"), true),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
        model::{MovementReason, NodeId},
    };

    fn is_issue(effect: &Effect) -> bool {
        matches!(effect, Effect::StockMoved { movement } if movement.reason == MovementReason::GoodsIssue)
    }

    #[test]
    fn an_issue_at_another_node_is_found() {
        let mut history = History::shipped();
        history.edit(|effect| {
            if let Effect::StockMoved { movement } = effect {
                movement.node_id = NodeId::new("dc-south");
            }
        });
        history.settle();
        assert_eq!(
            findings("I8", &history.records()),
            [
                "Order W-17, line L-1: parcel S-1 left dc-north with 2 units, but 2 were taken out of stock at dc-south."
            ]
        );
    }

    #[test]
    fn an_issue_that_is_under_way_is_no_violation_before_rest() {
        let mut history = History::shipped();
        history.remove(is_issue);
        assert_eq!(findings("I8", &history.records()), [""; 0]);
        history.settle();
        assert_eq!(
            findings("I8", &history.records()),
            ["Order W-17, line L-1: parcel S-1 left dc-north with 2 units, but 0 were taken out of stock."]
        );
    }

    proptest! {
        #[test]
        fn parcels_that_are_never_issued_are_found_in_every_life(life in lives()) {
            let mut history = life.history();
            history.remove(is_issue);
            history.settle();
            prop_assert_eq!(findings("I8", &history.records()).len(), life.parcels.len());
        }
    }
}
