//! What is measured of a life of one order, which thresholds it misses, and how both are told.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test")]

// Shared with the other tests of reports, which use more of it.
#[expect(dead_code, reason = "used by other tests")]
mod journal;

use counterproof_contracts::{
    journal::Record,
    requirements::{Coverage, Requirements},
};
use counterproof_reports::{LawTally, Look, RunReport, Terminal};
use journal::Journal;
use serde_json::{Value, json};

/// An example document of the contract.
macro_rules! example {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../contracts/examples/v1/", $name, ".json")))
            .unwrap()
    };
}

const ID: Option<&str> = Some("s1");

fn effect(journal: &mut Journal, system: &str, name: &str, field: &str, document: &Value) {
    let mut entry = json!({
        "kind": "effect", "system": system, "order": "W-1001", "spontaneous": true, "effect": name,
    });
    entry[field] = document.clone();
    journal.add(ID, &entry);
}

fn exchange(journal: &mut Journal, operation: &str, call: &str, status: u16, response: Value) {
    let mut entry = json!({
        "kind": "exchange", "from": "customer_service", "to": "middleware", "operation": operation,
        "call": call, "order": "W-1001", "attempt": 1, "started_at": "2026-11-27T09:00:00Z", "request": null,
        "status": status, "outcome": "ok",
    });
    entry["response"] = response;
    journal.add(ID, &entry);
}

/// Placed, answered, booked; a parcel leaves and is shown; goods come back and are paid back; one dead letter
/// is replayed and one is not; one of two invoices lacks its tax document. A line takes 10 ms.
fn life(thresholds: Value) -> Journal {
    let mut journal = Journal::begin("reference");
    if !thresholds.is_null() {
        let first = journal.0.first_mut().unwrap();
        let mut value = serde_json::to_value(&*first).unwrap();
        value["policy"]["thresholds"] = thresholds;
        *first = serde_json::from_value(value).unwrap();
    }
    journal.scenario("s1", "scenarios/orders.feature", 9, "an order and a return");
    effect(&mut journal, "storefront", "order_placed", "placed", &example!("order"));
    exchange(&mut journal, "submitOrder", "POST /v1/orders", 503, Value::Null);
    exchange(&mut journal, "submitOrder", "POST /v1/orders", 201, Value::Null);
    effect(&mut journal, "erp", "sales_order_booked", "sales_order", &example!("sales-order"));
    effect(&mut journal, "erp", "sales_order_booked", "sales_order", &example!("sales-order"));
    effect(&mut journal, "wms", "shipment_shipped", "shipment", &example!("shipment"));
    effect(&mut journal, "customer_service", "status_shown", "update", &example!("order-status-update"));
    effect(&mut journal, "storefront", "status_shown", "update", &example!("order-status-update"));
    effect(&mut journal, "erp", "invoice_posted", "invoice", &example!("invoice"));
    effect(&mut journal, "tax", "tax_committed", "document", &example!("tax-document"));
    let mut second = example!("invoice");
    second["shipment_id"] = json!("SH-2");
    effect(&mut journal, "erp", "invoice_posted", "invoice", &second);
    effect(&mut journal, "pos", "goods_returned", "receipt", &example!("return-receipt"));
    let mut entry = json!({
        "kind": "effect", "system": "psp", "order": "W-1001", "spontaneous": false, "effect": "refund_accepted",
        "cause": "receipt-store-27-W-1001-1",
    });
    entry["refund"] = example!("refund");
    journal.add(ID, &entry);
    entry["cause"] = json!("cancellation-7");
    entry["refund"]["refund_id"] = json!("refund-2");
    journal.add(ID, &entry);
    effect(&mut journal, "psp", "refund_succeeded", "refund", &example!("refund"));
    let letters = |ids: &[&str]| {
        let mut list = example!("dead-letter-list");
        let one = list["items"][0].clone();
        list["items"] = ids
            .iter()
            .map(|id| {
                let mut letter = one.clone();
                letter["dead_letter_id"] = json!(id);
                letter
            })
            .collect();
        list
    };
    exchange(&mut journal, "listDeadLetters", "GET /v1/dead-letters", 200, letters(&["d1", "d2"]));
    for id in ["d1", "d2"] {
        let call = format!("POST /v1/dead-letters/{id}/replays");
        exchange(&mut journal, "replayDeadLetter", &call, 202, Value::Null);
    }
    exchange(&mut journal, "listDeadLetters", "GET /v1/dead-letters", 200, letters(&["d2"]));
    journal.ends("s1", "pass", &[], 10);
    journal
}

fn report(records: &[Record]) -> RunReport {
    RunReport::from_records(records, Vec::new(), LawTally { laws: 38, checks: 784 })
}

fn terminal(run: &RunReport, exit_code: u8) -> String {
    let mut terminal = Terminal::new(Vec::new(), Look::default());
    terminal.summary(run, exit_code).expect("a vector takes everything");
    String::from_utf8(terminal.into_inner()).expect("text")
}

/// Metric, channel, count, longest.
fn rows(run: &RunReport) -> Vec<(&'static str, &'static str, u64, u64)> {
    run.metrics.iter().map(|row| (row.metric.name(), row.channel.name(), row.count, row.max)).collect()
}

#[test]
fn each_time_ends_with_the_first_that_counts() {
    let mut journal = life(Value::Null);
    journal.end("pass");
    assert_eq!(
        rows(&report(&journal.0)),
        [
            ("order_answer", "storefront", 1, 10),
            ("order_acknowledgment", "storefront", 1, 30),
            ("shipment_notification", "storefront", 1, 20),
            ("return_to_refund", "storefront", 1, 30),
            ("dead_letters", "storefront", 2, 2),
            ("replay_success", "storefront", 2, 50),
            ("api_errors", "customer_service", 1, 1),
            ("unreconciled_refunds", "storefront", 1, 1),
            ("unreconciled_taxes", "storefront", 1, 1),
        ]
    );
}

#[test]
fn an_order_that_nobody_placed_is_not_measured() {
    let mut journal = life(Value::Null);
    journal.end("pass");
    let without: Vec<Record> = journal
        .0
        .into_iter()
        .filter(|record| !serde_json::to_string(record).unwrap().contains("order_placed"))
        .collect();
    assert_eq!(rows(&report(&without)), [("api_errors", "customer_service", 1, 1)]);
}

#[test]
fn thresholds_that_are_missed_are_told_with_their_place() {
    let thresholds = json!([
        { "metric": "order_acknowledgment", "percentile": "p99", "at_most": 20, "unit": "ms" },
        { "metric": "order_acknowledgment", "channel": "marketplace", "at_most": 0, "unit": "ms" },
        { "metric": "shipment_notification", "at_most": 1, "unit": "s" },
        { "metric": "replay_success", "at_least": 99, "unit": "percent" },
    ]);
    let mut journal = life(thresholds);
    let coverage = Coverage::of(
        Requirements::published().unwrap(),
        &[("ORD-001".to_owned(), 1)].into(),
        &[("M5", 3)].into(),
    );
    let mut entry = serde_json::to_value(&coverage).unwrap();
    entry["kind"] = json!("coverage");
    journal.add(None, &entry);
    journal.end("pass");
    let run = report(&journal.0);
    assert_eq!(
        run.missed,
        [
            "order_acknowledgment of the storefront is 30 ms; thresholds[0] allows at most 20 ms",
            "replay_success of the storefront is 50 %; thresholds[3] allows at least 99 %",
        ]
    );
    let told = terminal(&run, 6);
    let (shown, _) = told.split_once("required ").expect("coverage is told");
    insta::assert_snapshot!("metrics_terminal", shown);
    assert!(told.contains(" of "), "{told}");
    assert!(told.contains("threshold   replay_success of the storefront"), "{told}");
    assert_eq!(run.coverage, coverage);
}
