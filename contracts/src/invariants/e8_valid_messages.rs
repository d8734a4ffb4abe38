//! E8: every message has the shape that the contract gives it.

use std::borrow::Cow;

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::Law,
    journal::Exchange,
    model::System,
    protocol::{FieldError, Operation, middleware},
    shape,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E8",
        name: "valid messages",
        text: "What the middleware sends, requests and answers alike, validates against the published schemas. A \
               document of a simulator that does not is the rig's fault, unless a fault made it so or the \
               middleware refused it.",
        source: "the published OpenAPI and JSON Schema files; bug report PrestaShopCorp/ps_checkout#1546",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(exchange) = moment.exchange() else { return };
    let Some(operation) = Operation::find(exchange.to, &exchange.operation) else {
        check_unknown(moment, exchange, bench);
        return;
    };
    bench.looks();
    let request = request_errors(operation, exchange);
    let response = response_errors(operation, exchange);
    if exchange.from == System::Middleware {
        blame_middleware(moment, exchange, "a request", &request, bench);
        blame_rig(moment, exchange, exchange.to, "answered", &response, bench);
    } else {
        blame_middleware(moment, exchange, "an answer", &response, bench);
        if exchange.status.is_some_and(|status| status < 400) {
            blame_rig(moment, exchange, exchange.from, "sent", &request, bench);
        }
    }
}

/// Validates only what the recorder did not.
fn request_errors(operation: Operation, exchange: &Exchange) -> Cow<'_, [FieldError]> {
    match &exchange.checked.request {
        Some(errors) => errors.as_slice().into(),
        None if operation == middleware::RECEIVE_EVENT => shape::event_errors(&exchange.request).into(),
        None => shape::request_errors(operation, &exchange.request).into(),
    }
}

/// An answer that never arrived is nobody's document.
fn response_errors(operation: Operation, exchange: &Exchange) -> Cow<'_, [FieldError]> {
    match (exchange.status, &exchange.checked.response) {
        (None, _) => Cow::default(),
        (_, Some(errors)) => errors.as_slice().into(),
        (Some(status), None) => shape::response_errors(operation, status, &exchange.response).into(),
    }
}

fn check_unknown(moment: &Moment<'_>, exchange: &Exchange, bench: &mut Bench) {
    if exchange.from != System::Middleware {
        return;
    }
    bench.looks();
    let sentence = format!(
        "{}The middleware called {} at the {}, which is no operation of the contract.",
        prefix(exchange),
        exchange.call,
        exchange.to.title()
    );
    bench.found(Finding::new(format!("call {}", exchange.call), sentence).evidence([moment.record.seq]));
}

fn prefix(exchange: &Exchange) -> String {
    exchange.order.as_ref().map_or_else(String::new, |order| format!("Order {order}: "))
}

fn blame_middleware(
    moment: &Moment<'_>,
    exchange: &Exchange,
    what: &str,
    errors: &[FieldError],
    bench: &mut Bench,
) {
    let Some(first) = errors.first() else { return };
    let further = if errors.len() > 1 { format!(" (and {} more)", errors.len() - 1) } else { String::new() };
    let operation = format!("{}.{}", exchange.to, exchange.operation);
    let sentence = format!(
        "{}The middleware sent {what} of {operation} that breaks its schema at {:?}: {}{further}.",
        prefix(exchange),
        first.pointer,
        first.detail
    );
    let subject = format!("{what} of {operation} at {}", first.pointer);
    bench.found(Finding::new(subject, sentence).evidence([moment.record.seq]));
}

fn blame_rig(
    moment: &Moment<'_>,
    exchange: &Exchange,
    who: System,
    verb: &str,
    errors: &[FieldError],
    bench: &mut Bench,
) {
    let Some(first) = errors.first() else { return };
    let scenario = moment.record.scenario.as_deref().and_then(|name| moment.books.scenario(name));
    let faulty = scenario.is_some_and(|scenario| scenario.faults.contains(&who));
    // A note says which fault changed the document; a simulator also notes its own mistakes.
    let excused = exchange.note.as_ref().is_some_and(|note| !note.contains("rig bug"));
    if excused || faulty {
        return;
    }
    bench.rig(format!(
        "the {} {verb} a document of {}.{} that breaks its schema at {:?}: {}",
        who.title(),
        exchange.to,
        exchange.operation,
        first.pointer,
        first.detail
    ));
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;
    use serde_json::json;

    use crate::{
        invariants::{
            Judge,
            testing::{History, findings},
        },
        journal::{Entry, Exchange, Record},
        policy::Policy,
        protocol::FieldError,
    };

    /// A history whose capture call carries another request.
    fn with_request(request: &serde_json::Value) -> Vec<Record> {
        let mut history = History::accepted();
        history.call_capture("k-1", Some(201), crate::journal::Outcome::Ok);
        let mut records = history.records();
        for record in &mut records {
            if let Entry::Exchange(exchange) = &mut record.entry
                && exchange.operation == "capturePayment"
            {
                exchange.request = request.clone();
            }
        }
        records
    }

    #[test]
    fn a_request_of_the_middleware_that_breaks_its_schema_is_found() {
        let records = with_request(&json!({
            "order_number": "W-17", "shipment_id": "S-1", "amount": { "amount": "9980", "currency": "EUR" }
        }));
        let found = findings("E8", &records);
        assert_eq!(found.len(), 1, "{found:?}");
        let sentence = found.first().unwrap();
        assert!(
            sentence.starts_with(
                "Order W-17: The middleware sent a request of psp.capturePayment that breaks its schema at \"/amount/amount\""
            ),
            "{sentence}"
        );
    }

    #[test]
    fn an_answer_of_the_middleware_that_breaks_its_schema_is_found_even_where_the_rig_noted_it() {
        let mut records = History::accepted().records();
        for record in &mut records {
            if let Entry::Exchange(exchange) = &mut record.entry
                && exchange.operation == "submitOrder"
            {
                exchange.response = json!({ "order_number": "W-17" });
                exchange.note = Some("the answer breaks its schema".to_owned());
            }
        }
        let found = findings("E8", &records);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.first().unwrap().contains("sent an answer of middleware.submitOrder"), "{found:?}");
    }

    #[test]
    fn an_invalid_answer_of_a_simulator_is_the_rig_s_fault() {
        let mut history = History::accepted();
        history.call_capture("k-1", Some(201), crate::journal::Outcome::Ok);
        let mut records = history.records();
        for record in &mut records {
            if let Entry::Exchange(exchange) = &mut record.entry
                && exchange.operation == "capturePayment"
            {
                exchange.response = json!({ "capture": true });
            }
        }
        assert_eq!(findings("E8", &records), [""; 0]);
        let mut judge = Judge::new(Policy::default());
        for record in &records {
            judge.observe(record);
        }
        let reason = &judge.broken_checks().first().unwrap().reason;
        assert!(
            reason.starts_with("the payment provider answered a document of psp.capturePayment"),
            "{reason}"
        );
    }

    #[test]
    fn what_the_recorder_validated_counts_as_it_says() {
        let error = FieldError { pointer: "/amount".to_owned(), detail: "is missing".to_owned() };
        let broken = json!({ "order_number": "W-17", "shipment_id": "S-1" });
        for (errors, expected) in [(None, 1), (Some(Vec::new()), 0), (Some(vec![error]), 1)] {
            let mut records = with_request(&broken);
            for record in &mut records {
                if let Entry::Exchange(exchange) = &mut record.entry
                    && exchange.operation == "capturePayment"
                {
                    exchange.checked.request.clone_from(&errors);
                    let line = serde_json::to_value(&exchange).unwrap();
                    assert_eq!(line.get("checked").is_some(), errors.is_some());
                    assert_eq!(serde_json::from_value::<Exchange>(line).unwrap(), **exchange);
                }
            }
            let found = findings("E8", &records);
            assert_eq!(found.len(), expected, "{found:?}");
            assert!(found.iter().all(|sentence| sentence.contains("\"/amount\": is missing")), "{found:?}");
        }
    }

    proptest! {
        #[test]
        fn leaving_out_any_field_of_a_request_is_found(field in 0_usize..3) {
            let mut request = json!({
                "order_number": "W-17", "shipment_id": "S-1", "amount": { "amount": 9_980, "currency": "EUR" }
            });
            prop_assert!(findings("E8", &with_request(&request)).is_empty());
            let name = ["order_number", "shipment_id", "amount"].get(field).copied().unwrap();
            request.as_object_mut().unwrap().remove(name);
            prop_assert_eq!(findings("E8", &with_request(&request)).len(), 1);
        }
    }
}
