//! Refunds that were given before goods came: which customers took that offer, until when goods are waited for, and what
//! the retailer wrote off.

use std::collections::BTreeMap;

use super::Tally;
use crate::{
    journal::{Committed, Effect, Record},
    model::{CorrelationId, ReceiptId, ReturnMethod, RmaId, Timestamp, WriteOff, WriteOffKind},
};

/// An authorization whose customer took the offer, and was promised money before the goods come.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Granted {
    /// When the customer asked.
    pub(in crate::invariants) asked_at: Timestamp,
    /// Until when goods are waited for.
    pub(in crate::invariants) return_by: Timestamp,
    /// Where the request and the authorization stand.
    pub(in crate::invariants) seqs: [u64; 2],
}

/// The book.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct AdvanceBook {
    /// Requests by mail that took the offer, by the chain that they began.
    offers: BTreeMap<CorrelationId, (Timestamp, u64)>,
    pub(in crate::invariants) granted: BTreeMap<RmaId, Granted>,
    /// Under which authorization the ERP booked a receipt.
    pub(in crate::invariants) receipts: BTreeMap<ReceiptId, RmaId>,
    /// What was written off, by return.
    written_off: BTreeMap<String, Tally>,
    /// What goods paid of it that came after all, by receipt.
    recovered: BTreeMap<String, Tally>,
}

impl AdvanceBook {
    pub(super) fn apply(&mut self, record: &Record, committed: &Committed) {
        let chain = committed.correlation.as_ref();
        match &committed.effect {
            Effect::ReturnRequested { request }
                if request.instant_refund && request.method == ReturnMethod::Mail =>
            {
                if let Some(chain) = chain {
                    self.offers.entry(chain.clone()).or_insert((record.at, record.seq));
                }
            }
            Effect::ReturnAuthorized { authorization } => {
                let offer = chain.and_then(|chain| self.offers.get(chain));
                if let (Some((asked_at, seq)), Some(advance)) = (offer, &authorization.advance_refund) {
                    let granted = Granted {
                        asked_at: *asked_at,
                        return_by: advance.return_by,
                        seqs: [*seq, record.seq],
                    };
                    self.granted.entry(authorization.rma_id.clone()).or_insert(granted);
                }
            }
            Effect::ReturnReceiptBooked { receipt } => {
                let known = receipt.rma_id.as_ref().map(|rma| (receipt.receipt_id.clone(), rma.clone()));
                self.receipts.extend(known);
            }
            Effect::WrittenOff { write_off } => self.write_off(record.seq, write_off),
            _ => {}
        }
    }

    fn write_off(&mut self, seq: u64, write_off: &WriteOff) {
        let by_cause = match write_off.kind {
            WriteOffKind::WrittenOff => &mut self.written_off,
            WriteOffKind::Recovered => &mut self.recovered,
        };
        by_cause.entry(write_off.cause.clone()).or_default().add(write_off.amount.amount, seq);
    }

    /// What was ever written off of a return, minor units.
    pub(in crate::invariants) fn written_off_of(&self, rma: &RmaId) -> i64 {
        self.written_off.get(rma.as_str()).map_or(0, Tally::total)
    }

    /// What goods of a receipt paid of what had been written off, minor units.
    pub(in crate::invariants) fn recovered_by(&self, receipt: &ReceiptId) -> i64 {
        self.recovered.get(receipt.as_str()).map_or(0, Tally::total)
    }

    /// What the retailer gave up for good, minor units.
    pub(in crate::invariants) fn lost(&self) -> i64 {
        let sum = |tallies: &BTreeMap<String, Tally>| tallies.values().map(Tally::total).sum::<i64>();
        sum(&self.written_off) - sum(&self.recovered)
    }
}
