//! Charges again of money that was given back before goods came: decided at once, each no more than its refund.

use counterproof_contracts::{
    journal::Effect,
    model::{OrderNumber, Recharge, RechargeRequest, RefundStatus},
    protocol::{Problem, ProblemKind},
};

use super::{Payout, Psp, covered, mood::Declined, positive, same_currency, sum};
use crate::kernel::Scene;

impl Psp {
    /// Charges a card again. The capture that the refund gave back may then be given back once more.
    pub(super) fn recharge(
        &mut self,
        request: RechargeRequest,
        scene: &mut Scene<'_>,
    ) -> Result<Recharge, Problem> {
        positive(request.amount)?;
        let mood = self.mood(&request.order_number);
        let refund_id = &request.refund_id;
        let asked = |payout: &&mut Payout| payout.refund.refund_id == *refund_id;
        let payout = self.payouts.iter_mut().rfind(asked);
        let payout = payout
            .ok_or_else(|| Problem::new(ProblemKind::BusinessRule, format!("no refund {refund_id}")))?;
        let refund = &payout.refund;
        if refund.order_number != request.order_number || refund.tender_id != request.tender_id {
            let detail = format!("refund {refund_id} belongs to another order or tender");
            return Err(Problem::new(ProblemKind::BusinessRule, detail));
        }
        if refund.status != RefundStatus::Succeeded {
            let detail = format!("refund {refund_id} has not reached the customer");
            return Err(Problem::new(ProblemKind::IllegalState, detail));
        }
        same_currency(request.amount, refund.amount)?;
        covered(request.amount, refund.amount.amount - payout.recharged, refund_id.as_str())?;
        if mood.declined >= Declined::Recharges {
            return Err(Problem::new(ProblemKind::PaymentDeclined, "the card's issuer declined"));
        }
        payout.recharged += request.amount.amount;
        if let Some(taken) = self.taken.get_mut(&refund.capture_id) {
            taken.refunded -= request.amount.amount;
        }
        let recharge = Recharge {
            provider_reference: scene.id("recharge", request.order_number.as_str()),
            capture_id: refund.capture_id.clone(),
            recharge_id: request.recharge_id,
            order_number: request.order_number,
            tender_id: request.tender_id,
            refund_id: request.refund_id,
            amount: request.amount,
            cause: request.cause,
        };
        scene.commit(Effect::PaymentRecharged { recharge: recharge.clone() });
        self.recharges.push(recharge.clone());
        Ok(recharge)
    }

    /// What was charged again of an order, minor units of its currency.
    pub fn recharged(&self, order: &OrderNumber) -> i64 {
        let of_order = self.recharges.iter().filter(|recharge| recharge.order_number == *order);
        sum(of_order.map(|recharge| recharge.amount))
    }
}
