//! The returns dock: notices, receipts, inspections.
//!
//! The dock writes down what comes. Whether it may come, and how much of it, the middleware decides.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{
        Acceptance, ConditionGrade, Disposition, DispositionCode, DispositionDecision, FoundItem,
        InspectedLine, Inspection, ItemQuantity, NodeId, OrderNumber, ReceiptId, ReturnAuthorization,
        ReturnLine, ReturnReason, ReturnReceipt, RmaId, SerializedUnit, ShipmentId,
    },
    protocol::{EventData, Problem},
};

use super::{ActionError, Arrived, ItemRef, Notice, Wms, illegal, tell};
use crate::kernel::Scene;

/// Units with their grade, and whether they are taken back.
pub type Verdict = (ItemRef, u32, ConditionGrade, Acceptance);

/// How the dock knows what a parcel with returned goods belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// A return label, or a slip in the parcel: the dock was told of it.
    Authorized(RmaId),
    /// A parcel of this warehouse that the carrier could not deliver: the label says which.
    Undelivered(ShipmentId),
    /// Nobody told the dock: sent back without asking.
    Unannounced {
        /// The order whose goods they are.
        order: OrderNumber,
        /// What the dock writes down as the reason.
        reason: ReturnReason,
    },
}

impl Wms {
    pub(super) fn notice(
        &mut self,
        authorization: ReturnAuthorization,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnAuthorization, Problem> {
        let rma_id = authorization.rma_id.clone();
        if self.notices.contains_key(&rma_id) {
            return Err(illegal(format!("the dock was told of {rma_id} already")));
        }
        if let Some(held_id) = &authorization.held_receipt_id {
            self.release_held(held_id, &authorization, scene)?;
        }
        scene.commit(Effect::ReturnNoticed { authorization: authorization.clone() });
        let notice =
            Notice { authorization: authorization.clone(), correlation: scene.correlation().clone() };
        self.notices.insert(rma_id, notice);
        Ok(authorization)
    }

    /// Returned goods arrive at a dock: `node_id`, or where the order's first parcel came from. No items: all
    /// that was announced, or for unannounced goods all that was shipped. The dock takes more than was
    /// announced, and goods that nobody announced.
    pub fn receive_return(
        &mut self,
        scene: &mut Scene<'_>,
        arrival: &Arrival,
        node_id: Option<&NodeId>,
        items: &[(ItemRef, u32)],
    ) -> Result<ReceiptId, ActionError> {
        let expected = self.expected(arrival)?;
        let node_id = self.dock_of(&expected.order, node_id)?;
        let (lines, unexpected) = expected.lines_of(items)?;
        let serials = self.scanned(&expected.order, expected.shipment_id.as_ref(), &lines);
        self.check_scanned(&lines, &serials)?;
        let receipt = ReturnReceipt {
            receipt_id: scene.id("dock", expected.order.as_str()).into(),
            order_number: expected.order.clone(),
            rma_id: expected.rma_id,
            node_id,
            received_at: scene.now(),
            resolution: None,
            gift_recipient_ref: None,
            lines,
            grades: Vec::new(),
            exchange: None,
            serials,
            unexpected,
            shipment_id: expected.shipment_id,
            till_reference: None,
        };
        let receipt_id = receipt.receipt_id.clone();
        let correlation = expected.correlation.unwrap_or_else(|| scene.correlation().clone());
        scene.commit(Effect::GoodsReturned { receipt: receipt.clone() });
        tell(scene, &correlation, None, EventData::ReturnReceived(receipt.clone()));
        let decided = BTreeMap::new();
        self.keep_arrival(Arrived { receipt, inspection: None, decided, correlation });
        Ok(receipt_id)
    }

    pub(super) fn keep_arrival(&mut self, arrived: Arrived) {
        let receipt = &arrived.receipt;
        self.arrivals_of.entry(receipt.order_number.clone()).or_default().push(receipt.receipt_id.clone());
        self.arrivals.insert(receipt.receipt_id.clone(), arrived);
    }

    /// Grades received goods. The grades cover all units of the receipt that do not wait for a clerk; a SKU or
    /// line may have several.
    pub fn inspect(
        &mut self,
        scene: &mut Scene<'_>,
        receipt_id: &ReceiptId,
        grades: &[(ItemRef, u32, ConditionGrade)],
    ) -> Result<(), ActionError> {
        let accepted = |(item, units, grade): &(ItemRef, u32, ConditionGrade)| {
            (item.clone(), *units, *grade, Acceptance::Accepted)
        };
        let verdicts: Vec<Verdict> = grades.iter().map(accepted).collect();
        self.judge(scene, receipt_id, &verdicts)
    }

    /// Grades received goods and decides whether they are taken back, otherwise as [`Self::inspect`].
    pub fn judge(
        &mut self,
        scene: &mut Scene<'_>,
        receipt_id: &ReceiptId,
        verdicts: &[Verdict],
    ) -> Result<(), ActionError> {
        let came = self.to_grade(receipt_id);
        let rejects = verdicts.iter().any(|(.., acceptance)| *acceptance == Acceptance::Rejected);
        let undelivered =
            self.arrivals.get(receipt_id).is_some_and(|known| known.receipt.shipment_id.is_some());
        if rejects && undelivered {
            let detail = "what came back undelivered is not rejected: the customer never had it".to_owned();
            return Err(ActionError::Impossible(detail));
        }
        let missing = || ActionError::Impossible(format!("no receipt {receipt_id}"));
        let arrived = self.arrivals.get_mut(receipt_id).ok_or_else(missing)?;
        if arrived.inspection.is_some() {
            return Err(ActionError::Impossible(format!("receipt {receipt_id} was inspected already")));
        }
        if came.is_empty() {
            return Err(ActionError::Impossible(format!("all goods of {receipt_id} wait for a clerk")));
        }
        let inspection = Inspection {
            receipt_id: receipt_id.clone(),
            order_number: arrived.receipt.order_number.clone(),
            node_id: arrived.receipt.node_id.clone(),
            lines: grade(&came, verdicts)?,
        };
        arrived.inspection = Some(inspection.clone());
        scene.commit(Effect::GoodsInspected { inspection: inspection.clone() });
        tell(scene, &arrived.correlation, None, EventData::ReturnInspected(inspection));
        Ok(())
    }

    /// Decides on goods in quarantine. The dock knows what came, and that no unit is decided on twice; whether it
    /// was in quarantine, the middleware knows.
    pub fn decide(
        &mut self,
        scene: &mut Scene<'_>,
        receipt_id: &ReceiptId,
        decided: &[(ItemRef, u32, DispositionCode)],
    ) -> Result<(), ActionError> {
        let missing = || ActionError::Impossible(format!("no receipt {receipt_id}"));
        let arrived = self.arrivals.get_mut(receipt_id).ok_or_else(missing)?;
        let mut lines: Vec<Disposition> = Vec::new();
        for (item, quantity, code) in decided {
            let line = arrived.receipt.lines.iter().find(|line| item.fits(&line.line_id, &line.sku));
            let line = line.ok_or_else(|| ActionError::Impossible(format!("{item} did not come")))?;
            let before = arrived.decided.entry(line.line_id.clone()).or_default();
            if *code == DispositionCode::Quarantine || before.saturating_add(*quantity) > line.quantity {
                let detail = format!("{quantity} units of {item} cannot be decided on like this");
                return Err(ActionError::Impossible(detail));
            }
            *before += quantity;
            lines.push(Disposition {
                line_id: line.line_id.clone(),
                sku: line.sku.clone(),
                quantity: *quantity,
                code: *code,
                target_node: arrived.receipt.node_id.clone(),
            });
        }
        let decision = DispositionDecision {
            decision_id: scene.id("decision", receipt_id.as_str()),
            receipt_id: receipt_id.clone(),
            order_number: arrived.receipt.order_number.clone(),
            lines,
        };
        scene.commit(Effect::GoodsDispositioned { decision: decision.clone() });
        tell(scene, &arrived.correlation, None, EventData::ReturnDispositioned(decision));
        Ok(())
    }

    fn expected(&self, arrival: &Arrival) -> Result<Expected, ActionError> {
        match arrival {
            Arrival::Authorized(rma_id) => {
                let untold = || ActionError::NotThereYet(format!("the dock was not told of {rma_id} yet"));
                let notice = self.notices.get(rma_id).ok_or_else(untold)?;
                Ok(Expected {
                    order: notice.authorization.order_number.clone(),
                    rma_id: Some(rma_id.clone()),
                    lines: notice.authorization.lines.clone(),
                    correlation: Some(notice.correlation.clone()),
                    shipment_id: None,
                })
            }
            Arrival::Undelivered(shipment_id) => self.undelivered(shipment_id),
            Arrival::Unannounced { order, reason } => {
                let lines = self.shipped_lines(order, *reason);
                if lines.is_empty() {
                    return Err(ActionError::NotThereYet(format!("nothing of order {order} has left yet")));
                }
                let (order, rma_id) = (order.clone(), None);
                Ok(Expected { order, rma_id, lines, correlation: None, shipment_id: None })
            }
        }
    }

    fn undelivered(&self, shipment_id: &ShipmentId) -> Result<Expected, ActionError> {
        let left = self.shipment(shipment_id).filter(|shipment| shipment.shipped_at.is_some());
        let shipment =
            left.ok_or_else(|| ActionError::NotThereYet(format!("shipment {shipment_id} has not left yet")))?;
        let lines = shipment.lines.iter().map(|item| ReturnLine {
            line_id: item.line_id.clone(),
            sku: item.sku.clone(),
            quantity: item.quantity,
            reason: ReturnReason::RefusedDelivery,
        });
        Ok(Expected {
            order: shipment.order_number.clone(),
            rma_id: None,
            lines: lines.collect(),
            correlation: None,
            shipment_id: Some(shipment_id.clone()),
        })
    }

    /// Serial numbers of goods that come back: those that left first and are not at a dock yet.
    /// `parcel`: the one that comes back undelivered.
    pub(super) fn scanned(
        &self,
        order: &OrderNumber,
        parcel: Option<&ShipmentId>,
        lines: &[ReturnLine],
    ) -> Vec<SerializedUnit> {
        let own = |id: &ShipmentId| parcel.is_none_or(|wanted| wanted == id);
        let left = self.shipments(order).filter(|shipment| shipment.shipped_at.is_some());
        let left = left.filter(|shipment| own(&shipment.shipment_id));
        let here: Vec<&SerializedUnit> = self.receipts(order).flat_map(|receipt| &receipt.serials).collect();
        let out: Vec<&SerializedUnit> =
            left.flat_map(|shipment| &shipment.serials).filter(|unit| !here.contains(unit)).collect();
        let of = |line: &ReturnLine| {
            let own = out.iter().filter(|unit| unit.line_id == line.line_id);
            own.take(line.quantity as usize).map(|unit| (*unit).clone()).collect::<Vec<_>>()
        };
        lines.iter().flat_map(of).collect()
    }

    /// Goods with serial numbers left before they come back.
    fn check_scanned(&self, lines: &[ReturnLine], scanned: &[SerializedUnit]) -> Result<(), ActionError> {
        for line in lines {
            let has_serials = self.world.product_of(&line.sku).is_some_and(|product| product.serialized);
            let out = scanned.iter().filter(|unit| unit.line_id == line.line_id).count();
            if has_serials && out < line.quantity as usize {
                let what = format!("{out} of {} units of line {} have left", line.quantity, line.line_id);
                return Err(ActionError::NotThereYet(what));
            }
        }
        Ok(())
    }

    /// What left of an order, by line in the order of leaving.
    fn shipped_lines(&self, order: &OrderNumber, reason: ReturnReason) -> Vec<ReturnLine> {
        let mut lines: Vec<ReturnLine> = Vec::new();
        let left = self.shipments(order).filter(|shipment| shipment.shipped_at.is_some());
        for ItemQuantity { line_id, sku, quantity } in left.flat_map(|shipment| &shipment.lines) {
            match lines.iter_mut().find(|line| line.line_id == *line_id) {
                Some(line) => line.quantity += quantity,
                None => lines.push(ReturnLine {
                    line_id: line_id.clone(),
                    sku: sku.clone(),
                    quantity: *quantity,
                    reason,
                }),
            }
        }
        lines
    }

    fn dock_of(&self, order: &OrderNumber, node_id: Option<&NodeId>) -> Result<NodeId, ActionError> {
        let sender = self.shipments(order).next().map(|shipment| &shipment.node_id);
        let nowhere =
            || ActionError::NotThereYet(format!("nothing of order {order} has left yet; name a dock"));
        let node_id = node_id.or(sender).ok_or_else(nowhere)?;
        self.takes_returns(node_id).map(|()| node_id.clone())
    }

    pub(super) fn takes_returns(&self, node_id: &NodeId) -> Result<(), ActionError> {
        if self.world.node(node_id).is_some_and(|node| node.location.accepts_returns) {
            return Ok(());
        }
        Err(ActionError::Impossible(format!("{node_id} does not take returned goods")))
    }
}

/// What the dock can relate returned goods to.
struct Expected {
    order: OrderNumber,
    rma_id: Option<RmaId>,
    lines: Vec<ReturnLine>,
    correlation: Option<counterproof_contracts::model::CorrelationId>,
    shipment_id: Option<ShipmentId>,
}

impl Expected {
    /// The receipt's lines: each item goes to the lines that expect it, what is too much to the first one. What
    /// fits none is listed by itself.
    fn lines_of(&self, items: &[(ItemRef, u32)]) -> Result<(Vec<ReturnLine>, Vec<FoundItem>), ActionError> {
        if items.is_empty() {
            return Ok((self.lines.clone(), Vec::new()));
        }
        let mut came: Vec<ReturnLine> = Vec::new();
        let mut unexpected: Vec<FoundItem> = Vec::new();
        for (item, quantity) in items {
            let fitting: Vec<&ReturnLine> =
                self.lines.iter().filter(|line| item.fits(&line.line_id, &line.sku)).collect();
            let Some(first) = fitting.first() else {
                let ItemRef::Sku(sku) = item else {
                    let detail = format!("{item} does not belong to what the dock expects");
                    return Err(ActionError::Impossible(detail));
                };
                unexpected.push(FoundItem { line_id: None, sku: sku.clone(), quantity: *quantity });
                continue;
            };
            let mut rest = *quantity;
            for line in &fitting {
                let room = line.quantity.saturating_sub(units_of(&came, line));
                put(&mut came, line, room.min(rest));
                rest -= room.min(rest);
            }
            put(&mut came, first, rest);
        }
        Ok((came, unexpected))
    }
}

fn units_of(came: &[ReturnLine], line: &ReturnLine) -> u32 {
    came.iter().filter(|known| known.line_id == line.line_id).map(|known| known.quantity).sum()
}

fn put(came: &mut Vec<ReturnLine>, line: &ReturnLine, quantity: u32) {
    if quantity == 0 {
        return;
    }
    match came.iter_mut().find(|known| known.line_id == line.line_id) {
        Some(known) => known.quantity = known.quantity.saturating_add(quantity),
        None => came.push(ReturnLine { quantity, ..line.clone() }),
    }
}

/// Distributes grades over the lines of a receipt.
fn grade(lines: &[ReturnLine], verdicts: &[Verdict]) -> Result<Vec<InspectedLine>, ActionError> {
    let mut ungraded = lines.to_vec();
    let mut inspected: Vec<InspectedLine> = Vec::new();
    for (item, quantity, grade, acceptance) in verdicts {
        let mut rest = *quantity;
        for line in ungraded.iter_mut().filter(|line| item.fits(&line.line_id, &line.sku)) {
            let units = line.quantity.min(rest);
            if units == 0 {
                continue;
            }
            line.quantity -= units;
            rest -= units;
            let (line_id, sku) = (line.line_id.clone(), line.sku.clone());
            let (grade, acceptance) = (*grade, *acceptance);
            inspected.push(InspectedLine { line_id, sku, quantity: units, grade, acceptance });
        }
        if rest > 0 {
            return Err(ActionError::Impossible(format!("{rest} more units of {item} are graded than came")));
        }
    }
    match ungraded.iter().find(|line| line.quantity > 0) {
        Some(line) => {
            let detail = format!("{} units of {} have no grade", line.quantity, line.sku);
            Err(ActionError::Impossible(detail))
        }
        None => Ok(inspected),
    }
}
