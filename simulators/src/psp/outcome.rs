//! What becomes of held and taken money without anybody asking: captures are decided, authorizations lapse,
//! customers dispute.

use counterproof_contracts::{
    journal::Effect,
    model::{
        AuthorizationStatus, CaptureStatus, CorrelationId, Dispute, DisputeId, DisputeStatus, Money,
        OrderNumber, TenderId,
    },
    protocol::EventData,
};

use super::{Psp, sum};
use crate::kernel::Scene;

/// A dispute with the chain of messages that it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Objection {
    dispute: Dispute,
    correlation: CorrelationId,
}

impl Psp {
    /// Decides pending captures of an order: taken, or nothing taken. Returns how many were decided.
    pub fn settle_capture(&mut self, scene: &mut Scene<'_>, order: &OrderNumber, success: bool) -> usize {
        let mut decided = 0;
        for taken in self.taken.values_mut() {
            let capture = &mut taken.capture;
            if capture.order_number != *order || capture.status != CaptureStatus::Pending {
                continue;
            }
            decided += 1;
            let hold = self.holds.get_mut(&capture.authorization_id);
            capture.status = if success { CaptureStatus::Succeeded } else { CaptureStatus::Failed };
            let told = capture.clone();
            if success {
                hold.into_iter().for_each(super::Hold::took);
                scene.commit(Effect::PaymentCaptured { capture: told.clone() });
                taken.chain.tell(EventData::PaymentCaptured(told), scene);
            } else {
                hold.into_iter().for_each(|hold| hold.captured -= told.amount.amount);
                scene.commit(Effect::CaptureFailed { capture: told.clone() });
                taken.chain.tell(EventData::PaymentCaptureFailed(told), scene);
            }
        }
        decided
    }

    /// Open authorizations of an order lapse now, whatever was promised. Returns how many did.
    pub fn lapse(&mut self, scene: &mut Scene<'_>, order: &OrderNumber) -> usize {
        self.lapse_where(scene, |hold| hold.authorization.order_number == *order)
    }

    /// Authorizations of a tender that lapsed by time are known to have.
    pub(super) fn lapse_overdue(&mut self, order: &OrderNumber, tender: &TenderId, scene: &mut Scene<'_>) {
        let now = scene.now();
        self.lapse_where(scene, |hold| {
            let held = &hold.authorization;
            held.order_number == *order && held.tender_id == *tender && now >= held.expires_at
        });
    }

    fn lapse_where(&mut self, scene: &mut Scene<'_>, wanted: impl Fn(&super::Hold) -> bool) -> usize {
        let mut lapsed = 0;
        for hold in self.holds.values_mut() {
            let open = matches!(
                hold.authorization.status,
                AuthorizationStatus::Authorized | AuthorizationStatus::PartiallyCaptured
            );
            if !open || !wanted(hold) {
                continue;
            }
            lapsed += 1;
            hold.authorization.status = AuthorizationStatus::Expired;
            let authorization = hold.authorization.clone();
            let given_up = Money { amount: hold.remaining(), ..authorization.amount };
            scene.commit(Effect::AuthorizationExpired { authorization: authorization.clone(), given_up });
            scene.raise(EventData::PaymentAuthorizationExpired(authorization));
        }
        lapsed
    }

    /// The customer disputes all that was taken for an order. Returns how many captures are disputed now.
    pub fn dispute(&mut self, scene: &mut Scene<'_>, order: &OrderNumber, reason: &str) -> usize {
        let disputed: Vec<Dispute> = self
            .taken
            .values()
            .map(|taken| &taken.capture)
            .filter(|capture| capture.order_number == *order && capture.status == CaptureStatus::Succeeded)
            .filter(|capture| {
                !self.disputes.iter().any(|known| known.dispute.capture_id == capture.capture_id)
            })
            .filter_map(|capture| {
                let hold = self.holds.get(&capture.authorization_id)?;
                Some(Dispute {
                    dispute_id: DisputeId::from(scene.id("dispute", order.as_str())),
                    order_number: order.clone(),
                    tender_id: hold.authorization.tender_id.clone(),
                    capture_id: capture.capture_id.clone(),
                    amount: capture.amount,
                    reason: reason.to_owned(),
                    status: DisputeStatus::Open,
                })
            })
            .collect();
        for dispute in &disputed {
            scene.commit(Effect::PaymentDisputed { dispute: dispute.clone() });
            scene.raise(EventData::PaymentDisputed(dispute.clone()));
            let correlation = scene.correlation().clone();
            self.disputes.push(Objection { dispute: dispute.clone(), correlation });
        }
        disputed.len()
    }

    /// Open disputes of an order end. Lost, the issuer takes the money back. Returns how many ended.
    pub fn close_dispute(&mut self, scene: &mut Scene<'_>, order: &OrderNumber, won: bool) -> usize {
        let mut closed = 0;
        for Objection { dispute, correlation } in &mut self.disputes {
            if dispute.order_number != *order || dispute.status != DisputeStatus::Open {
                continue;
            }
            closed += 1;
            dispute.status = if won { DisputeStatus::Won } else { DisputeStatus::Lost };
            scene.commit(Effect::DisputeClosed { dispute: dispute.clone() });
            scene.events.push(crate::kernel::RaisedEvent {
                data: EventData::PaymentDisputeClosed(dispute.clone()),
                correlation: correlation.clone(),
                causation: None,
                occurred_at: scene.now(),
            });
        }
        closed
    }

    /// What issuers took back of an order in disputes, minor units of its currency.
    pub fn charged_back(&self, order: &OrderNumber) -> i64 {
        let lost = self.disputes.iter().map(|known| &known.dispute);
        sum(lost
            .filter(|dispute| dispute.order_number == *order && dispute.status == DisputeStatus::Lost)
            .map(|dispute| dispute.amount))
    }
}
