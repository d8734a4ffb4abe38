//! The payment provider: holds, takes, gives up and gives back money of cards.
//!
//! It keeps what real providers keep: no capture beyond its authorization, no refund beyond its capture, one
//! currency throughout. It deliberately knows no intents but idempotency keys, which the kernel answers: a
//! second refund with another key is paid as long as the capture covers it, and so is one of a capture that the
//! customer disputes. Finding that is the laws' work.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{
        Authorization, AuthorizationId, AuthorizationRequest, AuthorizationStatus, Capture, CaptureId,
        CaptureRequest, CaptureStatus, CorrelationId, Money, OrderNumber, Recharge, Refund, RefundStatus,
        SettlementTerms, System, Timestamp, VoidRequest,
    },
    protocol::{EventData, FieldError, Problem, ProblemKind, psp as operations},
};
use jiff::SignedDuration;
use serde_json::Value;

use crate::kernel::{Call, Core, RaisedEvent, Scene, answer};

mod mood;
mod outcome;
mod recharge;
mod refund;
#[cfg(test)]
mod tests;

use mood::{Declined, Mood};
use outcome::Objection;

/// Tokens that begin with this are authorized.
pub const TOKEN_OK: &str = "tok_ok";
/// Tokens that begin with this are declined.
pub const TOKEN_DECLINED: &str = "tok_declined";
/// How long an authorization holds money, in days; what card schemes commonly grant.
pub const AUTHORIZATION_DAYS: i64 = 7;

/// Money that is held, and how much of it was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hold {
    authorization: Authorization,
    captured: i64,
    /// What the merchant is paid in, where it is another currency.
    settlement: Option<SettlementTerms>,
}

impl Hold {
    const fn remaining(&self) -> i64 {
        self.authorization.amount.amount - self.captured
    }

    /// Some of it was taken for certain.
    const fn took(&mut self) {
        self.authorization.status = if self.remaining() == 0 {
            AuthorizationStatus::Captured
        } else {
            AuthorizationStatus::PartiallyCaptured
        };
    }

    /// Whether money can still be taken.
    fn is_live(&self, now: Timestamp) -> bool {
        let status = self.authorization.status;
        matches!(status, AuthorizationStatus::Authorized | AuthorizationStatus::PartiallyCaptured)
            && now < self.authorization.expires_at
    }
}

/// Money that was taken, and how much of it was given back or is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Taken {
    capture: Capture,
    refunded: i64,
    chain: Chain,
}

/// A refund with the chain of messages that its outcome belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Payout {
    refund: Refund,
    /// What was charged again of it.
    recharged: i64,
    chain: Chain,
}

/// The chain of messages that an outcome belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chain {
    correlation: CorrelationId,
    causation: Option<String>,
}

impl Chain {
    fn of(call: &Call, scene: &Scene<'_>) -> Self {
        Self { correlation: scene.correlation().clone(), causation: call.key.clone() }
    }

    /// Tells what happened now in this chain.
    fn tell(&self, data: EventData, scene: &mut Scene<'_>) {
        scene.events.push(RaisedEvent {
            data,
            correlation: self.correlation.clone(),
            causation: self.causation.clone(),
            occurred_at: scene.now(),
        });
    }
}

/// The payment provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Psp {
    holds: BTreeMap<AuthorizationId, Hold>,
    taken: BTreeMap<CaptureId, Taken>,
    payouts: Vec<Payout>,
    recharges: Vec<Recharge>,
    disputes: Vec<Objection>,
    moods: BTreeMap<OrderNumber, Mood>,
}

impl Psp {
    /// A provider without books.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was taken for an order, minor units of its currency.
    pub fn captured(&self, order: &OrderNumber) -> i64 {
        let taken = self.captures(order).filter(|capture| capture.status == CaptureStatus::Succeeded);
        sum(taken.map(|capture| capture.amount))
    }

    /// What is held for an order and was not taken, minor units of its currency.
    pub fn held(&self, order: &OrderNumber) -> i64 {
        let open = self.holds.values().filter(|hold| hold.authorization.order_number == *order);
        open.filter(|hold| {
            matches!(
                hold.authorization.status,
                AuthorizationStatus::Authorized | AuthorizationStatus::PartiallyCaptured
            )
        })
        .map(Hold::remaining)
        .sum()
    }

    /// What the customer has back of an order, minor units of its currency. Pending refunds do not count.
    pub fn refunded(&self, order: &OrderNumber) -> i64 {
        let paid = self.refunds(order).filter(|refund| refund.status == RefundStatus::Succeeded);
        sum(paid.map(|refund| refund.amount))
    }

    /// Every capture of an order, by identifier.
    pub fn captures<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a Capture> {
        self.taken.values().map(|taken| &taken.capture).filter(move |capture| capture.order_number == *order)
    }

    /// Every refund of an order, oldest first.
    pub fn refunds<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a Refund> {
        self.payouts.iter().map(|payout| &payout.refund).filter(move |refund| refund.order_number == *order)
    }

    /// Every authorization of an order, by identifier.
    pub fn authorizations<'a>(&'a self, order: &'a OrderNumber) -> impl Iterator<Item = &'a Authorization> {
        self.holds.values().map(|hold| &hold.authorization).filter(move |held| held.order_number == *order)
    }

    fn authorize(
        &mut self,
        request: AuthorizationRequest,
        scene: &mut Scene<'_>,
    ) -> Result<Authorization, Problem> {
        positive(request.amount)?;
        let blocked = self.mood(&request.order_number).declined == Declined::Everything;
        if blocked || request.payment_token.starts_with(TOKEN_DECLINED) {
            return Err(Problem::new(ProblemKind::PaymentDeclined, "the card's issuer declined"));
        }
        if !request.payment_token.starts_with(TOKEN_OK) {
            return Err(Problem::new(ProblemKind::BusinessRule, "unknown payment token"));
        }
        self.lapse_overdue(&request.order_number, &request.tender_id, scene);
        let authorization = Authorization {
            authorization_id: AuthorizationId::from(scene.id("auth", request.order_number.as_str())),
            order_number: request.order_number,
            tender_id: request.tender_id,
            amount: request.amount,
            status: AuthorizationStatus::Authorized,
            expires_at: scene
                .now()
                .checked_add(SignedDuration::from_hours(24 * AUTHORIZATION_DAYS))
                .unwrap_or(Timestamp::MAX),
        };
        let hold = Hold { authorization: authorization.clone(), captured: 0, settlement: request.settlement };
        self.holds.insert(authorization.authorization_id.clone(), hold);
        scene.commit(Effect::PaymentAuthorized { authorization: authorization.clone() });
        Ok(authorization)
    }

    fn capture(
        &mut self,
        id: &str,
        request: CaptureRequest,
        call: &Call,
        scene: &mut Scene<'_>,
    ) -> Result<Capture, Problem> {
        let mood = self.mood(&request.order_number);
        let hold = self.hold(id, &request.order_number)?;
        positive(request.amount)?;
        same_currency(request.amount, hold.authorization.amount)?;
        live(hold, scene.now())?;
        covered(request.amount, hold.remaining(), hold.authorization.authorization_id.as_str())?;
        if mood.declined == Declined::Everything || request.attempt <= mood.captures_declined {
            return Err(Problem::new(ProblemKind::PaymentDeclined, "the card's issuer declined"));
        }
        let settled =
            |terms: SettlementTerms| terms.money(terms.convert_part(hold.captured, request.amount.amount));
        let settlement_amount = hold.settlement.map(settled);
        hold.captured += request.amount.amount;
        let capture = Capture {
            capture_id: CaptureId::from(scene.id("capture", request.order_number.as_str())),
            authorization_id: hold.authorization.authorization_id.clone(),
            order_number: request.order_number,
            shipment_id: request.shipment_id,
            amount: request.amount,
            attempt: request.attempt,
            status: if mood.captures_wait { CaptureStatus::Pending } else { CaptureStatus::Succeeded },
            settlement_amount,
        };
        if mood.captures_wait {
            scene.commit(Effect::CaptureAccepted { capture: capture.clone() });
        } else {
            hold.took();
            scene.commit(Effect::PaymentCaptured { capture: capture.clone() });
        }
        let taken = Taken { capture: capture.clone(), refunded: 0, chain: Chain::of(call, scene) };
        self.taken.insert(capture.capture_id.clone(), taken);
        Ok(capture)
    }

    fn void(
        &mut self,
        id: &str,
        request: &VoidRequest,
        scene: &mut Scene<'_>,
    ) -> Result<Authorization, Problem> {
        let hold = self.hold(id, &request.order_number)?;
        live(hold, scene.now())?;
        let given_up = Money { amount: hold.remaining(), ..hold.authorization.amount };
        hold.authorization.status = AuthorizationStatus::Voided;
        let authorization = hold.authorization.clone();
        scene.commit_for(
            &authorization.order_number,
            Effect::AuthorizationVoided {
                authorization_id: authorization.authorization_id.clone(),
                amount: given_up,
            },
        );
        Ok(authorization)
    }

    fn read_refund(&self, id: &str) -> Result<&Refund, Problem> {
        self.payouts
            .iter()
            .map(|payout| &payout.refund)
            .rfind(|refund| refund.refund_id.as_str() == id)
            .ok_or_else(|| Problem::new(ProblemKind::NotFound, format!("no refund {id}")))
    }

    fn hold(&mut self, id: &str, order: &OrderNumber) -> Result<&mut Hold, Problem> {
        let hold = self
            .holds
            .get_mut(&AuthorizationId::from(id))
            .ok_or_else(|| Problem::new(ProblemKind::NotFound, format!("no authorization {id}")))?;
        if hold.authorization.order_number == *order {
            Ok(hold)
        } else {
            let detail = format!("authorization {id} belongs to another order than {order}");
            Err(Problem::new(ProblemKind::BusinessRule, detail))
        }
    }
}

impl Core for Psp {
    fn system(&self) -> System {
        System::Psp
    }

    fn handle(&mut self, call: &Call, scene: &mut Scene<'_>) -> Result<Value, Problem> {
        let authorization_id = call.parameter("authorization_id");
        match call.operation {
            operations::AUTHORIZE_PAYMENT => answer(&self.authorize(call.document()?, scene)?),
            operations::CAPTURE_PAYMENT => {
                answer(&self.capture(authorization_id, call.document()?, call, scene)?)
            }
            operations::VOID_AUTHORIZATION => {
                answer(&self.void(authorization_id, &call.document()?, scene)?)
            }
            operations::REFUND_PAYMENT => answer(&self.refund(call.document()?, call, scene)?),
            operations::RECHARGE_PAYMENT => answer(&self.recharge(call.document()?, scene)?),
            operations::READ_REFUND => answer(self.read_refund(call.parameter("refund_id"))?),
            other => Err(Problem::new(ProblemKind::UnknownOperation, other.to_string())),
        }
    }
}

fn sum(amounts: impl Iterator<Item = Money>) -> i64 {
    amounts.fold(0, |total, money| total.saturating_add(money.amount))
}

fn positive(amount: Money) -> Result<(), Problem> {
    if amount.amount > 0 {
        return Ok(());
    }
    Err(at_amount(format!("amount {amount} is not positive")))
}

fn same_currency(asked: Money, booked: Money) -> Result<(), Problem> {
    if asked.currency == booked.currency {
        return Ok(());
    }
    Err(at_amount(format!("currency {} differs from {}", asked.currency, booked.currency)))
}

fn at_amount(detail: String) -> Problem {
    let errors = vec![FieldError { pointer: "/amount".to_owned(), detail: detail.clone() }];
    Problem { errors, ..Problem::new(ProblemKind::BusinessRule, detail) }
}

fn covered(asked: Money, left: i64, source: &str) -> Result<(), Problem> {
    if asked.amount <= left {
        return Ok(());
    }
    let left = Money { amount: left, ..asked };
    Err(Problem::new(ProblemKind::InsufficientFunds, format!("{source} has {left} left, {asked} was asked")))
}

fn live(hold: &Hold, now: Timestamp) -> Result<(), Problem> {
    if hold.is_live(now) {
        return Ok(());
    }
    let id = &hold.authorization.authorization_id;
    Err(Problem::new(ProblemKind::IllegalState, format!("authorization {id} is not live any more")))
}
