//! Customer service: timelines.

#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::json;

use super::*;
use crate::test_stage::{Played, Stage};

fn write(
    stage: &mut Stage<CustomerService>,
    id: &str,
    sequence: u64,
    text: &str,
) -> Played<Result<Value, Problem>> {
    let body = json!({
        "entry_id": id, "order_number": "W-1", "sequence": sequence, "occurred_at": "2026-11-27T10:00:00Z",
        "text": text, "status": "accepted",
        "lines": [{ "line_id": "1", "ordered": 1, "canceled": 0, "shipped": 0, "returned": 0 }],
    });
    stage.call(operations::ADD_TIMELINE_ENTRY, &[], body)
}

fn texts(stage: &Stage<CustomerService>) -> Vec<&str> {
    stage.core.timeline(&"W-1".into()).iter().map(|entry| entry.text.as_str()).collect()
}

#[test]
fn shows_an_entry_once_and_in_sequence() {
    let mut stage = Stage::new(CustomerService::new());
    assert_eq!(write(&mut stage, "E-2", 2, "shipped").effects.len(), 1);
    assert_eq!(write(&mut stage, "E-1", 1, "accepted").effects.len(), 1);
    assert_eq!(write(&mut stage, "E-2", 2, "shipped").effects.len(), 0);
    assert_eq!(texts(&stage), ["accepted", "shipped"]);
}

#[test]
fn refuses_another_content_under_the_same_identifier() {
    let mut stage = Stage::new(CustomerService::new());
    write(&mut stage, "E-1", 1, "accepted").answer.unwrap();
    assert_eq!(write(&mut stage, "E-1", 1, "rejected").refusal(), "illegal-state");
    assert_eq!(texts(&stage), ["accepted"]);
}

#[test]
fn is_a_sales_channel_too() {
    let mut stage = Stage::new(CustomerService::new());
    let wish = stage.act(|service, scene| service.channel.cancel(scene, &"W-1".into(), Vec::new(), "call"));
    let refused = Problem::new(ProblemKind::NotFound, "no order");
    stage.answer(&wish.calls[0], &Err(refused.clone()));
    assert_eq!(stage.core.as_ref().problem(&"W-1".into()), Some(&refused));
    let unknown = stage.call(counterproof_contracts::protocol::erp::CREATE_SALES_ORDER, &[], json!({}));
    assert_eq!(unknown.refusal(), "unknown-operation");
}
