//! Reservations: claims on sellable stock as append-only ledgers, and the choice of nodes.
//!
//! A claim is never changed, only compensated: by releases (the customer does not get the goods) and by
//! consumption (they left). What is open is the sum.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    journal::Effect,
    model::{
        InventoryMovement, ItemQuantity, LineId, NodeId, OrderNumber, Reservation, ReservationId,
        ReservationRelease, ReservationRequest, ReservedLine, Sku, Timestamp,
    },
    protocol::{Problem, ProblemKind},
};

use super::{Erp, business, check_owner, illegal, not_found};
use crate::kernel::Scene;

/// A row of a claim: units claimed (positive), or released or consumed (negative).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    line_id: LineId,
    sku: Sku,
    node_id: NodeId,
    units: i64,
}

/// A reservation with its ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) order_number: OrderNumber,
    rows: Vec<Row>,
    /// When it lapses.
    pub(super) expires_at: Option<Timestamp>,
}

impl Claim {
    /// What is still claimed, in the order in which it was claimed.
    pub(super) fn open_lines(&self) -> Vec<ReservedLine> {
        let mut seen = BTreeSet::new();
        let first_rows = self.rows.iter().filter(|row| seen.insert((&row.line_id, &row.sku, &row.node_id)));
        first_rows
            .filter_map(|row| {
                let open = self.open(&row.line_id, &row.sku, &row.node_id);
                let quantity = u32::try_from(open).ok().filter(|quantity| *quantity > 0)?;
                Some(ReservedLine {
                    line_id: row.line_id.clone(),
                    sku: row.sku.clone(),
                    node_id: row.node_id.clone(),
                    quantity,
                })
            })
            .collect()
    }

    fn open(&self, line_id: &LineId, sku: &Sku, node_id: &NodeId) -> i64 {
        let rows = self.rows.iter();
        rows.filter(|row| row.line_id == *line_id && row.sku == *sku && row.node_id == *node_id)
            .map(|row| row.units)
            .sum()
    }

    /// Books that units are claimed.
    pub(super) fn add(&mut self, line: &ReservedLine) {
        self.rows.push(Row {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            node_id: line.node_id.clone(),
            units: i64::from(line.quantity),
        });
    }

    /// Books that units are no longer claimed.
    pub(super) fn give_up(&mut self, line: &ReservedLine) {
        self.rows.push(Row {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            node_id: line.node_id.clone(),
            units: -i64::from(line.quantity),
        });
    }
}

impl Erp {
    /// Claims all lines or none. What is not there yet is promised where that is wanted and permitted.
    pub(super) fn reserve(
        &mut self,
        request: &ReservationRequest,
        scene: &mut Scene<'_>,
    ) -> Result<Reservation, Problem> {
        check_lines(&request.lines)?;
        let skus = request.lines.iter().map(|line| &line.sku);
        self.master.check_known(skus, |index| format!("/lines/{index}/sku"))?;
        if let Some(node_id) = &request.node_id {
            self.master.check_place(node_id, "/node_id")?;
        }
        if let Some(line) = request.lines.iter().find(|line| self.recalled.contains(&line.sku)) {
            let detail = format!("{} is called back", line.sku);
            return Err(Problem::new(ProblemKind::InsufficientStock, detail));
        }
        let (lines, backordered) = self.place(request)?;
        let order_number = request.order_number.clone();
        let reservation_id = ReservationId::new(scene.id("rsv", order_number.as_str()));
        let expires_at = self.lapses_at(&order_number, &lines, scene.now());
        let mut claim = Claim { order_number: order_number.clone(), rows: Vec::new(), expires_at };
        for line in &lines {
            claim.add(line);
            self.stock.claim(&line.sku, &line.node_id, i64::from(line.quantity));
        }
        self.claims.insert(reservation_id.clone(), claim);
        self.claims_of.entry(order_number.clone()).or_default().push(reservation_id.clone());
        let reservation = Reservation { reservation_id, order_number, lines, backordered, expires_at };
        if !reservation.lines.is_empty() {
            scene.commit(Effect::StockReserved { reservation: reservation.clone() });
        }
        self.promise(&reservation, request.node_id.as_ref(), scene);
        self.tell_stock(scene, reservation.lines.iter().map(|line| &line.sku));
        Ok(reservation)
    }

    /// Chooses nodes: the first source that has everything, else each line from the first source that has
    /// all of it, else from as many sources as it takes. What nobody has is promised, or refused.
    fn place(&self, request: &ReservationRequest) -> Result<(Vec<ReservedLine>, Vec<ItemQuantity>), Problem> {
        let sources = self.sources_for(request);
        let whole = sources.iter().find_map(|node_id| {
            let mut plan = Plan::new(self);
            request.lines.iter().all(|line| plan.take_all(line, node_id)).then_some(plan)
        });
        if let Some(plan) = whole {
            return Ok((plan.taken, Vec::new()));
        }
        let mut plan = Plan::new(self);
        let mut promised: Vec<ItemQuantity> = Vec::new();
        for line in &request.lines {
            if sources.iter().any(|node_id| plan.take_all(line, node_id)) {
                continue;
            }
            let missing = plan.take_anywhere(line, &sources);
            if missing == 0 {
                continue;
            }
            let before: u32 =
                promised.iter().filter(|item| item.sku == line.sku).map(|item| item.quantity).sum();
            if !request.allow_backorder || !self.may_promise(&line.sku, before.saturating_add(missing)) {
                let found = line.quantity - missing;
                let detail = format!("{found} of {} units of {} are available", line.quantity, line.sku);
                return Err(Problem::new(ProblemKind::InsufficientStock, detail));
            }
            promised.push(ItemQuantity { quantity: missing, ..line.clone() });
        }
        Ok((plan.taken, promised))
    }

    /// Where a request may be met, the preferred first.
    fn sources_for(&self, request: &ReservationRequest) -> Vec<NodeId> {
        let wanted = request.node_id.as_ref().map_or(self.sources.as_slice(), std::slice::from_ref);
        wanted.iter().filter(|node_id| !request.exclude_nodes.contains(node_id)).cloned().collect()
    }

    pub(super) fn release(
        &mut self,
        reservation_id: &str,
        mut release: ReservationRelease,
        scene: &mut Scene<'_>,
    ) -> Result<Reservation, Problem> {
        let reservation_id = ReservationId::new(reservation_id);
        let claim = self
            .claims
            .get(&reservation_id)
            .ok_or_else(|| not_found("reservation", reservation_id.as_str()))?;
        check_owner("the reservation", &claim.order_number, &release.order_number)?;
        check_release(claim, &release)?;
        self.withdraw(&reservation_id, &mut release);
        let claim = self
            .claims
            .get_mut(&reservation_id)
            .ok_or_else(|| not_found("reservation", reservation_id.as_str()))?;
        for line in &release.lines {
            claim.give_up(line);
            self.stock.claim(&line.sku, &line.node_id, -i64::from(line.quantity));
        }
        let left = Reservation {
            order_number: release.order_number.clone(),
            lines: claim.open_lines(),
            backordered: self.backorders.of(&reservation_id),
            expires_at: claim.expires_at,
            reservation_id,
        };
        let skus: Vec<Sku> = release.lines.iter().map(|line| line.sku.clone()).collect();
        scene.commit(Effect::ReservationReleased { release });
        self.tell_stock(scene, &skus);
        Ok(left)
    }

    /// Uses up what an order claimed of goods that left, oldest reservation first. Goods that nobody claimed
    /// leave all the same: they are gone.
    pub(super) fn consume(&mut self, issue: &InventoryMovement, scene: &mut Scene<'_>) {
        let Some(order_number) = &issue.order_number else { return };
        let mut wanted = u32::try_from(issue.quantity.unsigned_abs()).unwrap_or(u32::MAX);
        let mut consumed: Vec<ReservedLine> = Vec::new();
        for reservation_id in self.claims_of.get(order_number).into_iter().flatten() {
            let Some(claim) = self.claims.get_mut(reservation_id) else { continue };
            for open in claim.open_lines().into_iter().filter(|open| is_issued(open, issue)) {
                let used = ReservedLine { quantity: open.quantity.min(wanted), ..open };
                if used.quantity == 0 {
                    continue;
                }
                wanted -= used.quantity;
                claim.give_up(&used);
                self.stock.claim(&used.sku, &used.node_id, -i64::from(used.quantity));
                consumed.push(used);
            }
        }
        if !consumed.is_empty() {
            let release = ReservationRelease {
                order_number: order_number.clone(),
                lines: consumed,
                backordered: Vec::new(),
                cause: issue.cause.clone(),
            };
            scene.commit(Effect::ReservationConsumed { release });
        }
    }
}

/// Whether an issue took these claimed units: same goods, same place, same line where the issue names one.
fn is_issued(open: &ReservedLine, issue: &InventoryMovement) -> bool {
    open.sku == issue.sku
        && open.node_id == issue.node_id
        && issue.line_id.as_ref().is_none_or(|line_id| *line_id == open.line_id)
}

fn check_lines(lines: &[ItemQuantity]) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for line in lines {
        if line.quantity == 0 || !seen.insert(&line.line_id) {
            return Err(business(format!("line {} stands twice, or for no units", line.line_id)));
        }
    }
    if lines.is_empty() { Err(business("no lines are asked for".to_owned())) } else { Ok(()) }
}

/// Never more than is open, also when a line stands several times in the release.
fn check_release(claim: &Claim, release: &ReservationRelease) -> Result<(), Problem> {
    let mut asked: BTreeMap<(&LineId, &Sku, &NodeId), i64> = BTreeMap::new();
    for line in &release.lines {
        *asked.entry((&line.line_id, &line.sku, &line.node_id)).or_insert(0) += i64::from(line.quantity);
    }
    for ((line_id, sku, node_id), units) in asked {
        let open = claim.open(line_id, sku, node_id);
        if units > open {
            let detail = format!("{open} units of line {line_id} are claimed at {node_id}, not {units}");
            return Err(illegal(detail));
        }
    }
    Ok(())
}

/// A choice of nodes that is being made; nothing is claimed yet.
struct Plan<'e> {
    erp: &'e Erp,
    taken: Vec<ReservedLine>,
}

impl<'e> Plan<'e> {
    const fn new(erp: &'e Erp) -> Self {
        Self { erp, taken: Vec::new() }
    }

    /// Units that are available at a node beside what the plan takes there.
    fn left(&self, sku: &Sku, node_id: &NodeId) -> u32 {
        let planned = self.taken.iter().filter(|line| line.sku == *sku && line.node_id == *node_id);
        let planned: i64 = planned.map(|line| i64::from(line.quantity)).sum();
        let left = self.erp.stock.available(sku, node_id) - planned;
        u32::try_from(left.max(0)).unwrap_or(u32::MAX)
    }

    fn take(&mut self, line: &ItemQuantity, node_id: &NodeId, quantity: u32) {
        self.taken.push(ReservedLine {
            line_id: line.line_id.clone(),
            sku: line.sku.clone(),
            node_id: node_id.clone(),
            quantity,
        });
    }

    fn take_all(&mut self, line: &ItemQuantity, node_id: &NodeId) -> bool {
        let enough = self.left(&line.sku, node_id) >= line.quantity;
        if enough {
            self.take(line, node_id, line.quantity);
        }
        enough
    }

    /// Takes from as many sources as it takes; says how many units nobody has.
    fn take_anywhere(&mut self, line: &ItemQuantity, sources: &[NodeId]) -> u32 {
        let mut missing = line.quantity;
        for node_id in sources {
            let units = self.left(&line.sku, node_id).min(missing);
            if units > 0 {
                self.take(line, node_id, units);
                missing -= units;
            }
        }
        missing
    }
}
