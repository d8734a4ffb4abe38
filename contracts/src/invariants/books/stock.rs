//! Stock per SKU and node, and what was sold of a SKU against what there ever was.

use std::collections::{BTreeMap, VecDeque};

use super::{Map, OrderBook};
use crate::{
    journal::{Committed, Effect, Record},
    model::{
        CorrelationId, InventoryMovement, MovementReason, NodeId, ReservedLine, Sku, StockCondition, System,
        Timestamp,
    },
};

/// How many claims of a SKU are remembered as evidence.
const CLAIMS_KEPT_MAX: usize = 32;
/// How many levels of a SKU that is listed are remembered; older ones are taken together.
const LEVELS_KEPT_MAX: usize = 128;

/// How many units of a SKU nobody claimed, from an instant on.
#[derive(Debug, Clone, Copy)]
pub(in crate::invariants) struct Unclaimed {
    pub(in crate::invariants) since: Timestamp,
    pub(in crate::invariants) units: i64,
    pub(in crate::invariants) seq: u64,
}

/// What the ERP told of a SKU that channels list, and what they show.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Listing {
    /// Oldest first.
    unclaimed: VecDeque<Unclaimed>,
    /// What each channel shows, and since which line of the journal.
    pub(in crate::invariants) shown: BTreeMap<System, (i64, u64)>,
}

impl Listing {
    /// What is true now.
    pub(in crate::invariants) fn now(&self) -> Option<Unclaimed> {
        self.unclaimed.back().copied()
    }

    /// The most that was true at any instant since.
    pub(in crate::invariants) fn most_since(&self, since: Timestamp) -> Option<Unclaimed> {
        let valid_from = self.unclaimed.iter().rposition(|level| level.since <= since).unwrap_or(0);
        self.unclaimed.iter().skip(valid_from).copied().max_by_key(|level| level.units)
    }

    fn changes(&mut self, level: Unclaimed) {
        self.unclaimed.push_back(level);
        if self.unclaimed.len() > LEVELS_KEPT_MAX
            && let (Some(oldest), Some(next)) = (self.unclaimed.pop_front(), self.unclaimed.front_mut())
        {
            // Whoever asks for so long ago is told the higher of the two: that never accuses.
            *next = Unclaimed { since: oldest.since, units: oldest.units.max(next.units), seq: next.seq };
        }
    }
}

/// Sellable units of a SKU at a node.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Level {
    pub(in crate::invariants) on_hand: i64,
    pub(in crate::invariants) reserved: i64,
    /// Units that a count did not find.
    pub(in crate::invariants) missing: i64,
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
    listing: Listing,
    /// Whether it was called back, and in which chain.
    recalled: bool,
    recall_chain: Option<CorrelationId>,
}

/// All stock.
#[derive(Debug, Default)]
pub(in crate::invariants) struct StockBook(Map<Sku, SkuBook>);

impl StockBook {
    /// A SKU at a node.
    pub(in crate::invariants) fn level(&self, node: &NodeId, sku: &Sku) -> Option<&Level> {
        self.0.get(sku)?.levels.get(node)
    }

    /// Every node that knows a SKU.
    pub(in crate::invariants) fn nodes_of(&self, sku: &Sku) -> impl Iterator<Item = &NodeId> {
        self.0.get(sku).into_iter().flat_map(|book| book.levels.keys())
    }

    /// A SKU over all nodes.
    pub(in crate::invariants) fn demand(&self, sku: &Sku) -> Option<&Demand> {
        self.0.get(sku).map(|book| &book.demand)
    }

    /// Whether a SKU was called back.
    pub(in crate::invariants) fn is_recalled(&self, sku: &Sku) -> bool {
        self.0.get(sku).is_some_and(|book| book.recalled)
    }

    /// The chain in which a SKU was called back.
    pub(in crate::invariants) fn recall_chain(&self, sku: &Sku) -> Option<&CorrelationId> {
        self.0.get(sku)?.recall_chain.as_ref()
    }

    /// What is known of a SKU that channels list.
    pub(in crate::invariants) fn listing(&self, sku: &Sku) -> Option<&Listing> {
        self.0.get(sku).map(|book| &book.listing)
    }

    /// Takes what the ERP told of a listed SKU, and what channels show.
    pub(super) fn apply_listing(&mut self, record: &Record, committed: &Committed, scenario: Option<&str>) {
        match &committed.effect {
            Effect::UnclaimedChanged { sku, unclaimed } => {
                let level = Unclaimed { since: record.at, units: *unclaimed, seq: record.seq };
                if let Some(book) = self.book_mut(sku, scenario) {
                    book.listing.changes(level);
                }
            }
            Effect::ProductRecalled { recall } => {
                if let Some(book) = self.book_mut(&recall.sku, scenario) {
                    book.recalled = true;
                    book.recall_chain.clone_from(&committed.correlation);
                }
            }
            Effect::StockShown { publication } => {
                if let Some(book) = self.book_mut(&publication.sku, scenario) {
                    book.listing.shown.insert(committed.system, (publication.available, record.seq));
                }
            }
            _ => {}
        }
    }

    /// Drops what belongs to a scenario.
    pub(super) fn forget(&mut self, scenario: &str) {
        self.0.retain(|_, book| book.scenario.as_deref() != Some(scenario));
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.0
            .values()
            .map(|book| 1 + book.levels.len() + book.listing.unclaimed.len() + book.listing.shown.len())
            .sum()
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
        if movement.reason == MovementReason::Adjustment {
            level.missing -= movement.quantity.min(0);
        }
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
