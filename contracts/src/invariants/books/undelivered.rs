//! Goods that come back out of turn: in parcels that never reached the customer, lost ones, and what was called back.

use super::{OrderBook, ReceiptBook, Span, StockBook};
use crate::{
    journal::Effect,
    model::{CarrierScan, LineId, ReceiptId, ScanCode, ShipmentId},
    policy::Policy,
};

impl OrderBook {
    /// A parcel is where its furthest scan saw it. What was delivered, or came back, is not lost any more.
    pub(super) fn scan(&mut self, seq: u64, scan: &CarrierScan) {
        let came_back =
            |id: &ShipmentId| self.receipts.values().any(|receipt| receipt.shipment.as_ref() == Some(id));
        for (shipment_id, shipment) in &mut self.shipments {
            if shipment.tracking.as_ref() != Some(&scan.tracking_number) {
                continue;
            }
            let known = shipment.scanned.map(|(code, _)| code);
            let lost = scan.code == ScanCode::Lost;
            if lost && (known == Some(ScanCode::Delivered) || came_back(shipment_id)) {
                continue;
            }
            shipment.lost |= lost;
            if known.is_none_or(|known| known < scan.code) {
                shipment.scanned = Some((scan.code, seq));
            }
        }
    }

    /// A dock has a parcel that came back undelivered.
    pub(super) fn come_back(&mut self, seq: u64, shipment_id: Option<&ShipmentId>) {
        let Some(shipment) = shipment_id.and_then(|id| self.shipments.get_mut(id)) else { return };
        if shipment.scanned.is_none_or(|(code, _)| code < ScanCode::ReturnToSender) {
            shipment.scanned = Some((ScanCode::ReturnToSender, seq));
        }
    }

    /// Whether the goods of a receipt were in a parcel that had been lost before.
    pub(in crate::invariants) fn turned_up(&self, receipt: &ReceiptBook) -> bool {
        receipt.shipment.as_ref().and_then(|id| self.shipments.get(id)).is_some_and(|shipment| shipment.lost)
    }

    /// Whether a cause of money given back is a parcel that was lost.
    pub(in crate::invariants) fn is_lost(&self, cause: &str) -> bool {
        self.shipments.get(&ShipmentId::new(cause)).is_some_and(|shipment| shipment.lost)
    }

    /// Units of a line in lost parcels.
    pub(in crate::invariants) fn in_lost_parcels(&self, line: &LineId) -> i64 {
        let lost = self.shipments.values().filter(|shipment| shipment.lost);
        lost.map(|shipment| i64::from(shipment.lines.get(line).copied().unwrap_or(0))).sum()
    }

    /// Units of a line that are lost and did not turn up at a dock.
    pub(in crate::invariants) fn lost(&self, line: &LineId) -> Span {
        let found = self.receipts.values().filter(|receipt| self.turned_up(receipt));
        let found: Span = found.map(|receipt| receipt.accepted(line)).sum();
        let lost = self.in_lost_parcels(line);
        Span { low: (lost - found.high).max(0), high: (lost - found.low).max(0) }
    }

    /// Units of a line that the customer neither keeps nor pays: they came back, or were lost. Those of a lost parcel
    /// count once, whether or not it turned up.
    pub(in crate::invariants) fn not_kept(&self, line: &LineId) -> Span {
        let returned = self.receipts.values().filter(|receipt| !self.turned_up(receipt));
        let returned: Span = returned.map(|receipt| receipt.accepted(line)).sum();
        returned + Span::exactly(self.in_lost_parcels(line))
    }

    /// What the customer is to pay of an amount for shipping. The parcel that bears the charge is the first that the
    /// implementation knew of: where only some never arrived, either may be right.
    pub(in crate::invariants) fn kept_of_shipping(&self, amount: i64, policy: &Policy) -> Span {
        if self.shipments.is_empty() {
            return Span::default();
        }
        let arrived = |id: &ShipmentId, certainly: bool| {
            let back = self.receipts.values().filter(|receipt| receipt.shipment.as_ref() == Some(id));
            let mut back = back.filter(|receipt| !certainly || !receipt.grades.is_empty());
            !self.is_lost(id.as_str()) && back.next().is_none()
        };
        let count = |certainly: bool| self.shipments.keys().filter(|id| !arrived(id, certainly)).count();
        if !policy.undelivered.refund_shipping || count(false) == 0 {
            return Span::exactly(amount);
        }
        let all = count(true) == self.shipments.len();
        Span { low: 0, high: if all { 0 } else { amount } }
    }
}

impl OrderBook {
    /// Goods that had been called back when they came, or were graded, stay so.
    pub(super) fn know_recalled(&mut self, effect: &Effect, stock: &StockBook) {
        let receipt_id = match effect {
            Effect::GoodsReturned { receipt } => &receipt.receipt_id,
            Effect::GoodsInspected { inspection } => &inspection.receipt_id,
            _ => return,
        };
        if let Some(receipt) = self.receipts.get_mut(receipt_id) {
            let recalled = receipt.skus.iter().filter(|(_, sku)| stock.is_recalled(sku));
            let lines: Vec<LineId> = recalled.map(|(line, _)| line.clone()).collect();
            receipt.recalled.extend(lines);
        }
    }
}

impl ReceiptBook {
    /// Units of a line that came back: accepted for certain, and at most.
    pub(super) fn accepted(&self, line: &LineId) -> Span {
        let certain = self.graded().get(line).copied().filter(|_| self.is_owed()).unwrap_or(0);
        Span { low: i64::from(certain), high: i64::from(self.lines.get(line).copied().unwrap_or(0)) }
    }
}

/// The identifier that a lost parcel has where receipts are named.
pub(in crate::invariants) fn as_receipt(shipment_id: &ShipmentId) -> ReceiptId {
    ReceiptId::new(shipment_id.as_str())
}
