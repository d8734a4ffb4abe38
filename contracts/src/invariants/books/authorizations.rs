//! Return authorizations as the ERP has them, and what it booked as received for each.

use std::collections::BTreeMap;

use super::{OrderBook, Span};
use crate::model::{LineId, ReceiptId, ReturnAuthorization, ReturnMethod, ReturnReceipt, RmaId, Timestamp};

/// A return authorization.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct AuthorizationBook {
    /// Units that may come, by line.
    pub(in crate::invariants) lines: BTreeMap<LineId, u32>,
    /// Whether the customer keeps the goods: nothing comes.
    pub(in crate::invariants) keeps: bool,
    /// After that it lapses.
    pub(in crate::invariants) expires_at: Timestamp,
    /// The receipt with which its goods came before a clerk knew where they belong.
    pub(in crate::invariants) held: Option<ReceiptId>,
    /// Where it was taken back.
    pub(in crate::invariants) canceled: Option<u64>,
    /// Units that the ERP booked as received for it, by line.
    pub(in crate::invariants) booked: BTreeMap<LineId, u32>,
    pub(in crate::invariants) seq: u64,
}

impl OrderBook {
    pub(super) fn authorize(&mut self, seq: u64, authorization: &ReturnAuthorization) {
        let mut lines: BTreeMap<LineId, u32> = BTreeMap::new();
        for line in &authorization.lines {
            *lines.entry(line.line_id.clone()).or_default() += line.quantity;
        }
        let book = AuthorizationBook {
            lines,
            keeps: authorization.method == ReturnMethod::KeepItem,
            expires_at: authorization.expires_at,
            held: authorization.held_receipt_id.clone(),
            canceled: None,
            booked: BTreeMap::new(),
            seq,
        };
        self.authorizations.entry(authorization.rma_id.clone()).or_insert(book);
    }

    /// Units of a line that the customer does not pay: they came back, were lost, or are paid back and kept. What was to
    /// be kept may have been lost on its way.
    pub(in crate::invariants) fn given_up(&self, line: &LineId) -> Span {
        let kept = self.authorizations.values().filter(|known| known.keeps);
        let kept: u32 = kept.filter_map(|known| known.lines.get(line)).sum();
        let (kept, not_kept) = (i64::from(kept), self.not_kept(line));
        let both = kept.min(self.in_lost_parcels(line));
        Span { low: not_kept.low + kept - both, high: not_kept.high + kept }
    }

    pub(super) fn cancel_return(&mut self, seq: u64, rma_id: &RmaId) {
        if let Some(book) = self.authorizations.get_mut(rma_id) {
            book.canceled.get_or_insert(seq);
        }
    }

    /// The ERP booked a receipt: it counts for its authorization.
    pub(super) fn book_receipt(&mut self, receipt: &ReturnReceipt) {
        let authorization = receipt.rma_id.as_ref().and_then(|rma| self.authorizations.get_mut(rma));
        if let Some(book) = authorization {
            for line in &receipt.lines {
                *book.booked.entry(line.line_id.clone()).or_default() += line.quantity;
            }
        }
        let came = self.booked_receipts.entry(receipt.receipt_id.clone()).or_default();
        for line in &receipt.lines {
            *came.entry(line.line_id.clone()).or_default() += line.quantity;
        }
    }
}
