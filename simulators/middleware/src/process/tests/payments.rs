//! Money that cannot be taken at once: declined, decided later, held no more, or disputed.

use counterproof_contracts::model::DisputeStatus;

use super::*;

/// A parcel with unit B left; the payment provider takes its capture on.
fn pending() -> Stage {
    let mut stage = Stage::released(plain());
    stage.captures = "pending";
    stage.ship("S1", &[("B", 1)]);
    stage
}

fn captured(stage: &Stage, status: &str) -> Capture {
    let mut body = stage.calls("capturePayment").last().copied().unwrap().clone();
    body["capture_id"] = json!(format!("cap-S1-{}", body["attempt"].as_u64().unwrap_or(1)));
    body["authorization_id"] = json!("auth-T1");
    body["status"] = json!(status);
    serde_json::from_value(body).unwrap()
}

fn lapsed() -> Authorization {
    Authorization {
        authorization_id: "auth-T1".into(),
        order_number: "W-1".into(),
        tender_id: "T1".into(),
        amount: eur(1),
        status: AuthorizationStatus::Expired,
        expires_at: "2026-12-31T00:00:00Z".parse().unwrap(),
    }
}

fn share(stage: &Stage) -> crate::process::state::PaymentShare {
    stage.process().shares().next().unwrap().2.clone()
}

#[test]
fn a_pending_capture_is_taken_when_it_is_told() {
    let mut stage = pending();
    assert!(share(&stage).pending && share(&stage).is_open());
    let told = captured(&stage, "succeeded");
    stage.event(EventData::PaymentCaptured(told.clone()));
    stage.event(EventData::PaymentCaptureFailed(told));
    stage.run();
    assert_eq!(share(&stage).capture_id, Some("cap-S1-1".into()));
    assert_eq!(stage.calls("capturePayment").len(), 1);
}

#[test]
fn late_word_of_a_failed_attempt_changes_nothing() {
    let mut stage = pending();
    let first = captured(&stage, "failed");
    stage.event(EventData::PaymentCaptureFailed(first.clone()));
    stage.captures = "succeeded";
    stage.run();
    stage.event(EventData::PaymentCaptureFailed(first));
    stage.run();
    assert_eq!(stage.calls("capturePayment").len(), 2);
    assert!(!share(&stage).is_open());
    assert!(stage.letters.is_empty());
}

#[test]
fn an_outcome_that_is_told_before_the_answer_stays() {
    for (told, calls) in [("succeeded", 1), ("failed", 2)] {
        let mut stage = Stage::released(plain());
        stage.captures = "pending";
        stage.silent.push("capturePayment");
        stage.ship("S1", &[("B", 1)]);
        let body = stage.open.iter().find(|task| task.operation == "capturePayment").unwrap().clone();
        stage.done.push(body);
        let event = captured(&stage, told);
        stage.done.pop();
        stage.event(if told == "failed" {
            EventData::PaymentCaptureFailed(event)
        } else {
            EventData::PaymentCaptured(event)
        });
        stage.silent.clear();
        stage.captures = if told == "failed" { "succeeded" } else { "pending" };
        stage.run();
        assert_eq!(stage.calls("capturePayment").len(), calls, "{told}");
        assert!(!share(&stage).is_open(), "{told}");
    }
}

#[test]
fn declined_captures_lead_to_another_authorization_and_then_to_a_person() {
    let mut stage = Stage::released(plain());
    stage.refusing.insert("capturePayment", ProblemKind::PaymentDeclined);
    stage.ship("S1", &[("B", 1)]);
    assert_eq!(stage.amounts("authorizePayment"), [plain().total.amount, plain().total.amount]);
    assert_eq!(stage.calls("voidAuthorization").len(), 1);
    assert!(share(&stage).lost && !share(&stage).is_open());
    assert_eq!(share(&stage).attempt, 5, "two attempts at each of two authorizations");
    assert_eq!(stage.letters.len(), 1);
}

#[test]
fn what_is_held_no_more_is_authorized_again_as_far_as_it_is_needed() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("B", 1)]);
    stage.event(EventData::PaymentAuthorizationExpired(lapsed()));
    stage.event(EventData::PaymentAuthorizationExpired(lapsed()));
    stage.run();
    let total = plain().total.amount;
    assert_eq!(stage.amounts("authorizePayment"), [total, total - 2000 - 490]);
    stage.ship("S2", &[("A", 2)]);
    assert_eq!(stage.amounts("capturePayment"), [2490, total - 2490]);
    assert_eq!(stage.status(), OrderStatus::Shipped);
}

#[test]
fn word_of_a_lapse_may_come_before_the_authorization() {
    let mut stage = Stage::new();
    stage.silent.push("authorizePayment");
    stage.submit(plain()).unwrap();
    stage.run();
    stage.event(EventData::PaymentAuthorizationExpired(lapsed()));
    stage.silent.clear();
    stage.run();
    assert_eq!(stage.calls("authorizePayment").len(), 2);
    assert_eq!(stage.status(), OrderStatus::Accepted);
}

#[test]
fn a_card_that_declines_again_cancels_the_rest() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("B", 1)]);
    stage.refusing.insert("authorizePayment", ProblemKind::PaymentDeclined);
    stage.event(EventData::PaymentAuthorizationExpired(lapsed()));
    stage.run();
    assert_eq!(stage.status(), OrderStatus::Shipped);
    assert_eq!(stage.calls("cancelFulfillment")[0]["lines"][0]["quantity"], 2);
    assert_eq!(stage.calls("cancelSalesOrderLines").len(), 1);
    assert_eq!(stage.calls("voidAuthorization").len(), 0, "nothing is held");
}

fn dispute(status: DisputeStatus, amount: i64) -> Dispute {
    Dispute {
        dispute_id: "D1".into(),
        order_number: "W-1".into(),
        tender_id: "T1".into(),
        capture_id: "cap-S1".into(),
        amount: eur(amount),
        reason: "product not received".to_owned(),
        status,
    }
}

#[test]
fn a_dispute_holds_refunds_until_it_ends() {
    for (status, refunded) in [(DisputeStatus::Won, vec![2000]), (DisputeStatus::Lost, vec![])] {
        let mut stage = Stage::released(plain());
        stage.ship("S1", &[("B", 1)]);
        stage.event(EventData::PaymentDisputed(dispute(DisputeStatus::Open, 2490)));
        stage
            .store_return(receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]))
            .unwrap();
        assert_eq!(stage.calls("refundPayment").len(), 0);
        stage.event(EventData::PaymentDisputeClosed(dispute(status, 2490)));
        stage.event(EventData::PaymentDisputed(dispute(DisputeStatus::Open, 2490)));
        stage.run();
        assert_eq!(stage.amounts("refundPayment"), refunded, "{status:?}");
        let canceled = stage.process().refunds[0].status == RefundStatus::Canceled;
        assert_eq!(canceled, status == DisputeStatus::Lost);
    }
}

#[test]
fn what_a_lost_dispute_leaves_is_refunded() {
    let mut stage = Stage::released(plain());
    stage.ship("S1", &[("B", 1)]);
    stage.event(EventData::PaymentDisputeClosed(dispute(DisputeStatus::Lost, 990)));
    stage
        .store_return(receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]))
        .unwrap();
    assert_eq!(stage.amounts("refundPayment"), [1500]);
}

#[test]
fn a_refund_that_was_asked_for_is_held_back_once_the_issuer_has_paid() {
    let cases: [(i64, bool, &[i64]); 4] =
        [(0, false, &[2000]), (490, false, &[2000]), (990, true, &[1500]), (2490, true, &[])];
    for (lost, held, refunded) in cases {
        let mut stage = Stage::released(plain());
        stage.ship("S1", &[("B", 1)]);
        stage.silent.push("refundPayment");
        stage
            .store_return(receipt("R1", vec![returned("B", 1)], vec![graded("B", 1, ConditionGrade::A)]))
            .unwrap();
        let refund = stage.process().refunds[0].part.refund_id.clone();
        if lost > 0 {
            stage.event(EventData::PaymentDisputeClosed(dispute(DisputeStatus::Lost, lost)));
        }
        assert_eq!(stage.process().holds_refund_back(&refund, |_| false), held, "{lost}");
        if held {
            let open = stage.open.iter().position(|task| task.operation == "refundPayment").unwrap();
            let task = stage.open.remove(open).unwrap();
            stage.input(Input::Withdrawn { task: Box::new(task) }, "withdrawn").unwrap();
        }
        stage.silent.clear();
        stage.run();
        assert_eq!(stage.amounts("refundPayment"), refunded, "{lost}");
    }
}
