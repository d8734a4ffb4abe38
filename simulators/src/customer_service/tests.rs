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
fn asks_for_lower_prices_and_remembers_what_it_was_told() {
    let mut stage = Stage::new(CustomerService::new());
    let (order, adjustment) = (OrderNumber::new("W-1"), adjustment("A-1"));
    let asked = stage.act(|service, scene| service.adjust_price(scene, adjustment.clone()));
    assert_eq!(asked.effects.len(), 1);
    assert_eq!(stage.core.decision(&order), None);
    let refusal = Problem::new(ProblemKind::BusinessRule, "too much");
    stage.answer(&asked.calls[0], &Err(refusal.clone()));
    assert_eq!(stage.core.decision(&order), Some(&Err(refusal)));
    let again = stage.act(|service, scene| service.adjust_again(scene, &order));
    assert!(again.answer && again.effects.is_empty(), "the same wish is no new one");
    assert_eq!(again.calls[0].body, asked.calls[0].body);
    assert_ne!(again.calls[0].key, asked.calls[0].key);
}

fn adjustment(id: &str) -> PriceAdjustment {
    PriceAdjustment {
        order_number: "W-1".into(),
        adjustment_id: id.to_owned(),
        reason: "scratched".to_owned(),
        lines: Vec::new(),
        shipping: None,
    }
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
