//! What must be refused, and where the refusal points.

#![expect(clippy::unwrap_used, reason = "a test")]

use counterproof_contracts::{
    protocol::{FieldError, Operation, erp, middleware, psp},
    shape::{self, ERRORS_MAX, EventShape},
};
use serde_json::{Value, json};

use crate::files::example;

/// The example with one place set to another value.
fn with(name: &str, pointer: &str, value: Value) -> Value {
    let mut document = example(name);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(fields) => drop(fields.insert(field.to_owned(), value)),
        items => items[field.parse::<usize>().unwrap()] = value,
    }
    document
}

/// The example without one of its fields.
fn without(name: &str, pointer: &str) -> Value {
    let mut document = example(name);
    let (parent, field) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field).unwrap();
    document
}

fn pointers(errors: Vec<FieldError>) -> Vec<String> {
    errors.into_iter().map(|error| error.pointer).collect()
}

/// As it stands the example is a valid request; changed, it is refused at the place of the change.
fn refused_at(operation: Operation, name: &str, pointer: &str, changed: &Value) {
    assert_eq!(pointers(shape::request_errors(operation, &example(name))), [""; 0], "{name} as it stands");
    assert_eq!(pointers(shape::request_errors(operation, changed)), [pointer], "{changed:#}");
}

fn refused(operation: Operation, name: &str, pointer: &str, value: Value) {
    refused_at(operation, name, pointer, &with(name, pointer, value));
}

fn missed(operation: Operation, name: &str, pointer: &str) {
    refused_at(operation, name, pointer, &without(name, pointer));
}

#[test]
fn a_missing_field_is_missed_at_its_place() {
    missed(middleware::SUBMIT_ORDER, "order", "/total");
    missed(middleware::SUBMIT_ORDER, "order", "/lines/1/sku");
    missed(middleware::SUBMIT_ORDER, "order", "/tenders/0/amount/currency");
    missed(psp::REFUND_PAYMENT, "refund-request", "/cause");
}

#[test]
fn a_wrong_type_is_refused() {
    refused(middleware::SUBMIT_ORDER, "order", "/lines", json!({}));
    refused(middleware::SUBMIT_ORDER, "order", "/order_number", json!(1001));
    refused(middleware::SUBMIT_ORDER, "order", "/lines/0/unit_price", json!("79.90"));
    refused(middleware::SUBMIT_ORDER, "order", "/total/amount", json!(167.6));
    refused(middleware::SUBMIT_ORDER, "order", "/lines/0/tax_included", json!(null));
}

#[test]
fn a_number_outside_its_range_is_refused() {
    refused(middleware::SUBMIT_ORDER, "order", "/lines/0/quantity", json!(-1));
    refused(middleware::SUBMIT_ORDER, "order", "/lines/0/quantity", json!(0));
    refused(middleware::SUBMIT_ORDER, "order", "/lines/0/quantity", json!(10_001));
    refused(middleware::SUBMIT_ORDER, "order", "/lines/0/taxes/0/unit_amounts/1", json!(-1));
    refused(psp::REFUND_PAYMENT, "refund-request", "/amount/amount", json!(-4990));
    refused(psp::REFUND_PAYMENT, "refund-request", "/amount/amount", json!(0));
    refused(psp::REFUND_PAYMENT, "refund-request", "/amount/amount", json!(9_007_199_254_740_992_i64));
    refused(erp::POST_INVENTORY_MOVEMENT, "inventory-movement", "/quantity", json!(0));
}

#[test]
fn a_text_of_the_wrong_form_is_refused() {
    refused(middleware::SUBMIT_ORDER, "order", "/currency", json!("eur"));
    refused(middleware::SUBMIT_ORDER, "order", "/total/currency", json!("EURO"));
    refused(middleware::SUBMIT_ORDER, "order", "/ship_to/country", json!("de"));
    refused(middleware::SUBMIT_ORDER, "order", "/placed_at", json!("02.03.2026"));
    refused(middleware::SUBMIT_ORDER, "order", "/sales_channel", json!("fax"));
    refused(middleware::SUBMIT_ORDER, "order", "/order_number", json!("W-1001\r\nx-evil: 1"));
    refused(middleware::SUBMIT_ORDER, "order", "/order_number", json!(" W-1001"));
    refused(middleware::SUBMIT_ORDER, "order", "/order_number", json!("x".repeat(129)));
}

#[test]
fn an_empty_order_is_refused() {
    refused(middleware::SUBMIT_ORDER, "order", "/lines", json!([]));
    refused(erp::CREATE_SALES_ORDER, "sales-order.request", "/lines", json!([]));
}

#[test]
fn too_many_lines_are_refused() {
    let line = example("order-line");
    refused(middleware::SUBMIT_ORDER, "order", "/lines", json!(vec![line; 1001]));
}

#[test]
fn an_answer_without_the_number_it_must_bring_is_refused() {
    let answer = without("sales-order", "/erp_document");
    assert_eq!(pointers(shape::response_errors(erp::CREATE_SALES_ORDER, 201, &answer)), ["/erp_document"]);
    assert_eq!(shape::request_errors(erp::CREATE_SALES_ORDER, &answer), [], "a request has none");
}

#[test]
fn an_undeclared_status_is_an_error_at_the_root() {
    for status in [0, 200, 204, 302, 418, 502] {
        let errors = shape::response_errors(erp::CREATE_SALES_ORDER, status, &example("sales-order"));
        assert_eq!(pointers(errors), [""], "{status}");
    }
}

#[test]
fn a_problem_that_contradicts_itself_is_refused() {
    let retryable = with("problem.unavailable", "/retryable", json!(false));
    assert_eq!(pointers(shape::document_errors("problem", &retryable)), ["/retryable"]);
    let other_status = with("problem.unavailable", "/status", json!(500));
    let errors = shape::response_errors(erp::READ_STOCK, 503, &other_status);
    assert_eq!(pointers(errors), ["/status"]);
}

#[test]
fn unknown_operations_and_schemas_are_errors() {
    let unknown = Operation { id: "dance", ..erp::READ_STOCK };
    assert_eq!(pointers(shape::request_errors(unknown, &json!({}))), [""]);
    assert_eq!(pointers(shape::response_errors(unknown, 200, &json!({}))), [""]);
    assert_eq!(pointers(shape::document_errors("dance", &json!({}))), [""]);
    assert_eq!(pointers(shape::document_errors("common", &json!({}))), [""]);
}

#[test]
fn an_event_is_refused_where_envelope_or_data_break() {
    let name = "cloud-event.shipment-shipped";
    let changes = [
        ("/id", without(name, "/id")),
        ("/specversion", with(name, "/specversion", json!("0.3"))),
        ("/source", with(name, "/source", json!("/erp"))),
        ("/sequence", with(name, "/sequence", json!(0))),
        ("/data", with(name, "/data", json!("text"))),
        ("/data/shipment_id", without(name, "/data/shipment_id")),
        ("/data/lines/0/quantity", with(name, "/data/lines/0/quantity", json!(0))),
        ("/data/status", with(name, "/data/status", json!(7))),
    ];
    for (pointer, event) in changes {
        assert!(matches!(shape::event_shape(&event), EventShape::Broken(_)), "{event}");
        assert_eq!(pointers(shape::event_errors(&event)), [pointer]);
    }
    assert!(matches!(shape::event_shape(&json!([])), EventShape::Broken(_)));
}

#[test]
fn an_event_of_an_unknown_type_is_held_to_the_envelope_only() {
    let mut event = with("cloud-event.shipment-shipped", "/type", json!("retail.shipment.repacked.v1"));
    event["data"] = json!({ "anything": true });
    assert_eq!(shape::event_shape(&event), EventShape::Sound);
    event["time"] = json!("yesterday");
    assert_eq!(pointers(shape::event_errors(&event)), ["/time"]);
}

#[test]
fn an_event_with_a_code_of_a_later_version_is_parked_not_refused() {
    let event = with("cloud-event.shipment-shipped", "/data/status", json!("teleported"));
    let EventShape::UnknownCode(errors) = shape::event_shape(&event) else { panic!("{event}") };
    assert_eq!(pointers(errors), ["/data/status"]);
    let mut worse = event;
    worse["data"]["lines"] = json!([]);
    assert!(matches!(shape::event_shape(&worse), EventShape::Broken(_)));
}

#[test]
fn fields_of_a_later_version_are_tolerated() {
    let mut order = with("order", "/loyalty", json!({ "points": 12 }));
    order["lines"][0]["engraving"] = json!("for Anna");
    assert_eq!(shape::request_errors(middleware::SUBMIT_ORDER, &order), []);
}

#[test]
fn at_most_so_many_errors_are_named_and_none_repeats_the_document() {
    let secret = "4111111111111111 Erika Mustermann";
    let lines = json!(vec![json!({ "line_id": [secret], "sku": { "x": secret }, "quantity": secret }); 500]);
    let errors = shape::request_errors(middleware::SUBMIT_ORDER, &with("order", "/lines", lines));
    assert_eq!(errors.len(), ERRORS_MAX);
    let told = format!("{errors:?}");
    assert!(!told.contains("4111") && !told.contains("Mustermann"), "{told}");
}
