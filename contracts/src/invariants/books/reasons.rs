//! Why goods come back: what customers said, and what systems were told of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    journal::{Committed, Effect},
    model::{LineId, ReturnLine, ReturnReason, System},
};

/// A reason that a system was told.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct ToldReason {
    pub(in crate::invariants) system: System,
    /// The authorization or receipt.
    pub(in crate::invariants) document: String,
    pub(in crate::invariants) line: LineId,
    pub(in crate::invariants) reason: ReturnReason,
    pub(in crate::invariants) seq: u64,
}

/// Reasons of returns of an order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct ReasonBook {
    /// What customers said to a channel, a store or a dock, by line, and where.
    pub(in crate::invariants) given: BTreeMap<LineId, BTreeSet<(ReturnReason, u64)>>,
    pub(in crate::invariants) told: Vec<ToldReason>,
    announced: bool,
}

impl ReasonBook {
    pub(super) fn apply(&mut self, seq: u64, committed: &Committed) {
        match &committed.effect {
            Effect::ReturnRequested { request } => {
                self.announced = true;
                self.give(seq, &request.lines);
            }
            Effect::GoodsReturned { receipt } => self.give(seq, &receipt.lines),
            Effect::ReturnAuthorized { authorization } | Effect::ReturnNoticed { authorization } => {
                let document = format!("authorization {}", authorization.rma_id);
                self.tell(seq, committed.system, &document, &authorization.lines);
            }
            Effect::ReturnReceiptBooked { receipt } => {
                self.tell(seq, committed.system, &format!("receipt {}", receipt.receipt_id), &receipt.lines);
            }
            _ => {}
        }
    }

    /// Whether anybody asked for a return.
    pub(in crate::invariants) const fn is_announced(&self) -> bool {
        self.announced
    }

    fn give(&mut self, seq: u64, lines: &[ReturnLine]) {
        for line in lines {
            self.given.entry(line.line_id.clone()).or_default().insert((line.reason, seq));
        }
    }

    fn tell(&mut self, seq: u64, system: System, document: &str, lines: &[ReturnLine]) {
        self.told.extend(lines.iter().map(|line| ToldReason {
            system,
            document: document.to_owned(),
            line: line.line_id.clone(),
            reason: line.reason,
            seq,
        }));
    }
}
