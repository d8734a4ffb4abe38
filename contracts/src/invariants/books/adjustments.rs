//! Prices that were lowered after the sale, without goods coming back.

use std::collections::BTreeMap;

use super::{OrderBook, ReceiptBook, Span};
use crate::model::{Concession, CorrelationId, LineId, PriceAdjustment, ReceiptId};

/// A line of a price adjustment, and how its units stood.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Lowered {
    pub(in crate::invariants) concession: Concession,
    /// When it was asked for: units that the channel showed as shipped, and units that were back as far as the
    /// implementation could know.
    pub(in crate::invariants) shown: i64,
    pub(in crate::invariants) back: Span,
    /// When it was agreed to: units that had left, and units that were back, likewise.
    pub(in crate::invariants) agreed: Option<(i64, Span)>,
}

/// A price adjustment.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct AdjustmentBook {
    pub(in crate::invariants) lines: BTreeMap<LineId, Lowered>,
    pub(in crate::invariants) shipping: Option<Concession>,
    /// The chain of messages that it began.
    pub(in crate::invariants) chain: Option<CorrelationId>,
    /// Line of the journal where it was asked for.
    pub(in crate::invariants) seq: u64,
    /// What the middleware said that it gives back, and where.
    pub(in crate::invariants) told: Option<(i64, u64)>,
}

impl AdjustmentBook {
    /// `stands`: units of a line that the channel shows as shipped, and that are back.
    pub(super) fn new(
        (seq, chain): (u64, Option<CorrelationId>),
        asked: &PriceAdjustment,
        stands: impl Fn(&LineId) -> (i64, Span),
    ) -> Self {
        let lines = asked.lines.iter().map(|line| {
            let (shown, back) = stands(&line.line_id);
            let lowered = Lowered { concession: line.concession, shown, back, agreed: None };
            (line.line_id.clone(), lowered)
        });
        Self { lines: lines.collect(), shipping: asked.shipping, chain, seq, told: None }
    }

    /// It was agreed to. The first answer counts.
    pub(super) fn agree(&mut self, seq: u64, amount: i64, stands: impl Fn(&LineId) -> (i64, Span)) {
        if self.told.is_some() {
            return;
        }
        self.told = Some((amount, seq));
        for (line_id, line) in &mut self.lines {
            line.agreed = Some(stands(line_id));
        }
    }
}

impl AdjustmentBook {
    /// A dock holds units for a clerk that came at `came`: the customer had them still, also before that was told.
    pub(super) fn never_back(&mut self, line: &LineId, units: i64, came: u64) {
        let Some(lowered) = self.lines.get_mut(line) else { return };
        if came < self.seq {
            lowered.back.high -= units;
        }
        if let Some((_, back)) = &mut lowered.agreed
            && self.told.is_some_and(|(_, agreed)| came < agreed)
        {
            back.high -= units;
        }
    }
}

impl OrderBook {
    /// Units of a line that the implementation may know that the customer does not have: certainly those that the ERP
    /// booked, at most those that came or are lost. What a dock rejects it had, until that is told.
    pub(in crate::invariants) fn back(&self, line: &LineId) -> Span {
        let came = self.receipts.iter().filter(|(_, receipt)| !self.turned_up(receipt));
        let came: Span = came.map(|(id, receipt)| self.known_to_be_back(id, receipt, line)).sum();
        let kept = self.authorizations.values().filter(|known| known.keeps);
        let kept: u32 = kept.filter_map(|known| known.lines.get(line)).sum();
        let (kept, lost) = (i64::from(kept), self.in_lost_parcels(line));
        Span { low: came.low + kept - kept.min(lost), high: came.high + kept + lost }
    }

    fn known_to_be_back(&self, id: &ReceiptId, receipt: &ReceiptBook, line: &LineId) -> Span {
        let units = |of: &BTreeMap<LineId, u32>| of.get(line).copied().unwrap_or(0);
        let rejected = if receipt.rejection_booked { 0 } else { units(&receipt.rejected) };
        let booked = self.booked_receipts.get(id).map_or(0, units);
        let taken = units(&receipt.lines);
        Span { low: i64::from(booked.min(taken)), high: i64::from(taken + rejected) }
    }
}
