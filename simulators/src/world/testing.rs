//! What tests of the cores share: priced orders, and refusals that must leave no trace.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{fmt::Debug, sync::Arc};

use counterproof_contracts::{
    model::{ChannelOrderId, CustomerRef, EventId, LineId, Order, OrderNumber, SalesChannel, Timestamp},
    protocol::{CloudEvent, Operation, Problem},
    shape,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    World,
    pricing::{OrderDraft, TenderPlan, build_order},
    rating::RateChanges,
};
use crate::{
    kernel::{Core, RaisedEvent},
    test_stage::{Played, Stage},
};

/// The embedded world.
pub(crate) fn world() -> Arc<World> {
    World::embedded().unwrap()
}

/// An order to Germany, paid by card, without promotions, shipping charged.
pub(crate) fn draft(order: &str, items: &[(&str, u32)]) -> OrderDraft {
    OrderDraft {
        order_number: OrderNumber::new(order),
        sales_channel: SalesChannel::Web,
        channel_order_id: ChannelOrderId::new(format!("web-{order}")),
        tag: "t".to_owned(),
        placed_at: Timestamp::UNIX_EPOCH,
        customer_ref: CustomerRef::new("customer-anna"),
        country: "DE".to_owned(),
        items: items.iter().map(|(name, quantity)| ((*name).to_owned(), *quantity)).collect(),
        promotion_codes: Vec::new(),
        gift_recipient: None,
        tenders: TenderPlan::Card { payment_token: "tok_ok".to_owned() },
        shipping: true,
        exchange: None,
        exemption_certificate: None,
        settled_at_home: false,
        rate_changes: RateChanges::new(),
    }
}

/// The order of [`draft`].
pub(crate) fn order(order: &str, items: &[(&str, u32)]) -> Order {
    build_order(&world(), &draft(order, items)).unwrap()
}

/// The n-th line's identifier, from 1.
pub(crate) fn line(number: usize) -> LineId {
    LineId::new(format!("line-{number}"))
}

/// Calls a core with a document that keeps its schema. A refusal must leave the core as it was.
pub(crate) fn call<C: Core + Clone + PartialEq + Debug>(
    stage: &mut Stage<C>,
    operation: Operation,
    parameters: &[(&str, &str)],
    body: impl Serialize,
) -> Played<Result<Value, Problem>> {
    let body = serde_json::to_value(body).unwrap();
    if !body.is_null() {
        assert_eq!(shape::request_errors(operation, &body), [], "{operation} {body}");
    }
    let before = stage.core.clone();
    let played = stage.call(operation, parameters, body);
    if played.answer.is_err() {
        assert_eq!(before, stage.core, "{operation} was refused and left a trace");
        assert!(played.effects.is_empty());
    }
    played.events.iter().for_each(assert_tellable);
    played
}

/// An event as it is delivered keeps the schema of its type.
pub(crate) fn assert_tellable(event: &RaisedEvent) {
    let cloud_event = CloudEvent {
        specversion: "1.0".to_owned(),
        id: EventId::new("evt-1"),
        source: format!("/{}", event.data.event_type().source()),
        event_type: event.data.event_type().name().to_owned(),
        subject: event.data.subject(),
        time: event.occurred_at,
        datacontenttype: "application/json".to_owned(),
        sequence: 1,
        partitionkey: event.data.partition(),
        correlationid: event.correlation.clone(),
        causationid: event.causation.clone(),
        data: event.data.to_value(),
    };
    assert_eq!(shape::event_errors(&serde_json::to_value(cloud_event).unwrap()), []);
}

/// The document that was answered.
pub(crate) fn document<T: serde::de::DeserializeOwned>(played: &Played<Result<Value, Problem>>) -> T {
    serde_json::from_value(played.answer.clone().unwrap()).unwrap()
}
