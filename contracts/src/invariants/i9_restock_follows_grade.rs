//! I9: returned goods go where their grade sends them.

use std::collections::BTreeMap;

use super::{
    books::{OrderBook, ReceiptBook},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineId, ReceiptId, StockCondition},
    policy::Policy,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I9",
        name: "restock follows grade",
        text: "Units of a receipt come into stock once, at the node that received them, in the condition that \
               the retailer's policy gives their grade and the reason of the return; units that are to be destroyed, \
               given away or missing do not come into stock. What was called back is put into quarantine.",
        source: "bug reports magento/inventory#1895, spree/spree#4324, woocommerce/woocommerce#22489, \
                 woocommerce/woocommerce#28854, frappe/ecommerce_integrations#397",
    },
    on_effect: Some(check_surplus),
    on_exchange: None,
    at_rest: Some(check_exactly),
};

/// Units that came into stock for a receipt, by line and condition; and where they did at a wrong node.
type Restocked<'a> = BTreeMap<(&'a LineId, StockCondition), (i64, Vec<u64>)>;

fn restocked<'a>(order: &'a OrderBook, receipt: &str) -> Restocked<'a> {
    let mut sums: Restocked<'a> = BTreeMap::new();
    for restock in order.restocks.iter().filter(|restock| restock.cause == receipt) {
        let (sum, seqs) = sums.entry((&restock.line, restock.condition)).or_default();
        *sum += restock.units;
        seqs.push(restock.seq);
    }
    sums
}

fn check_surplus(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order else { return };
    let id = match moment.effect() {
        Some(Effect::StockMoved { movement }) => movement.cause.as_str(),
        Some(Effect::GoodsInspected { inspection }) => inspection.receipt_id.as_str(),
        _ => return,
    };
    let receipt = order.receipts.get(&ReceiptId::new(id));
    let Some(receipt) = receipt.filter(|receipt| !receipt.grades.is_empty()) else { return };
    bench.looks();
    check_node(order, id, receipt, bench);
    compare(moment.policy, order, id, receipt, false, bench);
}

fn check_exactly(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (receipt_id, receipt) in &order.receipts {
        bench.looks();
        check_node(order, receipt_id.as_str(), receipt, bench);
        compare(moment.policy, order, receipt_id.as_str(), receipt, receipt.is_owed(), bench);
    }
}

fn check_node(order: &OrderBook, id: &str, receipt: &ReceiptBook, bench: &mut Bench) {
    let elsewhere =
        order.restocks.iter().filter(|restock| restock.cause == id && restock.node != receipt.node);
    for restock in elsewhere {
        let sentence = format!(
            "Order {}: {} of receipt {id} came into stock at {}, but {} received them.",
            order.number,
            units(restock.units),
            restock.node,
            receipt.node
        );
        let finding = Finding::new(format!("node of {id}"), sentence);
        bench.found(finding.evidence(receipt.seqs.iter().copied()).evidence([restock.seq]));
    }
}

/// Compares what came into stock with what the grades ask for: while goods move only for too much, at rest
/// for too little, too.
fn compare(
    policy: &Policy,
    order: &OrderBook,
    id: &str,
    receipt: &ReceiptBook,
    at_rest: bool,
    bench: &mut Bench,
) {
    let expected = receipt.restocks(policy);
    let restocked = restocked(order, id);
    let mut keys: Vec<_> = expected.keys().chain(restocked.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        let due = i64::from(expected.get(&key).copied().unwrap_or(0));
        let (came, seqs) = restocked.get(&key).cloned().unwrap_or_default();
        if came == due || (came < due && !at_rest) {
            continue;
        }
        let (line, condition) = key;
        let what = receipt.skus.get(line).map_or_else(|| line.to_string(), ToString::to_string);
        let sentence = format!(
            "Order {}: {} of {what} came into {} stock for receipt {id}, but the grades ask for {due}.",
            order.number,
            units(came),
            condition_name(condition)
        );
        let finding = Finding::new(format!("{line} of {id} as {}", condition_name(condition)), sentence);
        bench.found(finding.evidence(receipt.seqs.iter().copied()).evidence(seqs));
    }
}

pub(super) const fn condition_name(condition: StockCondition) -> &'static str {
    match condition {
        StockCondition::Sellable => "sellable",
        StockCondition::Outlet => "outlet",
        StockCondition::Quarantine => "quarantine",
        StockCondition::Liquidation => "liquidation",
        StockCondition::Damaged => "damaged",
        StockCondition::Refurbishment => "refurbishment",
        StockCondition::VendorReturn => "vendor return",
        StockCondition::InTransit => "in-transit",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::{ConditionGrade, MovementReason, NodeId, Recall, StockCondition, System},
    };

    fn is_restock(effect: &Effect) -> bool {
        matches!(effect, Effect::StockMoved { movement } if movement.reason == MovementReason::CustomerReturn)
    }

    #[test]
    fn goods_that_never_come_into_stock_are_found_at_rest() {
        let mut history = Life::default().returned(1);
        history.remove(is_restock);
        assert_eq!(findings("I9", &history.records()), [""; 0]);
        history.settle();
        assert_eq!(
            findings("I9", &history.records()),
            [
                "Order W-17: 0 units of shirt came into sellable stock for receipt R-1, but the grades ask for 1."
            ]
        );
    }

    #[test]
    fn goods_that_come_into_stock_twice_or_elsewhere_are_found_at_once() {
        let mut twice = Life::default().returned(1);
        twice.repeat(is_restock);
        assert_eq!(
            findings("I9", &twice.records()),
            [
                "Order W-17: 2 units of shirt came into sellable stock for receipt R-1, but the grades ask for 1."
            ]
        );
        let mut elsewhere = Life::default().returned(1);
        elsewhere.edit(|effect| {
            if let Effect::StockMoved { movement } = effect
                && movement.quantity > 0
            {
                movement.node_id = NodeId::new("dc-north");
            }
        });
        assert_eq!(
            findings("I9", &elsewhere.records()),
            ["Order W-17: 1 unit of receipt R-1 came into stock at dc-north, but store-12 received them."]
        );
    }

    #[test]
    fn worn_goods_do_not_go_back_on_the_shelf_and_destroyed_ones_nowhere() {
        let mut history = Life::default().shipped();
        history.return_units("R-1", 1, ConditionGrade::D);
        assert_eq!(findings("I9", &history.records()), [""; 0]);
        history.restock("R-1", 1, StockCondition::Sellable);
        history.settle();
        assert_eq!(
            findings("I9", &history.records()),
            [
                "Order W-17: 1 unit of shirt came into sellable stock for receipt R-1, but the grades ask for 0."
            ]
        );
    }

    #[test]
    fn what_was_called_back_goes_to_quarantine_and_never_to_the_shelf() {
        let mut history = Life::default().shipped();
        let recall =
            Recall { recall_id: "RC-1".to_owned(), sku: "shirt".into(), reason: "it burns".to_owned() };
        history.happen(System::Erp, Effect::ProductRecalled { recall });
        history.return_units("R-1", 1, ConditionGrade::A);
        assert_eq!(
            findings("I9", &history.records()),
            [
                "Order W-17: 1 unit of shirt came into sellable stock for receipt R-1, but the grades ask for 0."
            ]
        );
    }

    proptest! {
        #[test]
        fn every_repeated_restock_is_found(life in lives()) {
            let mut history = life.history();
            let repeated = history.repeat(is_restock);
            history.settle();
            prop_assert_eq!(findings("I9", &history.records()).len(), repeated);
        }
    }
}
