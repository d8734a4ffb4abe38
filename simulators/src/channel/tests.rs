//! Channels: orders placed, answers taken, views that never go back.

#![expect(clippy::unwrap_used, reason = "a test")]

use counterproof_contracts::shape;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::test_stage::{Played, Stage};

type Answered = Played<Result<Value, Problem>>;

pub(super) fn order_of(number: &str, sales_channel: &str) -> Order {
    serde_json::from_value(json!({
        "order_number": number, "sales_channel": sales_channel, "channel_order_id": format!("C-{number}"),
        "placed_at": "2026-11-27T09:00:00Z", "version": 1, "customer_ref": "K-1", "currency": "EUR",
        "ship_to": { "name": "A", "street": "B 1", "city": "C", "postal_code": "10115", "country": "DE" },
        "lines": [
            {
                "line_id": "1", "sku": "SHIRT", "quantity": 3, "tax_included": true,
                "unit_price": { "amount": 1_000, "currency": "EUR" },
                "promotions": [{ "promotion_id": "P", "unit_amounts": [34, 33, 33] }],
            },
            { "line_id": "2", "sku": "HAT", "quantity": 1, "tax_included": true,
              "unit_price": { "amount": 500, "currency": "EUR" } },
        ],
        "shipping": { "amount": { "amount": 490, "currency": "EUR" }, "tax_amount": 78 },
        "tenders": [{ "tender_id": "T-1", "kind": "card", "payment_token": "tok_ok", "amount": { "amount": 3_890, "currency": "EUR" } }],
        "total": { "amount": 3_890, "currency": "EUR" },
    }))
    .unwrap()
}

fn placed(system: System, sales_channel: &str) -> Stage<Channel> {
    let mut stage = Stage::new(Channel::new(system));
    stage.act(|channel, scene| channel.place_order(scene, order_of("W-1", sales_channel))).answer.unwrap();
    stage
}

fn shows(stage: &mut Stage<Channel>, sequence: u64, shirts: u32, hats: u32) -> Answered {
    let line = |id: &str, ordered: u32, shipped: u32| json!({ "line_id": id, "ordered": ordered, "canceled": 0, "shipped": shipped, "returned": 0 });
    let body = json!({
        "order_number": "W-1", "sequence": sequence, "status": "partially_shipped",
        "lines": [line("1", 3, shirts), line("2", 1, hats)], "occurred_at": "2026-11-27T10:00:00Z",
    });
    stage.call(operations::update_order_status(stage.core.system), &[("order_number", "W-1")], body)
}

fn refunds(stage: &mut Stage<Channel>, kind: &str, amount: i64) -> Answered {
    let refund =
        json!({ "refund_id": "RF-1", "kind": kind, "amount": { "amount": amount, "currency": "EUR" } });
    let body = json!({ "order_number": "W-1", "refund": refund, "cause": "R-1" });
    stage.call(operations::notify_refund(stage.core.system), &[("order_number", "W-1")], body)
}

/// The one call of a scene; it fits the operation's schema.
fn asked<R>(played: &Played<R>) -> &OutboundCall {
    let [call] = &played.calls[..] else { panic!("one call, not {:?}", played.calls) };
    assert_eq!(shape::request_errors(call.operation, &call.body), [], "{} {}", call.operation, call.body);
    call
}

fn acknowledgment() -> Value {
    json!({ "order_number": "W-1", "order_id": "o-1", "status": "placed" })
}

#[test]
fn places_an_order_once_and_submits_it() {
    let mut stage = Stage::new(Channel::new(System::Storefront));
    let order = order_of("W-1", "web");
    let played = stage.act(|channel, scene| channel.place_order(scene, order.clone()));
    assert_eq!(played.booked(), [&Effect::OrderPlaced { order: Box::new(order.clone()) }]);
    let call = asked(&played);
    assert_eq!((call.operation, call.key.as_str()), (middleware::SUBMIT_ORDER, "submit-C-W-1"));
    assert_eq!(serde_json::from_value::<Order>(call.body.clone()).unwrap(), order);

    stage.answer(call, &Ok(acknowledgment()));
    assert_eq!(stage.core.acknowledgment(&"W-1".into()).unwrap().order_id, "o-1");
    let again = stage.act(|channel, scene| channel.place_order(scene, order));
    assert_eq!(again.answer, Err(ActionError::PlacedBefore("W-1".into())));
    assert_eq!((again.effects.len(), again.calls.len()), (0, 0));
}

#[test]
fn takes_no_order_of_another_channel() {
    let mut stage = Stage::new(Channel::new(System::Storefront));
    let played = stage.act(|channel, scene| channel.place_order(scene, order_of("W-1", "store")));
    assert!(matches!(played.answer, Err(ActionError::OtherChannel { belongs: System::Pos, .. })));
    assert_eq!(stage.core.order(&"W-1".into()), None);
}

#[test]
fn submits_again_as_a_repetition_or_as_a_new_intent_but_places_once() {
    let mut stage = placed(System::Storefront, "web");
    let same = stage.act(|channel, scene| channel.submit_again(scene, &"W-1".into(), true));
    let fresh = stage.act(|channel, scene| channel.submit_again(scene, &"W-1".into(), false));
    let fresher = stage.act(|channel, scene| channel.submit_again(scene, &"W-1".into(), false));
    assert_eq!(same.calls[0].key, "submit-C-W-1");
    assert_ne!(fresh.calls[0].key, same.calls[0].key);
    assert_ne!(fresh.calls[0].key, fresher.calls[0].key);
    assert_eq!(fresh.calls[0].body, same.calls[0].body);
    assert_eq!((same.effects.len(), fresh.effects.len()), (0, 0));
    let unknown = stage.act(|channel, scene| channel.submit_again(scene, &"W-9".into(), true));
    assert_eq!(unknown.answer, Err(ActionError::NotPlaced("W-9".into())));
}

#[test]
fn remembers_refusals_and_answers_that_are_no_documents() {
    let mut stage = Stage::new(Channel::new(System::Storefront));
    let played = stage.act(|channel, scene| channel.place_order(scene, order_of("W-1", "web")));
    let refused = Problem::new(ProblemKind::BusinessRule, "sums");
    stage.answer(&played.calls[0], &Err(refused.clone()));
    assert_eq!(stage.core.problem(&"W-1".into()), Some(&refused));
    stage.answer(&played.calls[0], &Ok(json!({ "order_id": 7 })));
    assert_eq!(stage.core.problem(&"W-1".into()).unwrap().problem_kind(), Some(ProblemKind::InvalidDocument));
    assert_eq!(stage.core.acknowledgment(&"W-1".into()), None);
}

#[test]
fn cancels_and_remembers_the_answer() {
    let mut stage = placed(System::Storefront, "web");
    let wish = stage.act(|channel, scene| channel.cancel(scene, &"W-1".into(), Vec::new(), "changed mind"));
    assert!(
        matches!(wish.booked()[..], [Effect::CancellationRequested(lines)] if lines.cancellation_id == wish.answer)
    );
    let call = asked(&wish);
    assert_eq!(
        (call.operation, &call.key, &call.parameters[..]),
        (middleware::CANCEL_ORDER, &wish.answer, &["W-1".to_owned()][..])
    );
    for status in ["pending", "canceled"] {
        let body = json!({ "order_number": "W-1", "cancellation_id": wish.answer, "status": status, "canceled": [] });
        stage.answer(call, &Ok(body));
    }
    let [known] = stage.core.cancellations(&"W-1".into()) else { panic!("one cancellation") };
    assert_eq!(known.status, counterproof_contracts::protocol::CancellationStatus::Canceled);
}

#[test]
fn asks_for_a_return_of_an_order_that_another_channel_took() {
    let mut stage = Stage::new(Channel::new(System::CustomerService));
    let request: counterproof_contracts::model::ReturnRequest = serde_json::from_value(json!({
        "order_number": "W-7", "return_reference": "X-1", "method": "mail", "resolution": "refund",
        "lines": [{ "line_id": "1", "sku": "SHIRT", "quantity": 1, "reason": "changed_mind" }],
    }))
    .unwrap();
    let wish = stage.act(|channel, scene| channel.request_return(scene, request.clone()));
    assert_eq!(wish.booked(), [&Effect::ReturnRequested { request }]);
    let call = asked(&wish);
    assert_eq!((call.operation, call.key.as_str()), (middleware::REQUEST_RETURN, "return-X-1"));
    let authorization = json!({
        "rma_id": "RMA-1", "order_number": "W-7", "method": "mail", "resolution": "refund", "status": "approved",
        "lines": call.body["lines"], "expires_at": "2026-12-27T00:00:00Z",
    });
    stage.answer(call, &Ok(authorization.clone()));
    stage.answer(call, &Ok(authorization));
    assert_eq!(stage.core.returns(&"W-7".into()).len(), 1);
}

#[test]
fn shows_the_newest_status_only() {
    let mut stage = placed(System::Storefront, "web");
    assert_eq!(shows(&mut stage, 2, 1, 0).effects.len(), 1);
    for (sequence, shirts) in [(1, 0), (2, 3)] {
        let late = shows(&mut stage, sequence, shirts, 0);
        assert_eq!(late.effects.len(), 0);
        assert_eq!(late.answer.unwrap()["sequence"], 2, "answers what it shows");
    }
    assert_eq!(stage.core.shown(&"W-1".into()).unwrap().lines[0].shipped, 1);
    assert_eq!(stage.core.collected(&"W-1".into()), 0, "a storefront collects nothing");
}

#[test]
fn refuses_what_it_cannot_place() {
    let mut stage = placed(System::Storefront, "web");
    let body = serde_json::to_value(stage.core.shown(&"W-1".into())).unwrap();
    assert_eq!(body, Value::Null);
    let update = json!({
        "order_number": "W-2", "sequence": 1, "status": "accepted",
        "lines": [{ "line_id": "1", "ordered": 3, "canceled": 0, "shipped": 0, "returned": 0 }], "occurred_at": "2026-11-27T10:00:00Z",
    });
    let operation = operations::update_order_status(System::Storefront);
    assert_eq!(stage.call(operation, &[("order_number", "W-2")], &update).refusal(), "not-found");
    assert_eq!(stage.call(operation, &[("order_number", "W-1")], &update).refusal(), "business-rule");
    let foreign = operations::update_order_status(System::Pos);
    assert_eq!(stage.call(foreign, &[("order_number", "W-1")], &update).refusal(), "unknown-operation");
    assert_eq!(refunds(&mut stage, "card", 0).refusal(), "business-rule");
}

#[test]
fn a_marketplace_collects_what_is_shipped_and_pays_no_more() {
    let mut stage = placed(System::Marketplace, "marketplace");
    let collected = |played: &Answered| match played.booked()[..] {
        [Effect::StatusShown { .. }, Effect::MarketplaceCollected { amount }] => amount.amount,
        _ => 0,
    };
    assert_eq!(collected(&shows(&mut stage, 1, 0, 0)), 0);
    assert_eq!(refunds(&mut stage, "marketplace_collected", 1).refusal(), "illegal-state");
    assert_eq!(collected(&shows(&mut stage, 2, 1, 0)), 966 + 490, "first unit and shipping");
    let second = shows(&mut stage, 3, 9, 1);
    assert_eq!(collected(&second), 2_900 + 500 + 490, "all units, never more than ordered");
    assert_eq!(second.effects[1].order, Some("W-1".into()));
    assert_eq!(collected(&shows(&mut stage, 4, 3, 1)), 0, "nothing new");

    assert_eq!(refunds(&mut stage, "store_credit", 9_999).refusal(), "", "only shown");
    assert_eq!(refunds(&mut stage, "marketplace_collected", 3_000).refusal(), "");
    assert_eq!(refunds(&mut stage, "marketplace_collected", 891).refusal(), "illegal-state");
    assert_eq!(refunds(&mut stage, "marketplace_collected", 890).refusal(), "");
    assert_eq!(stage.core.refunds_shown(&"W-1".into()).len(), 3);
}

#[test]
fn a_store_takes_goods_only_when_the_middleware_agrees() {
    let receipt: counterproof_contracts::model::ReturnReceipt = serde_json::from_value(json!({
        "receipt_id": "R-1", "order_number": "W-1", "node_id": "store-12", "received_at": "2026-11-30T12:00:00Z",
        "lines": [{ "line_id": "1", "sku": "SHIRT", "quantity": 1, "reason": "size_small" }],
        "grades": [{ "line_id": "1", "sku": "SHIRT", "quantity": 1, "grade": "A" }],
    }))
    .unwrap();
    let mut stage = Stage::new(Pos::new());
    let question = stage.act(|pos, scene| pos.store_return(scene, &receipt));
    assert_eq!(question.effects, []);
    let call = asked(&question);
    assert_eq!((call.operation, call.key.as_str()), (middleware::RECEIVE_RETURN, "receipt-R-1"));

    let refused = stage.answer(call, &Err(Problem::new(ProblemKind::NotReturnable, "final sale")));
    assert_eq!(refused.effects, []);
    assert!(stage.core.refusal(&"R-1".into()).is_some() && stage.core.decision(&"R-1".into()).is_none());
    assert!(stage.core.as_ref().problem(&"W-1".into()).is_some());

    let decision = json!({
        "receipt_id": "R-1", "rma_id": "RMA-1", "order_number": "W-1", "status": "closed", "refunds": [], "dispositions": [],
    });
    let taken = stage.answer(call, &Ok(decision.clone()));
    assert!(matches!(
        taken.booked()[..],
        [Effect::GoodsReturned { .. }, Effect::GoodsInspected { inspection }] if inspection.lines == receipt.grades
    ));
    assert_eq!(stage.answer(call, &Ok(decision)).effects, [], "the goods are handed over once");
    assert_eq!(stage.core.decision(&"R-1".into()).unwrap().rma_id.as_str(), "RMA-1");
}

proptest! {
    #[test]
    fn an_older_sequence_never_replaces_a_newer_one(
        updates in prop::collection::vec((1..12_u64, 0..5_u32, 0..3_u32), 0..30),
    ) {
        let mut stage = placed(System::Marketplace, "marketplace");
        let mut newest: Option<u64> = None;
        let mut collected = 0;
        for (sequence, shirts, hats) in updates {
            let before = stage.core.clone();
            let played = shows(&mut stage, sequence, shirts, hats);
            if newest.is_none_or(|newest| sequence > newest) {
                newest = Some(sequence);
                prop_assert_eq!(played.booked()[0], &Effect::StatusShown { update: stage.core.shown(&"W-1".into()).unwrap().clone() });
            } else {
                prop_assert_eq!(&before, &stage.core);
                prop_assert!(played.effects.is_empty());
            }
            prop_assert_eq!(stage.core.shown(&"W-1".into()).map(|shown| shown.sequence), newest);
            prop_assert!(stage.core.collected(&"W-1".into()) >= collected);
            collected = stage.core.collected(&"W-1".into());
            prop_assert!(collected <= order_of("W-1", "marketplace").value().gross);
        }
    }

    #[test]
    fn a_marketplace_never_pays_more_than_it_collected(
        steps in prop::collection::vec((any::<bool>(), 0..4_u32, -1..2_000_i64), 0..40),
    ) {
        let mut stage = placed(System::Marketplace, "marketplace");
        for (sequence, (ship, units, amount)) in (1..).zip(steps) {
            let before = stage.core.clone();
            let played = if ship {
                shows(&mut stage, sequence, units, 0)
            } else {
                refunds(&mut stage, "marketplace_collected", amount)
            };
            if played.answer.is_err() {
                prop_assert_eq!(&before, &stage.core);
            }
            let paid = stage.core.refunds_shown(&"W-1".into()).iter().map(|notice| notice.refund.amount.amount);
            prop_assert!(paid.sum::<i64>() <= stage.core.collected(&"W-1".into()));
        }
    }
}
