//! Stock per SKU and node, and what was sold of a SKU against what there ever was.

use std::collections::BTreeMap;

use super::{Map, OrderBook};
use crate::{
    journal::Effect,
    model::{InventoryMovement, MovementReason, NodeId, ReservedLine, Sku, StockCondition},
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
    /// Units that may be sold beyond the supply, to customers who wait.
    pub(in crate::invariants) permitted: i64,
    /// Whether an opening was seen; otherwise the supply is unknown.
    pub(in crate::invariants) opened: bool,
    /// The last claims and bookings.
    pub(in crate::invariants) claims: Vec<u64>,
}

/// A SKU: what there is of it, by node, and what was promised of it.
#[derive(Debug, Clone, Default)]
struct SkuBook {
    /// The scenario that it belongs to; none if it was opened for all.
    scenario: Option<String>,
    demand: Demand,
    levels: BTreeMap<NodeId, Level>,
}

/// All stock.
#[derive(Debug, Default)]
pub(in crate::invariants) struct StockBook(Map<Sku, SkuBook>);

impl StockBook {
    /// A SKU at a node.
    pub(in crate::invariants) fn level(&self, node: &NodeId, sku: &Sku) -> Option<&Level> {
        self.0.get(sku)?.levels.get(node)
    }

    /// A SKU over all nodes.
    pub(in crate::invariants) fn demand(&self, sku: &Sku) -> Option<&Demand> {
        self.0.get(sku).map(|book| &book.demand)
    }

    /// Drops what belongs to a scenario.
    pub(super) fn forget(&mut self, scenario: &str) {
        self.0.retain(|_, book| book.scenario.as_deref() != Some(scenario));
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.0.values().map(|book| 1 + book.levels.len()).sum()
    }

    /// Takes an effect of a scenario. Without one, only an opening begins the book of a SKU.
    pub(super) fn apply(
        &mut self,
        seq: u64,
        effect: &Effect,
        order: Option<&OrderBook>,
        scenario: Option<&str>,
    ) {
        match effect {
            Effect::StockOpened { node_id, sku, quantity } => {
                self.begin(sku, scenario).open(seq, node_id, *quantity);
            }
            Effect::BackorderPermitted { sku, limit } => self.begin(sku, scenario).demand.permitted = *limit,
            Effect::ReservationExpired { reservation } => {
                for line in &reservation.lines {
                    let Some(book) = self.book_mut(&line.sku, scenario) else { continue };
                    book.change_reserved(seq, line, -i64::from(line.quantity));
                    book.demand.reserved -= i64::from(line.quantity);
                }
            }
            Effect::StockMoved { movement } => self.move_stock(seq, movement, scenario),
            Effect::StockReserved { reservation } => {
                for line in &reservation.lines {
                    let Some(book) = self.book_mut(&line.sku, scenario) else { continue };
                    book.change_reserved(seq, line, i64::from(line.quantity));
                    book.claim(seq).reserved += i64::from(line.quantity);
                }
            }
            Effect::ReservationReleased { release } => {
                for line in &release.lines {
                    let Some(book) = self.book_mut(&line.sku, scenario) else { continue };
                    book.change_reserved(seq, line, -i64::from(line.quantity));
                    book.demand.reserved -= i64::from(line.quantity);
                }
            }
            Effect::ReservationConsumed { release } => {
                for line in &release.lines {
                    let Some(book) = self.book_mut(&line.sku, scenario) else { continue };
                    book.change_reserved(seq, line, -i64::from(line.quantity));
                }
            }
            Effect::SalesOrderBooked { sales_order } => {
                for line in &sales_order.lines {
                    let Some(book) = self.book_mut(&line.sku, scenario) else { continue };
                    book.claim(seq).booked += i64::from(line.quantity);
                }
            }
            Effect::SalesOrderCanceled { cancellation } => {
                for line in &cancellation.lines {
                    let sku = order.and_then(|book| book.sku(&line.line_id));
                    let Some(book) = sku.and_then(|sku| self.book_mut(sku, scenario)) else { continue };
                    book.demand.booked -= i64::from(line.quantity);
                }
            }
            _ => {}
        }
    }

    fn move_stock(&mut self, seq: u64, movement: &InventoryMovement, scenario: Option<&str>) {
        if movement.condition != StockCondition::Sellable {
            return;
        }
        let Some(book) = self.book_mut(&movement.sku, scenario) else { return };
        let level = book.level_mut(&movement.node_id);
        level.on_hand += movement.quantity;
        level.remember(seq);
        if movement.reason != MovementReason::GoodsIssue {
            book.demand.supply += movement.quantity;
        }
    }

    /// The book of a SKU; a new one for traffic of a scenario only.
    fn book_mut(&mut self, sku: &Sku, scenario: Option<&str>) -> Option<&mut SkuBook> {
        if scenario.is_none() {
            return self.0.get_mut(sku);
        }
        Some(self.begin(sku, scenario))
    }

    fn begin(&mut self, sku: &Sku, scenario: Option<&str>) -> &mut SkuBook {
        self.0
            .entry(sku.clone())
            .or_insert_with(|| SkuBook { scenario: scenario.map(str::to_owned), ..SkuBook::default() })
    }
}

impl SkuBook {
    fn level_mut(&mut self, node: &NodeId) -> &mut Level {
        self.levels.entry(node.clone()).or_default()
    }

    fn open(&mut self, seq: u64, node: &NodeId, quantity: i64) {
        let level = self.level_mut(node);
        level.on_hand += quantity;
        level.opened = true;
        level.seqs.push(seq);
        self.demand.supply += quantity;
        self.demand.opened = true;
    }

    fn change_reserved(&mut self, seq: u64, line: &ReservedLine, change: i64) {
        let level = self.level_mut(&line.node_id);
        level.reserved += change;
        level.remember(seq);
    }

    fn claim(&mut self, seq: u64) -> &mut Demand {
        remember(&mut self.demand.claims, seq);
        &mut self.demand
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
