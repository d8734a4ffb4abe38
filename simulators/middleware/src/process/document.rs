//! Invoices and credit memos after they were handed to the ERP: posted at once, or taken and posted later, or refused
//! because their period is closed. What was not posted is handed over again under the next attempt; what was taken and
//! is not decided yet is not.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{Date, ErpDocument, PostingKind, PostingResult, PostingStatus, SettledAmounts, System},
    protocol::ProblemKind,
};
use serde::{Deserialize, Serialize};

use super::{
    answer::{PartnerAnswer, Refusal},
    desk::Desk,
    state::OrderProcess,
    task::Intent,
};

/// How often a document is handed over before a person must look at it.
const ATTEMPTS_MAX: u32 = 5;

/// Where an invoice or credit memo stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentState {
    /// How many attempts were not posted.
    pub failures: u32,
    /// It is in the general ledger.
    pub posted: bool,
    /// The number under which the ERP took the present attempt, to post it later.
    pub parked: Option<ErpDocument>,
    /// What the ERP told of numbers: whether they were posted. Its word may come before its answer.
    pub told: BTreeMap<ErpDocument, bool>,
    /// The day to post it under, where the period of the day on which it happened is closed.
    pub posting_date: Option<Date>,
    /// The amounts in the settlement currency, as they were when it was handed over first.
    pub settlement: Option<SettledAmounts>,
}

impl DocumentState {
    /// Which attempt is the present one, from 1.
    pub const fn attempt(&self) -> u32 {
        self.failures.saturating_add(1)
    }

    /// Whether the present attempt is to be made: nothing is posted, and nothing that was taken is undecided.
    pub const fn is_due(&self) -> bool {
        !self.posted && self.parked.is_none() && self.failures < ATTEMPTS_MAX
    }
}

/// The document of a parcel, receipt or price adjustment.
fn document<'p>(
    process: &'p mut OrderProcess,
    kind: PostingKind,
    cause: &str,
) -> Option<&'p mut DocumentState> {
    match kind {
        PostingKind::Invoice => {
            let parcel = process.shipments.iter_mut().find(|(id, _)| id.as_str() == cause);
            parcel.and_then(|(_, parcel)| parcel.shipped.as_mut()).map(|departure| &mut departure.invoice)
        }
        PostingKind::CreditMemo => {
            let known =
                |receipt: &&mut super::state::ReceiptState| receipt.receipt.receipt_id.as_str() == cause;
            if let Some(receipt) = process.receipts.iter_mut().find(known) {
                return receipt.graded.as_mut().map(|graded| &mut graded.memo);
            }
            let grant = process.grants.iter_mut().find(|grant| grant.cause.as_str() == cause);
            grant.map(|grant| &mut grant.memo)
        }
        PostingKind::ExchangeSettlement | PostingKind::WriteOff => None,
    }
}

/// What an intent hands over, for what, and in which attempt.
fn about(intent: &Intent) -> Option<(PostingKind, &str, u32)> {
    match intent {
        Intent::Invoice { shipment, attempt } => Some((PostingKind::Invoice, shipment.as_str(), *attempt)),
        Intent::CreditMemo { receipt, attempt } => {
            Some((PostingKind::CreditMemo, receipt.as_str(), *attempt))
        }
        _ => None,
    }
}

/// The ERP posted a document, or took it to post it later.
pub(super) fn answered(
    process: &mut OrderProcess,
    intent: &Intent,
    answer: &PartnerAnswer,
    desk: &mut Desk<'_>,
) {
    let Some((kind, cause, attempt)) = about(intent) else { return };
    let Some(state) = document(process, kind, cause).filter(|state| state.attempt() == attempt) else {
        return;
    };
    match answer {
        PartnerAnswer::Taken(taken) if taken.posting == Some(PostingStatus::Pending) => {
            let outcome = state.told.get(&taken.erp_document).copied();
            state.parked = Some(taken.erp_document.clone());
            if let Some(posted) = outcome {
                decide(process, (kind, cause), posted, desk);
            }
        }
        _ => state.posted = true,
    }
}

/// The ERP told what became of a document that it had taken. What it says of an earlier attempt changes nothing.
pub(super) fn told(
    process: &mut OrderProcess,
    told: &PostingResult,
    posted: bool,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    let Some(state) = document(process, told.kind, &told.cause) else {
        return Err(format!("nothing is known of {:?} for {}", told.kind, told.cause));
    };
    state.told.insert(told.erp_document.clone(), posted);
    if state.parked.as_ref() == Some(&told.erp_document) {
        decide(process, (told.kind, &told.cause), posted, desk);
    }
    Ok(())
}

fn decide(process: &mut OrderProcess, (kind, cause): (PostingKind, &str), posted: bool, desk: &mut Desk<'_>) {
    let Some(state) = document(process, kind, cause) else { return };
    state.parked = None;
    if posted {
        state.posted = true;
    } else {
        state.failures += 1;
    }
    let given_up = !posted && state.failures >= ATTEMPTS_MAX;
    desk.note(process, format!("the document for {cause} was {}posted", if posted { "" } else { "not " }));
    if given_up {
        let reason = format!("the ERP did not post it {ATTEMPTS_MAX} times");
        desk.alert(process, System::Erp, format!("document for {cause}"), reason);
    }
}

/// A document was refused. Says whether the order can live with that: in a closed period it is posted under the first
/// day that is open, and keeps the day on which it happened.
pub(super) fn refused(process: &mut OrderProcess, intent: &Intent, refusal: &Refusal) -> bool {
    let Some((kind, cause, attempt)) = about(intent) else { return false };
    let Some(open_from) = refusal.open_from.filter(|_| refusal.kind == Some(ProblemKind::PeriodClosed))
    else {
        return false;
    };
    match document(process, kind, cause) {
        Some(state)
            if state.attempt() == attempt && state.posting_date.is_none_or(|tried| tried < open_from) =>
        {
            state.posting_date = Some(open_from);
            state.failures += 1;
            true
        }
        _ => false,
    }
}
