//! Dates that customers were promised, and what they say to others.

use counterproof_contracts::model::{DelayConsent, DelayReason, RevisedPromise};

use super::*;
use crate::process::{Due, order_errors};

/// An order that is to arrive five days after it was placed.
fn promised() -> Order {
    Order { promised_by: Some("2026-12-02T08:00:00Z".parse().unwrap()), ..plain() }
}

fn at(stage: &mut Stage, now: &str) {
    stage.now = now.parse().unwrap();
    stage.input(Input::Due(Due::Promise), "time").unwrap();
    stage.run();
}

fn told(stage: &Stage) -> Vec<RevisedPromise> {
    let update = stage.calls("updateOrderStatus").last().copied().cloned().unwrap_or_default();
    serde_json::from_value(update.get("promises").cloned().unwrap_or(json!([]))).unwrap()
}

fn consent(stage: &mut Stage, line: &str, revision: u32) -> Result<Value, Problem> {
    let consent = DelayConsent { order_number: "W-1".into(), line_id: line.into(), revision };
    stage.input(Input::AcceptDelay(consent), &format!("wait-{line}-{revision}"))
}

#[test]
fn a_date_must_be_one_that_can_be_promised() {
    let pointers = |order: &Order| -> Vec<String> {
        order_errors(order).into_iter().map(|error| error.pointer).collect()
    };
    assert_eq!(pointers(&promised()), [""; 0]);
    let before = Some("2026-11-27T08:00:00Z".parse().unwrap());
    assert_eq!(pointers(&Order { promised_by: before, ..plain() }), ["/promised_by"]);
    let mut of_line = plain();
    of_line.lines[1].promised_by = before;
    assert_eq!(pointers(&of_line), ["/lines/1/promised_by"]);
    let collected = Order { pickup_node: Some("store-12".into()), ..promised() };
    assert!(pointers(&collected).contains(&"/promised_by".to_owned()));
    let by_balloon = Order { shipping_method: Some("balloon".to_owned()), ..promised() };
    let problem = Stage::new().submit(by_balloon).unwrap_err();
    assert_eq!(
        (problem.problem_kind(), problem.errors[0].pointer.as_str()),
        (Some(ProblemKind::BusinessRule), "/shipping_method")
    );
}

#[test]
fn a_delay_is_told_once_when_goods_should_have_left_and_a_second_one_asks() {
    let mut stage = Stage::released(promised());
    assert_eq!(stage.deadlines[0].at, "2026-11-30T08:00:00Z".parse().unwrap());
    at(&mut stage, "2026-11-30T07:59:59Z");
    assert_eq!(told(&stage), []);
    at(&mut stage, "2026-11-30T08:00:00Z");
    at(&mut stage, "2026-11-30T08:00:01Z");
    let first = told(&stage);
    assert_eq!(first.iter().map(|promise| promise.revision).collect::<Vec<_>>(), [1, 1], "one for each line");
    assert_eq!(first[0].promised_by, "2026-12-04T00:00:00Z".parse().unwrap());
    assert_eq!((first[0].reason, first[0].consent_by), (DelayReason::NotShipped, None));
    at(&mut stage, "2026-12-02T00:00:00Z");
    let second = told(&stage);
    assert_eq!(
        (second[0].revision, second[0].consent_by),
        (2, Some("2026-12-04T00:00:00Z".parse().unwrap()))
    );
    consent(&mut stage, "A", 2).unwrap();
    at(&mut stage, "2026-12-04T00:00:00Z");
    let counts = |line: &str| stage.process().counts(&line.into()).canceled;
    let stopped = stage.calls("cancelFulfillment");
    assert_eq!(stopped.len(), 1, "what was agreed to is not stopped: {stopped:?}");
    assert_eq!((counts("A"), counts("B")), (0, 1));
}

#[test]
fn a_consent_is_to_the_date_in_force_and_to_units_that_are_waited_for() {
    let mut stage = Stage::released(promised());
    let kind = |result: Result<Value, Problem>| result.unwrap_err().problem_kind().unwrap();
    assert_eq!(kind(consent(&mut stage, "A", 1)), ProblemKind::IllegalState);
    at(&mut stage, "2026-11-30T08:00:00Z");
    let unknown = consent(&mut stage, "Z", 1).unwrap_err();
    assert_eq!(
        (unknown.problem_kind(), unknown.errors[0].pointer.as_str()),
        (Some(ProblemKind::BusinessRule), "/line_id")
    );
    assert_eq!(kind(consent(&mut stage, "A", 2)), ProblemKind::IllegalState);
    assert_eq!(consent(&mut stage, "A", 1).unwrap(), consent(&mut stage, "A", 1).unwrap());
    let request = CancellationRequest {
        order_number: "W-1".into(),
        cancellation_id: "c-1".to_owned(),
        lines: vec![],
        reason: "too late".to_owned(),
    };
    stage.input(Input::Cancel(request), "c-1").unwrap();
    stage.run();
    assert_eq!(kind(consent(&mut stage, "B", 1)), ProblemKind::IllegalState);
    assert_eq!(told(&stage), [], "what is canceled has no date");
}
