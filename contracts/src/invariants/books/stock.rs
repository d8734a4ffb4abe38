//! Stock per SKU and node, and what was sold of a SKU against what there ever was.

use std::collections::HashMap;

use super::OrderBook;
use crate::{
    journal::Effect,
    model::{InventoryMovement, NodeId, ReservedLine, Sku, StockCondition},
};

/// How many claims of a SKU are remembered as evidence.
const CLAIMS_KEPT_MAX: usize = 32;

/// Sellable units of a SKU at a node.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Level {
    pub(in crate::invariants) on_hand: i64,
    pub(in crate::invariants) reserved: i64,
    /// Whether its opening was seen; otherwise the level is unknown.
    pub(in crate::invariants) opened: bool,
    pub(in crate::invariants) seqs: Vec<u64>,
}

/// A SKU over all nodes.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Demand {
    /// Units that there were at the start or came since, sellable.
    pub(in crate::invariants) supply: i64,
    /// Units in sales orders less units that were canceled.
    pub(in crate::invariants) booked: i64,
    /// Units claimed less units given back; used-up claims stay in.
    pub(in crate::invariants) reserved: i64,
    /// Whether an opening was seen; otherwise the supply is unknown.
    pub(in crate::invariants) opened: bool,
    /// The last claims and bookings.
    pub(in crate::invariants) claims: Vec<u64>,
}

/// All stock.
#[derive(Debug, Default)]
pub(in crate::invariants) struct StockBook {
    levels: HashMap<(NodeId, Sku), Level>,
    demands: HashMap<Sku, Demand>,
}

impl StockBook {
    /// A SKU at a node.
    pub(in crate::invariants) fn level(&self, node: &NodeId, sku: &Sku) -> Option<&Level> {
        self.levels.get(&(node.clone(), sku.clone()))
    }

    /// A SKU over all nodes.
    pub(in crate::invariants) fn demand(&self, sku: &Sku) -> Option<&Demand> {
        self.demands.get(sku)
    }

    pub(super) fn apply(&mut self, seq: u64, effect: &Effect, order: Option<&OrderBook>) {
        match effect {
            Effect::StockOpened { node_id, sku, quantity } => self.open(seq, node_id, sku, *quantity),
            Effect::StockMoved { movement } => self.move_stock(seq, movement),
            Effect::StockReserved { reservation } => {
                for line in &reservation.lines {
                    self.change_reserved(seq, line, i64::from(line.quantity));
                    self.claim(seq, &line.sku).reserved += i64::from(line.quantity);
                }
            }
            Effect::ReservationReleased { release } => {
                for line in &release.lines {
                    self.change_reserved(seq, line, -i64::from(line.quantity));
                    self.demands.entry(line.sku.clone()).or_default().reserved -= i64::from(line.quantity);
                }
            }
            Effect::ReservationConsumed { release } => {
                for line in &release.lines {
                    self.change_reserved(seq, line, -i64::from(line.quantity));
                }
            }
            Effect::SalesOrderBooked { sales_order } => {
                for line in &sales_order.lines {
                    self.claim(seq, &line.sku).booked += i64::from(line.quantity);
                }
            }
            Effect::SalesOrderCanceled { cancellation } => {
                for line in &cancellation.lines {
                    if let Some(sku) = order.and_then(|book| book.sku(&line.line_id)) {
                        self.demands.entry(sku.clone()).or_default().booked -= i64::from(line.quantity);
                    }
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, seq: u64, node: &NodeId, sku: &Sku, quantity: i64) {
        let level = self.levels.entry((node.clone(), sku.clone())).or_default();
        level.on_hand += quantity;
        level.opened = true;
        level.seqs.push(seq);
        let demand = self.demands.entry(sku.clone()).or_default();
        demand.supply += quantity;
        demand.opened = true;
    }

    fn move_stock(&mut self, seq: u64, movement: &InventoryMovement) {
        if movement.condition != StockCondition::Sellable {
            return;
        }
        let level = self.levels.entry((movement.node_id.clone(), movement.sku.clone())).or_default();
        level.on_hand += movement.quantity;
        level.remember(seq);
        let issue = movement.reason == crate::model::MovementReason::GoodsIssue;
        if !issue {
            self.demands.entry(movement.sku.clone()).or_default().supply += movement.quantity;
        }
    }

    fn change_reserved(&mut self, seq: u64, line: &ReservedLine, change: i64) {
        let level = self.levels.entry((line.node_id.clone(), line.sku.clone())).or_default();
        level.reserved += change;
        level.remember(seq);
    }

    fn claim(&mut self, seq: u64, sku: &Sku) -> &mut Demand {
        let demand = self.demands.entry(sku.clone()).or_default();
        remember(&mut demand.claims, seq);
        demand
    }
}

impl Level {
    fn remember(&mut self, seq: u64) {
        remember(&mut self.seqs, seq);
    }
}

fn remember(seqs: &mut Vec<u64>, seq: u64) {
    if seqs.len() >= CLAIMS_KEPT_MAX {
        seqs.remove(0);
    }
    seqs.push(seq);
}
