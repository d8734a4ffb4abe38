//! Refunds: taken on at once, decided then or later, and sometimes sent back by a bank after they had arrived.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{CaptureId, CaptureStatus, Money, OrderNumber, Refund, RefundId, RefundRequest, RefundStatus},
    protocol::{EventData, Problem, ProblemKind},
};

use super::{Chain, Payout, Psp, Taken, covered, positive, same_currency, sum};
use crate::kernel::{Call, Scene};

impl Psp {
    /// Decides pending refunds with this identifier: paid, or not payable. Returns how many were decided:
    /// more than one where the merchant asked twice for the same refund.
    pub fn settle_refund(&mut self, scene: &mut Scene<'_>, refund_id: &RefundId, success: bool) -> usize {
        let mut decided = 0;
        for payout in &mut self.payouts {
            if payout.refund.refund_id == *refund_id && payout.refund.status == RefundStatus::Pending {
                settle(payout, &mut self.taken, scene, success);
                decided += 1;
            }
        }
        decided
    }

    /// The customer's bank sends a refund back that had arrived. Returns whether there was one.
    pub fn return_refund(&mut self, scene: &mut Scene<'_>, refund_id: &RefundId) -> bool {
        let arrived = |payout: &&mut Payout| {
            payout.refund.refund_id == *refund_id && payout.refund.status == RefundStatus::Succeeded
        };
        let found = self.payouts.iter_mut().rfind(arrived);
        found.map(|payout| settle(payout, &mut self.taken, scene, false)).is_some()
    }

    pub(super) fn refund(
        &mut self,
        request: RefundRequest,
        call: &Call,
        scene: &mut Scene<'_>,
    ) -> Result<Refund, Problem> {
        let settlement_amount = self.settled_refund(&request);
        let taken = self.refundable(&request)?;
        taken.refunded += request.amount.amount;
        let refund = Refund {
            provider_reference: scene.id("payout", request.order_number.as_str()),
            refund_id: request.refund_id,
            order_number: request.order_number,
            tender_id: request.tender_id,
            capture_id: request.capture_id,
            amount: request.amount,
            status: RefundStatus::Pending,
            attempt: request.attempt,
            settlement_amount,
        };
        scene.commit(Effect::RefundAccepted { refund: refund.clone(), cause: request.cause });
        let mut payout = Payout { refund: refund.clone(), recharged: 0, chain: Chain::of(call, scene) };
        let mood = self.mood(&refund.order_number);
        if !mood.refunds_wait {
            settle(&mut payout, &mut self.taken, scene, refund.attempt > mood.refunds_failing);
        }
        self.payouts.push(payout);
        Ok(refund)
    }

    /// What a refund costs the merchant: what follows on earlier refunds of the same authorization.
    fn settled_refund(&self, request: &RefundRequest) -> Option<Money> {
        let authorization = &self.taken.get(&request.capture_id)?.capture.authorization_id;
        let terms = self.holds.get(authorization)?.settlement?;
        let same = self.taken.values().filter(|taken| taken.capture.authorization_id == *authorization);
        let before = same.map(|taken| taken.refunded).sum();
        Some(terms.money(terms.convert_part(before, request.amount.amount)))
    }

    /// What the merchant was paid for an order less what it paid back, in the currency that it is paid in.
    pub fn settled(&self, order: &OrderNumber) -> Option<Money> {
        let taken: Vec<Money> = self
            .captures(order)
            .filter(|capture| capture.status == CaptureStatus::Succeeded)
            .filter_map(|capture| capture.settlement_amount)
            .collect();
        let refunds = self.refunds(order).filter(|refund| refund.status != RefundStatus::Failed);
        let given = sum(refunds.filter_map(|refund| refund.settlement_amount));
        Some(Money { amount: sum(taken.iter().copied()) - given, ..*taken.first()? })
    }

    /// The capture that a refund may be paid from.
    fn refundable(&mut self, request: &RefundRequest) -> Result<&mut Taken, Problem> {
        positive(request.amount)?;
        let taken = self.taken.get_mut(&request.capture_id).ok_or_else(|| {
            Problem::new(ProblemKind::BusinessRule, format!("no capture {}", request.capture_id))
        })?;
        let tender =
            self.holds.get(&taken.capture.authorization_id).map(|hold| &hold.authorization.tender_id);
        if taken.capture.order_number != request.order_number || tender != Some(&request.tender_id) {
            let detail = format!("capture {} belongs to another order or tender", request.capture_id);
            return Err(Problem::new(ProblemKind::BusinessRule, detail));
        }
        if taken.capture.status != CaptureStatus::Succeeded {
            let detail = format!("capture {} took nothing yet", request.capture_id);
            return Err(Problem::new(ProblemKind::IllegalState, detail));
        }
        same_currency(request.amount, taken.capture.amount)?;
        covered(request.amount, taken.capture.amount.amount - taken.refunded, request.capture_id.as_str())?;
        Ok(taken)
    }
}

/// Decides a pending refund: books the outcome and tells it in the chain of messages that asked for it.
/// What was not paid can be refunded again.
fn settle(payout: &mut Payout, taken: &mut BTreeMap<CaptureId, Taken>, scene: &mut Scene<'_>, success: bool) {
    payout.refund.status = if success { RefundStatus::Succeeded } else { RefundStatus::Failed };
    let refund = payout.refund.clone();
    let data = if success {
        scene.commit(Effect::RefundSucceeded { refund: refund.clone() });
        EventData::RefundSucceeded(refund)
    } else {
        if let Some(taken) = taken.get_mut(&refund.capture_id) {
            taken.refunded -= refund.amount.amount;
        }
        scene.commit(Effect::RefundFailed { refund: refund.clone() });
        EventData::RefundFailed(refund)
    };
    payout.chain.tell(data, scene);
}
