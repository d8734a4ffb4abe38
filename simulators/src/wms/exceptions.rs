//! The dock's cupboard for what went wrong: goods that wait for a clerk, parcels of nobody, returns that will not
//! come, goods that go to the customer again.
//!
//! The dock holds and sends as it is told. Which goods these are, and why, the middleware decides.

use counterproof_contracts::{
    journal::Effect,
    model::{
        BlindReceipt, FoundItem, HeldGoods, HoldReason, NodeId, OrderNumber, ReceiptId, ReturnAuthorization,
        ReturnCancellation, ReturnLine, ReturnReceipt, ReturnRejection, RmaId, SerializedUnit, Sku,
    },
    protocol::{EventData, Problem},
};

use super::{ActionError, Arrived, Wms, business, check_owner, illegal, not_found, tell};
use crate::kernel::Scene;

impl Wms {
    /// A parcel arrives of which nobody knows the order. It is known by the number of its case from then on.
    pub fn receive_blind(
        &mut self,
        scene: &mut Scene<'_>,
        case_number: &OrderNumber,
        node_id: &NodeId,
        items: &[(Sku, u32)],
    ) -> Result<ReceiptId, ActionError> {
        self.takes_returns(node_id)?;
        let items: Vec<FoundItem> = items
            .iter()
            .map(|(sku, quantity)| FoundItem { line_id: None, sku: sku.clone(), quantity: *quantity })
            .collect();
        let receipt = BlindReceipt {
            receipt_id: scene.id("dock", case_number.as_str()).into(),
            case_number: case_number.clone(),
            node_id: node_id.clone(),
            received_at: scene.now(),
            items: items.clone(),
        };
        let receipt_id = receipt.receipt_id.clone();
        let held = HeldGoods {
            receipt_id: receipt_id.clone(),
            order_number: case_number.clone(),
            node_id: node_id.clone(),
            lines: items,
            reason: HoldReason::NoOrder,
        };
        scene.commit(Effect::GoodsHeld { held: held.clone() });
        let correlation = scene.correlation().clone();
        tell(scene, &correlation, None, EventData::ReturnReceivedBlind(receipt));
        self.held.insert(receipt_id.clone(), held);
        Ok(receipt_id)
    }

    /// Goods that wait for a clerk, by the receipt that they came with.
    pub fn held(&self, receipt_id: &ReceiptId) -> Option<&HeldGoods> {
        self.held.get(receipt_id)
    }

    /// Goods of an order that wait for a clerk.
    pub fn held_of<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a HeldGoods> {
        self.held.values().filter(move |held| held.order_number == *order)
    }

    /// Rejected goods of an order that went to the customer again.
    pub fn sent_back<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a ReturnRejection> {
        self.sent_back.values().filter(move |rejection| rejection.order_number == *order)
    }

    /// Whether the dock was told that an announced return will not come.
    pub fn is_notice_canceled(&self, rma_id: &RmaId) -> bool {
        self.canceled_notices.contains(rma_id)
    }

    pub(super) fn hold(
        &mut self,
        path: &str,
        goods: HeldGoods,
        scene: &mut Scene<'_>,
    ) -> Result<HeldGoods, Problem> {
        same_receipt(path, &goods.receipt_id)?;
        let receipt_id = goods.receipt_id.clone();
        let arrived = self.arrivals.get(&receipt_id).ok_or_else(|| not_found("receipt", path))?;
        check_owner("the receipt", &arrived.receipt.order_number, &goods.order_number)?;
        if let Some(known) = self.held.get(&receipt_id) {
            return if *known == goods {
                Ok(goods)
            } else {
                Err(illegal(format!("other goods of receipt {receipt_id} are held already")))
            };
        }
        check_came(&arrived.receipt, &goods)?;
        scene.commit(Effect::GoodsHeld { held: goods.clone() });
        self.held.insert(receipt_id, goods.clone());
        Ok(goods)
    }

    pub(super) fn cancel_notice(
        &mut self,
        path: &str,
        cancellation: ReturnCancellation,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnCancellation, Problem> {
        if path != cancellation.rma_id.as_str() {
            return Err(business(format!("path names return {path}, body names {}", cancellation.rma_id)));
        }
        let notice =
            self.notices.get(&cancellation.rma_id).ok_or_else(|| not_found("return notice", path))?;
        check_owner("the notice", &notice.authorization.order_number, &cancellation.order_number)?;
        if self.canceled_notices.insert(cancellation.rma_id.clone()) {
            scene.commit(Effect::ReturnNoticeCanceled { cancellation: cancellation.clone() });
        }
        Ok(cancellation)
    }

    pub(super) fn send_back(
        &mut self,
        path: &str,
        rejection: ReturnRejection,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnRejection, Problem> {
        same_receipt(path, &rejection.receipt_id)?;
        let arrived = self.arrivals.get(&rejection.receipt_id).ok_or_else(|| not_found("receipt", path))?;
        check_owner("the receipt", &arrived.receipt.order_number, &rejection.order_number)?;
        if let Some(known) = self.sent_back.get(&rejection.receipt_id) {
            return Ok(known.clone());
        }
        for line in &rejection.lines {
            let came = arrived.receipt.lines.iter().filter(|came| came.line_id == line.line_id);
            let came: u32 = came.map(|came| came.quantity).sum();
            if line.quantity > came {
                let detail = format!(
                    "{came} units of line {} came, not {}, to be sent back",
                    line.line_id, line.quantity
                );
                return Err(business(detail));
            }
        }
        scene.commit(Effect::GoodsSentBack { rejection: rejection.clone() });
        self.sent_back.insert(rejection.receipt_id.clone(), rejection.clone());
        Ok(rejection)
    }

    /// A clerk found where held goods belong: they are received for this authorization, as if they came now.
    pub(super) fn release_held(
        &mut self,
        held_id: &ReceiptId,
        authorization: &ReturnAuthorization,
        scene: &mut Scene<'_>,
    ) -> Result<(), Problem> {
        let held = self.held.get_mut(held_id).ok_or_else(|| not_found("held goods of", held_id.as_str()))?;
        if held.reason != HoldReason::NoOrder {
            check_owner("the held goods", &held.order_number, &authorization.order_number)?;
        }
        let taken = take_out(held, &authorization.lines)?;
        let (node_id, blind) = (held.node_id.clone(), held.reason == HoldReason::NoOrder);
        // Nobody scanned goods that came without papers.
        let mut serials = if blind {
            self.scanned(&authorization.order_number, None, &authorization.lines)
        } else {
            Vec::new()
        };
        if let Some(arrived) = self.arrivals.get_mut(held_id) {
            serials.extend(hand_over_serials(&mut arrived.receipt.serials, &taken));
            hand_over(&mut arrived.receipt.lines, &taken);
        }
        let receipt = ReturnReceipt {
            receipt_id: scene.id("dock", authorization.order_number.as_str()).into(),
            order_number: authorization.order_number.clone(),
            rma_id: Some(authorization.rma_id.clone()),
            node_id,
            received_at: scene.now(),
            resolution: None,
            gift_recipient_ref: None,
            lines: authorization.lines.clone(),
            grades: Vec::new(),
            unexpected: Vec::new(),
            shipment_id: None,
            exchange: None,
            serials,
            till_reference: None,
        };
        scene.commit(Effect::GoodsReturned { receipt: receipt.clone() });
        let correlation = scene.correlation().clone();
        tell(scene, &correlation, None, EventData::ReturnReceived(receipt.clone()));
        self.keep_arrival(Arrived {
            receipt,
            inspection: None,
            decided: std::collections::BTreeMap::new(),
            correlation,
        });
        Ok(())
    }

    /// The newest receipt of goods that were held under another one, until a clerk found out that they are the order's.
    pub fn assigned_from(&self, held_id: &ReceiptId, order: &OrderNumber) -> Option<&ReceiptId> {
        let own = |receipt: &&ReturnReceipt| {
            let notice = receipt.rma_id.as_ref().and_then(|rma_id| self.notices.get(rma_id));
            notice.is_some_and(|notice| notice.authorization.held_receipt_id.as_ref() == Some(held_id))
        };
        self.receipts(order).filter(own).last().map(|receipt| &receipt.receipt_id)
    }

    /// Lines of a receipt without what waits for a clerk: what there is to grade.
    pub fn to_grade(&self, receipt_id: &ReceiptId) -> Vec<ReturnLine> {
        let known = self.arrivals.get(receipt_id);
        let mut lines = known.map_or_else(Vec::new, |arrived| arrived.receipt.lines.clone());
        for found in self.held.get(receipt_id).into_iter().flat_map(|held| &held.lines) {
            let own = lines.iter_mut().find(|line| found.line_id.as_ref() == Some(&line.line_id));
            if let Some(line) = own {
                line.quantity = line.quantity.saturating_sub(found.quantity);
            }
        }
        lines.retain(|line| line.quantity > 0);
        lines
    }
}

fn same_receipt(path: &str, body: &ReceiptId) -> Result<(), Problem> {
    if path == body.as_str() {
        return Ok(());
    }
    Err(business(format!("path names receipt {path}, body names {body}")))
}

/// Only what came can be held.
fn check_came(receipt: &ReturnReceipt, goods: &HeldGoods) -> Result<(), Problem> {
    for found in &goods.lines {
        let of_line = receipt.lines.iter().filter(|line| found.line_id.as_ref() == Some(&line.line_id));
        let strange =
            receipt.unexpected.iter().filter(|item| found.line_id.is_none() && item.sku == found.sku);
        let came: u32 = of_line.map(|line| line.quantity).chain(strange.map(|item| item.quantity)).sum();
        if found.quantity > came {
            let detail = format!("{} of {} are to be held, {came} came", found.quantity, found.sku);
            return Err(business(detail));
        }
    }
    Ok(())
}

/// Takes goods out of what is held, and says which.
fn take_out(held: &mut HeldGoods, lines: &[ReturnLine]) -> Result<Vec<FoundItem>, Problem> {
    let mut left = held.lines.clone();
    let mut taken = Vec::new();
    for line in lines {
        let mut rest = line.quantity;
        for found in left.iter_mut().filter(|found| found.sku == line.sku) {
            let units = rest.min(found.quantity);
            found.quantity -= units;
            rest -= units;
            taken.push(FoundItem { quantity: units, ..found.clone() });
        }
        if rest > 0 {
            let detail = format!("{rest} more units of {} are wanted than are held", line.sku);
            return Err(business(detail));
        }
    }
    left.retain(|found| found.quantity > 0);
    held.lines = left;
    Ok(taken)
}

/// Serial numbers go with their units. Those that were scanned first were taken back with the receipt; the last wait.
fn hand_over_serials(serials: &mut Vec<SerializedUnit>, taken: &[FoundItem]) -> Vec<SerializedUnit> {
    let mut handed_over = Vec::new();
    for found in taken {
        for _ in 0..found.quantity {
            let last = serials.iter().rposition(|unit| found.line_id.as_ref() == Some(&unit.line_id));
            handed_over.extend(last.map(|at| serials.remove(at)));
        }
    }
    handed_over
}

/// What another receipt has now is graded there and not with the goods that it came with.
fn hand_over(lines: &mut Vec<ReturnLine>, taken: &[FoundItem]) {
    for found in taken {
        for line in lines.iter_mut().filter(|line| found.line_id.as_ref() == Some(&line.line_id)) {
            line.quantity = line.quantity.saturating_sub(found.quantity);
        }
    }
    lines.retain(|line| line.quantity > 0);
}
