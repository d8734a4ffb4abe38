//! What systems show of an order, and what they showed before.

use std::collections::BTreeMap;

use crate::model::{
    LineId, LineState, OrderStatus, RefundId, RefundStatus, RefundView, ReturnStatus, ReturnView, RmaId,
    Shipment, ShipmentId, ShipmentStatus, Timestamp,
};

/// One snapshot that a system showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::invariants) struct Shown {
    pub(in crate::invariants) sequence: u64,
    pub(in crate::invariants) status: OrderStatus,
    pub(in crate::invariants) lines: BTreeMap<LineId, LineState>,
    pub(in crate::invariants) shipments: BTreeMap<ShipmentId, ShipmentStatus>,
    pub(in crate::invariants) returns: BTreeMap<RmaId, ReturnStatus>,
    pub(in crate::invariants) refunds: BTreeMap<RefundId, RefundStatus>,
    pub(in crate::invariants) seq: u64,
}

impl Shown {
    pub(super) fn new(
        seq: u64,
        sequence: u64,
        status: OrderStatus,
        lines: &[LineState],
        shipments: &[Shipment],
    ) -> Self {
        Self {
            sequence,
            status,
            lines: lines.iter().map(|line| (line.line_id.clone(), line.clone())).collect(),
            shipments: shipments
                .iter()
                .map(|shipment| (shipment.shipment_id.clone(), shipment.status))
                .collect(),
            returns: BTreeMap::new(),
            refunds: BTreeMap::new(),
            seq,
        }
    }

    /// With returns and refunds, which only the middleware shows.
    pub(super) fn with_returns(mut self, returns: &[ReturnView], refunds: &[RefundView]) -> Self {
        self.returns = returns.iter().map(|view| (view.rma_id.clone(), view.status)).collect();
        self.refunds = refunds.iter().map(|view| (view.part.refund_id.clone(), view.status)).collect();
        self
    }
}

/// The last two snapshots of one system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::invariants) struct View {
    pub(in crate::invariants) current: Option<Shown>,
    pub(in crate::invariants) previous: Option<Shown>,
}

impl View {
    /// Takes a snapshot. One that is older than what is shown, in a ledger that keeps both, changes nothing.
    pub(super) fn show(&mut self, shown: Shown) {
        if self.current.as_ref().is_some_and(|current| shown.sequence < current.sequence) {
            return;
        }
        self.previous = self.current.replace(shown);
    }

    /// From what to what a line of the journal moved the view; none if it moved nothing.
    pub(in crate::invariants) fn step_at(&self, seq: u64) -> Option<(&Shown, &Shown)> {
        let current = self.current.as_ref().filter(|current| current.seq == seq)?;
        Some((self.previous.as_ref()?, current))
    }
}

/// What the middleware said of an order when it was asked. An answer to an earlier question is no news.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::invariants) struct Answers {
    pub(in crate::invariants) view: View,
    pub(in crate::invariants) asked_at: Option<Timestamp>,
}

impl Answers {
    pub(super) fn take(&mut self, asked_at: Timestamp, shown: Shown) {
        if self.asked_at.is_none_or(|before| before <= asked_at) {
            self.asked_at = Some(asked_at);
            self.view.show(shown);
        }
    }
}
