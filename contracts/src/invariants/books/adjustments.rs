//! Prices that were lowered after the sale, without goods coming back.

use std::collections::BTreeMap;

use super::Span;
use crate::model::{Concession, CorrelationId, LineId, PriceAdjustment};

/// A line of a price adjustment, and how its units stood.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Lowered {
    pub(in crate::invariants) concession: Concession,
    /// When it was asked for: units that the channel showed as shipped, and units that were back.
    pub(in crate::invariants) shown: i64,
    pub(in crate::invariants) back: Span,
    /// When it was agreed to: units that had left, and units that were back.
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
