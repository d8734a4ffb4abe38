//! Goods that came back, receipt by receipt.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    model::{
        Acceptance, ConditionGrade, DispositionDecision, HeldGoods, InspectedLine, Inspection, LineId,
        NodeId, ReturnReason, ReturnReceipt, RmaId, ShipmentId, Sku, StockCondition, System,
    },
    policy::Policy,
};

/// Returned goods in the hands of a dock or a store.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct ReceiptBook {
    pub(in crate::invariants) system: System,
    pub(in crate::invariants) node: NodeId,
    pub(in crate::invariants) rma: Option<RmaId>,
    /// The parcel that came back undelivered, where they were in one.
    pub(in crate::invariants) shipment: Option<ShipmentId>,
    /// Whether the recipient of a gift returned them.
    pub(in crate::invariants) gift: bool,
    /// Units of each line that may be taken back: without those that are held or were rejected.
    pub(in crate::invariants) lines: BTreeMap<LineId, u32>,
    /// Units of each line that wait for a clerk.
    pub(in crate::invariants) held: BTreeMap<LineId, u32>,
    /// Units of each line that go to the customer again.
    pub(in crate::invariants) rejected: BTreeMap<LineId, u32>,
    /// The ERP has booked that they were rejected.
    pub(super) rejection_booked: bool,
    /// Units that belong to no line of the order, and of these those that wait for a clerk.
    pub(in crate::invariants) unexpected: u32,
    pub(in crate::invariants) unexpected_held: u32,
    pub(in crate::invariants) grades: BTreeMap<(LineId, ConditionGrade), u32>,
    pub(in crate::invariants) skus: BTreeMap<LineId, Sku>,
    /// Lines that had been called back when their goods came, or were graded.
    pub(super) recalled: BTreeSet<LineId>,
    /// Why the units of a line came back; the first reason, if there are several.
    reasons: BTreeMap<LineId, ReturnReason>,
    /// What the dock decided on units in quarantine, by line and condition; no condition: they left the books.
    pub(in crate::invariants) decided: BTreeMap<(LineId, Option<StockCondition>), u32>,
    /// Lines of the journal with the receipt and its grades.
    pub(in crate::invariants) seqs: Vec<u64>,
}

impl ReceiptBook {
    pub(super) fn new(seq: u64, system: System, receipt: &ReturnReceipt) -> Self {
        let mut book = Self {
            system,
            node: receipt.node_id.clone(),
            rma: receipt.rma_id.clone(),
            shipment: receipt.shipment_id.clone(),
            gift: receipt.gift_recipient_ref.is_some(),
            lines: BTreeMap::new(),
            held: BTreeMap::new(),
            rejected: BTreeMap::new(),
            rejection_booked: false,
            unexpected: receipt.unexpected.iter().map(|found| found.quantity).sum(),
            unexpected_held: 0,
            grades: BTreeMap::new(),
            skus: BTreeMap::new(),
            recalled: BTreeSet::new(),
            reasons: BTreeMap::new(),
            decided: BTreeMap::new(),
            seqs: vec![seq],
        };
        for line in &receipt.lines {
            *book.lines.entry(line.line_id.clone()).or_default() += line.quantity;
            book.skus.insert(line.line_id.clone(), line.sku.clone());
            book.reasons.entry(line.line_id.clone()).or_insert(line.reason);
        }
        book.grade(&receipt.grades);
        book
    }

    pub(super) fn inspect(&mut self, seq: u64, inspection: &Inspection) {
        self.grade(&inspection.lines);
        self.seqs.push(seq);
    }

    pub(super) fn decide(&mut self, seq: u64, decision: &DispositionDecision) {
        for line in &decision.lines {
            let key = (line.line_id.clone(), line.code.stock_condition());
            *self.decided.entry(key).or_default() += line.quantity;
        }
        self.seqs.push(seq);
    }

    /// A later inspection replaces an earlier one: a store tells its grades with the receipt and again.
    fn grade(&mut self, lines: &[InspectedLine]) {
        self.grades.clear();
        for (line_id, units) in std::mem::take(&mut self.rejected) {
            *self.lines.entry(line_id).or_default() += units;
        }
        for line in lines {
            if line.acceptance == Acceptance::Accepted {
                *self.grades.entry((line.line_id.clone(), line.grade)).or_default() += line.quantity;
            } else {
                *self.rejected.entry(line.line_id.clone()).or_default() += line.quantity;
                self.take_out(&line.line_id, line.quantity);
            }
        }
    }

    /// A dock holds goods of the receipt. Units of each line that are no longer taken back for it.
    pub(super) fn hold(&mut self, seq: u64, held: &HeldGoods) -> Vec<(LineId, u32)> {
        self.seqs.push(seq);
        let strange = held.lines.iter().filter(|found| found.line_id.is_none());
        self.unexpected_held += strange.map(|found| found.quantity).sum::<u32>();
        let of_lines = held.lines.iter().filter_map(|found| Some((found.line_id.clone()?, found.quantity)));
        let units: Vec<(LineId, u32)> = of_lines.collect();
        for (line_id, quantity) in &units {
            *self.held.entry(line_id.clone()).or_default() += quantity;
            self.take_out(line_id, *quantity);
            self.take_grades_back(line_id);
        }
        units
    }

    /// A dock may have graded what it is to hold before it heard that it is: those grades count for nothing.
    fn take_grades_back(&mut self, line_id: &LineId) {
        let kept = self.lines.get(line_id).copied().unwrap_or(0);
        let graded = self.graded().get(line_id).copied().unwrap_or(0);
        let mut excess = graded.saturating_sub(kept);
        for (_, quantity) in self.grades.iter_mut().rev().filter(|((line, _), _)| line == line_id) {
            let taken = excess.min(*quantity);
            *quantity -= taken;
            excess -= taken;
        }
    }

    fn take_out(&mut self, line_id: &LineId, quantity: u32) {
        if let Some(units) = self.lines.get_mut(line_id) {
            *units = units.saturating_sub(quantity);
        }
    }

    /// Whether the goods entitle to money: a store asked before it took them, a dock has an authorization, or
    /// they never reached the customer.
    pub(in crate::invariants) fn is_owed(&self) -> bool {
        self.system == System::Pos || self.rma.is_some() || self.shipment.is_some()
    }

    /// Units of each line that came, whatever became of them.
    pub(in crate::invariants) fn came(&self) -> BTreeMap<LineId, u32> {
        let mut units = self.lines.clone();
        for (line, quantity) in self.held.iter().chain(&self.rejected) {
            *units.entry(line.clone()).or_default() += *quantity;
        }
        units
    }

    /// Units of each line that were graded, and thereby accepted.
    pub(in crate::invariants) fn graded(&self) -> BTreeMap<&LineId, u32> {
        let mut units = BTreeMap::new();
        for ((line, _), quantity) in &self.grades {
            *units.entry(line).or_default() += *quantity;
        }
        units
    }

    /// Units of each line that must go into stock, by the condition that the policy gives them.
    pub(in crate::invariants) fn restocks(
        &self,
        policy: &Policy,
    ) -> BTreeMap<(&LineId, StockCondition), u32> {
        let mut units = BTreeMap::new();
        for ((line, grade), quantity) in &self.grades {
            let told = self.reasons.get(line).copied().unwrap_or(ReturnReason::ChangedMind);
            let reason = if self.recalled.contains(line) { ReturnReason::Recall } else { told };
            if let Some(condition) = policy.disposition(*grade, reason).stock_condition() {
                *units.entry((line, condition)).or_default() += *quantity;
            }
        }
        units
    }
}
