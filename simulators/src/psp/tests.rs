//! The payment provider: never more taken than held, never more given back than taken.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::test_stage::{Played, Stage};

type Answered = Played<Result<Value, Problem>>;

const ORDER: &str = "W-1";

fn euros(amount: i64) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

fn authorize(stage: &mut Stage<Psp>, amount: i64, token: &str) -> Answered {
    let body =
        json!({ "order_number": ORDER, "tender_id": "T-1", "amount": euros(amount), "payment_token": token });
    stage.call(operations::AUTHORIZE_PAYMENT, &[], body)
}

fn capture(stage: &mut Stage<Psp>, authorization: &str, amount: &Value) -> Answered {
    let body = json!({ "order_number": ORDER, "shipment_id": "SH-1", "amount": amount });
    stage.call(operations::CAPTURE_PAYMENT, &[("authorization_id", authorization)], body)
}

fn void(stage: &mut Stage<Psp>, authorization: &str) -> Answered {
    let body = json!({ "order_number": ORDER, "reason": "canceled" });
    stage.call(operations::VOID_AUTHORIZATION, &[("authorization_id", authorization)], body)
}

fn refund(stage: &mut Stage<Psp>, refund_id: &str, capture_id: &str, amount: i64) -> Answered {
    let body = json!({
        "refund_id": refund_id, "order_number": ORDER, "tender_id": "T-1", "capture_id": capture_id,
        "amount": euros(amount), "cause": "R-1",
    });
    stage.call(operations::REFUND_PAYMENT, &[], body)
}

/// A provider that took 60 of an authorized 100 euros.
fn paid() -> Stage<Psp> {
    let mut stage = Stage::new(Psp::new());
    authorize(&mut stage, 10_000, "tok_ok_visa").answer.unwrap();
    capture(&mut stage, "auth-W-1-1", &euros(6_000)).answer.unwrap();
    stage
}

#[test]
fn holds_and_takes_money() {
    let stage = paid();
    let order = OrderNumber::from(ORDER);
    assert_eq!(stage.core.captured(&order), 6_000);
    let held: Vec<_> = stage.core.authorizations(&order).collect();
    assert_eq!(held.len(), 1);
    assert_eq!(held[0].status, AuthorizationStatus::PartiallyCaptured);
    assert_eq!(held[0].expires_at, Timestamp::from_second(7 * 86_400).unwrap());
}

#[test]
fn declines_without_effect() {
    let mut stage = Stage::new(Psp::new());
    assert_eq!(authorize(&mut stage, 100, "tok_declined_limit").refusal(), "payment-declined");
    assert_eq!(authorize(&mut stage, 100, "4111111111111111").refusal(), "business-rule");
    assert_eq!(authorize(&mut stage, 0, "tok_ok").refusal(), "business-rule");
    assert_eq!(stage.core, Psp::new());
}

#[test]
fn takes_no_more_than_it_holds_and_only_while_it_does() {
    let mut stage = paid();
    assert_eq!(capture(&mut stage, "auth-W-1-1", &euros(4_001)).refusal(), "insufficient-funds");
    let dollars = json!({ "amount": 1, "currency": "USD" });
    assert_eq!(capture(&mut stage, "auth-W-1-1", &dollars).refusal(), "business-rule");
    assert_eq!(capture(&mut stage, "auth-W-1-9", &euros(1)).refusal(), "not-found");
    stage.now = Timestamp::from_second(AUTHORIZATION_DAYS * 86_400).unwrap();
    assert_eq!(capture(&mut stage, "auth-W-1-1", &euros(1)).refusal(), "illegal-state");
    assert_eq!(void(&mut stage, "auth-W-1-1").refusal(), "illegal-state");
}

#[test]
fn gives_the_rest_up_once() {
    let mut stage = paid();
    let voided = void(&mut stage, "auth-W-1-1");
    let rest = Money::new(4_000, "EUR".parse().unwrap());
    let expected = Effect::AuthorizationVoided { authorization_id: "auth-W-1-1".into(), amount: rest };
    assert_eq!(voided.booked(), [&expected]);
    assert_eq!(voided.effects[0].order, Some(OrderNumber::from(ORDER)));
    assert_eq!(void(&mut stage, "auth-W-1-1").refusal(), "illegal-state");
    assert_eq!(capture(&mut stage, "auth-W-1-1", &euros(1)).refusal(), "illegal-state");
    assert_eq!(
        refund(&mut stage, "RF-1", "capture-W-1-1", 6_000).refusal(),
        "",
        "captured money stays refundable"
    );
}

#[test]
fn answers_a_refund_as_pending_and_tells_the_outcome_in_its_chain() {
    let mut stage = paid();
    let asked = refund(&mut stage, "RF-1", "capture-W-1-1", 2_500);
    assert_eq!(asked.answer.as_ref().unwrap()["status"], "pending");
    assert!(matches!(asked.booked()[..], [Effect::RefundAccepted { .. }, Effect::RefundSucceeded { .. }]));
    let [event] = &asked.events[..] else { panic!("one event") };
    assert!(
        matches!(&event.data, EventData::RefundSucceeded(refund) if refund.status == RefundStatus::Succeeded)
    );
    assert_eq!((event.correlation.as_str(), event.causation.as_deref()), ("chain", Some("key-3")));
    let read = stage.call(operations::READ_REFUND, &[("refund_id", "RF-1")], Value::Null);
    assert_eq!(read.answer.unwrap()["status"], "succeeded");
    assert_eq!(
        stage.call(operations::READ_REFUND, &[("refund_id", "RF-2")], Value::Null).refusal(),
        "not-found"
    );
}

#[test]
fn pays_the_same_refund_twice_under_another_key_but_never_more_than_it_took() {
    let mut stage = paid();
    assert_eq!(refund(&mut stage, "RF-1", "capture-W-1-1", 2_500).refusal(), "");
    assert_eq!(refund(&mut stage, "RF-1", "capture-W-1-1", 2_500).refusal(), "");
    assert_eq!(refund(&mut stage, "RF-1", "capture-W-1-1", 2_500).refusal(), "insufficient-funds");
    let references: BTreeSet<_> =
        stage.core.refunds(&ORDER.into()).map(|refund| refund.provider_reference.clone()).collect();
    assert_eq!(references.len(), 2);
    assert_eq!(stage.core.refunded(&ORDER.into()), 5_000);
}

#[test]
fn holds_refunds_back_until_they_are_settled() {
    let mut stage = paid();
    stage.core.hold_refunds(&ORDER.into());
    let asked = refund(&mut stage, "RF-1", "capture-W-1-1", 6_000);
    assert!(matches!(asked.booked()[..], [Effect::RefundAccepted { .. }]));
    assert_eq!(asked.events, []);
    assert_eq!(
        refund(&mut stage, "RF-2", "capture-W-1-1", 1).refusal(),
        "insufficient-funds",
        "pending counts"
    );

    let failed = stage.act(|psp, scene| psp.settle_refund(scene, &"RF-1".into(), false));
    assert_eq!(failed.answer, 1);
    assert!(matches!(failed.booked()[..], [Effect::RefundFailed { .. }]));
    assert_eq!(failed.events[0].correlation.as_str(), "chain", "the chain of the call, not of who settles");
    assert_eq!(stage.core.refunded(&ORDER.into()), 0);

    assert_eq!(
        refund(&mut stage, "RF-1", "capture-W-1-1", 6_000).refusal(),
        "",
        "what failed can be paid again"
    );
    assert_eq!(stage.act(|psp, scene| psp.settle_refund(scene, &"RF-1".into(), true)).answer, 1);
    assert_eq!(stage.core.refunded(&ORDER.into()), 6_000);
    assert_eq!(stage.act(|psp, scene| psp.settle_refund(scene, &"RF-1".into(), true)).answer, 0);
}

fn recharge(stage: &mut Stage<Psp>, refund_id: &str, amount: i64) -> Answered {
    let body = json!({
        "recharge_id": format!("RC-{refund_id}"), "order_number": ORDER, "tender_id": "T-1",
        "refund_id": refund_id, "amount": euros(amount), "cause": "RMA-1",
    });
    stage.call(operations::RECHARGE_PAYMENT, &[], body)
}

#[test]
fn charges_again_what_arrived_up_to_the_refund_and_may_then_give_it_back_once_more() {
    let mut stage = paid();
    stage.core.hold_refunds(&ORDER.into());
    assert_eq!(refund(&mut stage, "RF-1", "capture-W-1-1", 6_000).refusal(), "");
    assert_eq!(recharge(&mut stage, "RF-1", 6_000).refusal(), "illegal-state", "it did not arrive yet");
    stage.act(|psp, scene| psp.settle_refund(scene, &"RF-1".into(), true));
    assert_eq!(recharge(&mut stage, "RF-2", 1).refusal(), "business-rule");
    assert_eq!(recharge(&mut stage, "RF-1", 6_001).refusal(), "insufficient-funds");
    let charged = recharge(&mut stage, "RF-1", 4_000);
    assert!(matches!(charged.booked()[..], [Effect::PaymentRecharged { .. }]));
    assert_eq!(recharge(&mut stage, "RF-1", 2_001).refusal(), "insufficient-funds", "together no more");
    assert_eq!(stage.core.recharged(&ORDER.into()), 4_000);
    assert_eq!(refund(&mut stage, "RF-3", "capture-W-1-1", 4_001).refusal(), "insufficient-funds");
    assert_eq!(refund(&mut stage, "RF-3", "capture-W-1-1", 4_000).refusal(), "");
    // The bank sends the first refund back: what was taken twice, and given back once, may be given back again.
    stage.act(|psp, scene| psp.return_refund(scene, &"RF-1".into()));
    assert_eq!(refund(&mut stage, "RF-4", "capture-W-1-1", 6_001).refusal(), "insufficient-funds");
    assert_eq!(refund(&mut stage, "RF-4", "capture-W-1-1", 6_000).refusal(), "");
}

#[test]
fn declines_charges_again_without_effect() {
    let mut stage = paid();
    assert_eq!(refund(&mut stage, "RF-1", "capture-W-1-1", 6_000).refusal(), "");
    stage.core.decline_recharges(&ORDER.into());
    assert_eq!(recharge(&mut stage, "RF-1", 6_000).refusal(), "payment-declined");
    assert_eq!(stage.core.recharged(&ORDER.into()), 0);
}

#[test]
fn knows_whose_money_it_is() {
    let mut stage = paid();
    let body = json!({ "order_number": "W-2", "shipment_id": "SH-1", "amount": euros(1) });
    let other = stage.call(operations::CAPTURE_PAYMENT, &[("authorization_id", "auth-W-1-1")], body);
    assert_eq!(other.refusal(), "business-rule");
    let body = json!({
        "refund_id": "RF-1", "order_number": ORDER, "tender_id": "T-2", "capture_id": "capture-W-1-1",
        "amount": euros(1), "cause": "R-1",
    });
    assert_eq!(stage.call(operations::REFUND_PAYMENT, &[], body).refusal(), "business-rule");
    assert_eq!(refund(&mut stage, "RF-1", "capture-W-1-7", 1).refusal(), "business-rule");
}

#[derive(Debug, Clone)]
enum Step {
    Authorize(i64, bool),
    Capture(u8, i64),
    Void(u8),
    Refund(u8, u8, i64),
    Hold,
    Settle(u8, bool),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let amount = prop_oneof![4 => 1..500_i64, 1 => -5..1_i64, 1 => Just(9_007_199_254_740_991)];
    prop_oneof![
        (amount.clone(), any::<bool>()).prop_map(|(amount, ok)| Step::Authorize(amount, ok)),
        (1..4_u8, amount.clone()).prop_map(|(authorization, amount)| Step::Capture(authorization, amount)),
        (1..4_u8).prop_map(Step::Void),
        (1..3_u8, 1..5_u8, amount)
            .prop_map(|(refund, capture, amount)| Step::Refund(refund, capture, amount)),
        Just(Step::Hold),
        (1..3_u8, any::<bool>()).prop_map(|(refund, success)| Step::Settle(refund, success)),
        (0..40_i64).prop_map(Step::Wait),
    ]
}

fn play(stage: &mut Stage<Psp>, step: &Step) -> Option<Answered> {
    Some(match *step {
        Step::Authorize(amount, ok) => authorize(stage, amount, if ok { "tok_ok" } else { "tok_declined" }),
        Step::Capture(number, amount) => capture(stage, &format!("auth-W-1-{number}"), &euros(amount)),
        Step::Void(number) => void(stage, &format!("auth-W-1-{number}")),
        Step::Refund(id, number, amount) => {
            refund(stage, &format!("RF-{id}"), &format!("capture-W-1-{number}"), amount)
        }
        Step::Hold => {
            stage.core.hold_refunds(&ORDER.into());
            return None;
        }
        Step::Settle(id, success) => {
            stage.act(|psp, scene| psp.settle_refund(scene, &format!("RF-{id}").into(), success));
            return None;
        }
        Step::Wait(hours) => {
            stage.now = stage.now.checked_add(SignedDuration::from_hours(hours)).unwrap();
            return None;
        }
    })
}

proptest! {
    #[test]
    fn money_is_never_taken_or_given_beyond_its_source(steps in prop::collection::vec(step(), 0..60)) {
        let mut stage = Stage::new(Psp::new());
        for step in &steps {
            let before = stage.core.clone();
            let played = play(&mut stage, step);
            if played.is_some_and(|played| played.answer.is_err()) {
                prop_assert_eq!(&before, &stage.core, "a refusal changed the books: {:?}", step);
            }
            for hold in stage.core.holds.values() {
                let id = &hold.authorization.authorization_id;
                let taken = stage.core.taken.values().filter(|taken| taken.capture.authorization_id == *id);
                let captured: i128 = taken.map(|taken| i128::from(taken.capture.amount.amount)).sum();
                prop_assert!(captured <= i128::from(hold.authorization.amount.amount));
                prop_assert_eq!(captured, i128::from(hold.captured));
            }
            for (id, taken) in &stage.core.taken {
                let open = stage.core.payouts.iter().map(|payout| &payout.refund);
                let open = open.filter(|refund| refund.capture_id == *id && refund.status != RefundStatus::Failed);
                let refunded: i128 = open.map(|refund| i128::from(refund.amount.amount)).sum();
                prop_assert!(refunded <= i128::from(taken.capture.amount.amount));
                prop_assert_eq!(refunded, i128::from(taken.refunded));
            }
        }
    }
}
