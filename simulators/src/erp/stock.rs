//! The stock ledger: units per SKU, node and condition, and how many of the sellable ones are claimed.
//!
//! Stock only changes by opening it and by movements; claims only by reservations, releases and goods issues.
//! The ledger never falls below zero, in no condition. It does not stop an issue of units that others
//! claimed: that is an oversell, and visible as available stock below zero.

use std::collections::{BTreeMap, VecDeque};

use counterproof_contracts::{
    journal::Effect,
    model::{
        InventoryMovement, MovementReason, NodeId, Sku, StockCondition, StockCount, StockLevel,
        StockLevelList, Timestamp,
    },
    protocol::{Problem, ProblemKind},
};

use super::{Erp, business};
use crate::kernel::Scene;

/// Most bookings of a shelf that are remembered.
const BOOKED_MAX: usize = 1000;

/// What lies at one node of one SKU.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Shelf {
    units: BTreeMap<StockCondition, i64>,
    /// Units that customers brought back, ever.
    returned: BTreeMap<StockCondition, i64>,
    reserved: i64,
    /// What was booked lately on the sellable units, oldest first: when, and by how much.
    booked: VecDeque<(Timestamp, i64)>,
    /// When it was counted last.
    counted_at: Option<Timestamp>,
}

impl Shelf {
    fn book(&mut self, now: Timestamp, condition: StockCondition, quantity: i64) {
        if condition == StockCondition::Sellable {
            self.booked.push_back((now, quantity));
            if self.booked.len() > BOOKED_MAX {
                self.booked.pop_front();
            }
        }
    }

    /// Sellable units that lay there at an instant, as far as bookings are remembered.
    fn on_hand_at(&self, instant: Timestamp) -> i64 {
        let since = self.booked.iter().filter(|(booked_at, _)| *booked_at > instant);
        self.in_condition(StockCondition::Sellable) - since.map(|(_, quantity)| quantity).sum::<i64>()
    }

    fn in_condition(&self, condition: StockCondition) -> i64 {
        self.units.get(&condition).copied().unwrap_or(0)
    }

    fn level(&self, sku: &Sku, node_id: &NodeId) -> StockLevel {
        let on_hand = self.in_condition(StockCondition::Sellable);
        StockLevel {
            node_id: node_id.clone(),
            sku: sku.clone(),
            on_hand,
            reserved: self.reserved,
            not_sellable: self.units.values().sum::<i64>() - on_hand,
        }
    }
}

/// All stock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    shelves: BTreeMap<Sku, BTreeMap<NodeId, Shelf>>,
}

impl Ledger {
    fn shelf(&self, sku: &Sku, node_id: &NodeId) -> Option<&Shelf> {
        self.shelves.get(sku)?.get(node_id)
    }

    fn shelf_mut(&mut self, sku: &Sku, node_id: &NodeId) -> &mut Shelf {
        self.shelves.entry(sku.clone()).or_default().entry(node_id.clone()).or_default()
    }

    pub(super) fn open(&mut self, scene: &mut Scene<'_>, node_id: &NodeId, sku: &Sku, quantity: i64) {
        let shelf = self.shelf_mut(sku, node_id);
        *shelf.units.entry(StockCondition::Sellable).or_insert(0) += quantity;
        shelf.book(scene.now(), StockCondition::Sellable, quantity);
        scene.commit(Effect::StockOpened { node_id: node_id.clone(), sku: sku.clone(), quantity });
    }

    pub(super) fn units(&self, sku: &Sku, node_id: &NodeId, condition: StockCondition) -> i64 {
        self.shelf(sku, node_id).map_or(0, |shelf| shelf.in_condition(condition))
    }

    pub(super) fn returned(&self, sku: &Sku, node_id: &NodeId, condition: StockCondition) -> i64 {
        self.shelf(sku, node_id).and_then(|shelf| shelf.returned.get(&condition).copied()).unwrap_or(0)
    }

    pub(super) fn available(&self, sku: &Sku, node_id: &NodeId) -> i64 {
        let level = self.level(sku, node_id);
        level.on_hand - level.reserved
    }

    pub(super) fn level(&self, sku: &Sku, node_id: &NodeId) -> StockLevel {
        self.shelf(sku, node_id).unwrap_or(&Shelf::default()).level(sku, node_id)
    }

    /// One entry for each node that knows the SKU, by node.
    pub(super) fn levels(&self, sku: &Sku) -> StockLevelList {
        let shelves = self.shelves.get(sku).into_iter().flatten();
        StockLevelList { items: shelves.map(|(node_id, shelf)| shelf.level(sku, node_id)).collect() }
    }

    /// Claims units, or with a negative number gives claimed ones back.
    pub(super) fn claim(&mut self, sku: &Sku, node_id: &NodeId, units: i64) {
        self.shelf_mut(sku, node_id).reserved += units;
    }

    /// What a condition will hold after a movement; refuses what would take it below zero.
    fn after(&self, movement: &InventoryMovement) -> Result<i64, Problem> {
        let InventoryMovement { sku, node_id, condition, quantity, .. } = movement;
        let there = self.units(sku, node_id, *condition);
        let after = there.saturating_add(*quantity);
        if after >= 0 {
            return Ok(after);
        }
        let asked = quantity.unsigned_abs();
        let detail = format!("{there} units of {sku} are at {node_id}, {asked} are asked for");
        Err(Problem::new(ProblemKind::InsufficientStock, detail))
    }
}

/// Issues take away, returns bring, and nothing moves by zero.
fn check_direction(movement: &InventoryMovement) -> Result<(), Problem> {
    let fits = match movement.reason {
        MovementReason::GoodsIssue => movement.quantity < 0,
        MovementReason::CustomerReturn | MovementReason::GoodsReceipt => movement.quantity > 0,
        MovementReason::Adjustment | MovementReason::Disposition | MovementReason::Transfer => {
            movement.quantity != 0
        }
    };
    if fits {
        return Ok(());
    }
    Err(business(format!("{:?} of {} units has no meaning", movement.reason, movement.quantity)))
}

/// The movement that a count leads to.
fn adjustment(count: &StockCount, quantity: i64) -> InventoryMovement {
    InventoryMovement {
        movement_id: format!("count-{}", count.count_id).as_str().into(),
        order_number: None,
        line_id: None,
        node_id: count.node_id.clone(),
        sku: count.sku.clone(),
        condition: StockCondition::Sellable,
        quantity,
        reason: MovementReason::Adjustment,
        cause: count.count_id.clone(),
    }
}

impl Erp {
    /// Takes a count: the ledger is adjusted by what differs from it at the time of the count. What was booked
    /// since is taken to have happened since.
    pub(super) fn count_stock(
        &mut self,
        count: &StockCount,
        scene: &mut Scene<'_>,
    ) -> Result<StockLevel, Problem> {
        let shelf = self.stock.shelf_mut(&count.sku, &count.node_id);
        if shelf.counted_at.is_none_or(|last| last <= count.counted_at) {
            let difference = i64::from(count.quantity) - shelf.on_hand_at(count.counted_at);
            if difference != 0 {
                self.move_stock_at(count.counted_at, adjustment(count, difference), scene)?;
            }
            self.stock.shelf_mut(&count.sku, &count.node_id).counted_at = Some(count.counted_at);
        }
        Ok(self.stock.level(&count.sku, &count.node_id))
    }

    /// Books a movement, of a line that the order has if that is booked. A goods issue uses up the order's claim at
    /// the node, as far as there is one.
    pub(super) fn move_stock(
        &mut self,
        movement: InventoryMovement,
        scene: &mut Scene<'_>,
    ) -> Result<InventoryMovement, Problem> {
        if let Some((order, line)) = movement.order_number.as_ref().zip(movement.line_id.as_ref())
            && self.bookings_of(order).next().is_some()
        {
            self.check_booked(order, std::iter::once(line))?;
        }
        self.move_stock_at(scene.now(), movement, scene)
    }

    /// Books a movement that was true from an instant on: a count tells how it was, not what happened since.
    fn move_stock_at(
        &mut self,
        since: Timestamp,
        movement: InventoryMovement,
        scene: &mut Scene<'_>,
    ) -> Result<InventoryMovement, Problem> {
        check_direction(&movement)?;
        self.master.check_known([&movement.sku].into_iter(), |_| "/sku".to_owned())?;
        self.master.check_place(&movement.node_id, "/node_id")?;
        let after = self.stock.after(&movement)?;
        let shelf = self.stock.shelf_mut(&movement.sku, &movement.node_id);
        shelf.units.insert(movement.condition, after);
        shelf.book(since, movement.condition, movement.quantity);
        if movement.reason == MovementReason::CustomerReturn {
            *shelf.returned.entry(movement.condition).or_insert(0) += movement.quantity;
        }
        scene.commit(Effect::StockMoved { movement: movement.clone() });
        if movement.reason == MovementReason::GoodsIssue && movement.condition == StockCondition::Sellable {
            self.consume(&movement, scene);
        }
        self.tell_stock(scene, [&movement.sku]);
        Ok(movement)
    }
}
