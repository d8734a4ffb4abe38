//! Disputes: while the issuer of a card asks for proof, nothing is given back that the customer may get from it; what
//! the customer got from it is given back by nobody else.

use counterproof_contracts::model::{CaptureId, Dispute, DisputeStatus, System};

use super::{desk::Desk, state::OrderProcess};

/// The payment provider told that a dispute was opened or ended. What was told first may come last.
pub(super) fn told(process: &mut OrderProcess, told: Dispute, desk: &mut Desk<'_>) -> Result<(), String> {
    if !process.order.tenders.iter().any(|tender| tender.tender_id == told.tender_id) {
        return Err(format!("tender {} is not the order's", told.tender_id));
    }
    let (id, capture, status) = (told.dispute_id.clone(), told.capture_id.clone(), told.status);
    let before = process.disputes.get(&id).map(|known| known.status);
    if before.is_some_and(|before| before >= status) {
        return Ok(());
    }
    let amount = told.amount;
    process.disputes.insert(id.clone(), told);
    match status {
        DisputeStatus::Open => {
            let reason = format!("the customer disputes {amount} of {capture}");
            desk.alert(process, System::Psp, format!("dispute {id}"), reason);
        }
        DisputeStatus::Won => desk.note(process, format!("dispute {id} is won")),
        DisputeStatus::Lost => desk.note(process, format!("dispute {id} is lost: {amount} went back")),
    }
    Ok(())
}

/// Whether a dispute is open, of one capture or of any.
pub(super) fn is_open(process: &OrderProcess, capture: Option<&CaptureId>) -> bool {
    of(process, capture, DisputeStatus::Open).next().is_some()
}

/// What issuers took back, of one capture or of all, minor units.
pub(super) fn lost(process: &OrderProcess, capture: Option<&CaptureId>) -> i64 {
    of(process, capture, DisputeStatus::Lost).map(|dispute| dispute.amount.amount).sum()
}

fn of<'p>(
    process: &'p OrderProcess,
    capture: Option<&'p CaptureId>,
    status: DisputeStatus,
) -> impl Iterator<Item = &'p Dispute> {
    let disputes = process.disputes.values().filter(move |dispute| dispute.status == status);
    disputes.filter(move |dispute| capture.is_none_or(|capture| dispute.capture_id == *capture))
}
