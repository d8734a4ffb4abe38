//! Journals of small runs, as the harness records them.

use counterproof_contracts::{invariants::Violation, journal::Record, policy::Policy};
use serde_json::{Value, json};

/// Version, seed and target of all runs here.
pub(crate) const VERSION: &str = "0.1.0";

/// A journal under construction. Time passes by 10 ms with each line.
#[derive(Default)]
pub(crate) struct Journal(pub(crate) Vec<Record>);

impl Journal {
    /// A journal with its first line.
    pub(crate) fn begin(target: &str) -> Self {
        let mut journal = Self::default();
        journal.add(
            None,
            &json!({
                "kind": "run_started", "format": "counterproof.journal/1.0", "version": VERSION, "seed": 42,
                "target": target, "policy": Policy::default(),
            }),
        );
        journal
    }

    /// Adds a line and returns its number.
    pub(crate) fn add(&mut self, scenario: Option<&str>, entry: &Value) -> u64 {
        let seq = self.0.len() as u64 + 1;
        let mut record = json!({ "seq": seq, "at": at(seq) });
        if let Some(scenario) = scenario {
            record["scenario"] = json!(scenario);
        }
        for (name, value) in entry.as_object().expect("an entry is an object") {
            record[name] = value.clone();
        }
        self.0.push(serde_json::from_value(record).expect("a line of a journal"));
        seq
    }

    pub(crate) fn scenario(&mut self, id: &str, path: &str, line: u32, name: &str) {
        let entry = json!({
            "kind": "scenario_started", "feature_path": path, "feature": "Orders arrive once", "name": name,
            "line": line, "tags": ["orders"], "steps_planned": 2,
        });
        self.add(Some(id), &entry);
    }

    /// A scenario that is not played.
    pub(crate) fn omits(&mut self, path: &str, line: u32, name: &str, why: &str) {
        let entry = json!({
            "kind": "scenario_omitted", "feature_path": path, "feature": "Orders arrive once", "name": name,
            "line": line, "why": why,
        });
        self.add(None, &entry);
    }

    pub(crate) fn step(
        &mut self,
        id: &str,
        sentence: (&str, &str, u32),
        outcome: &str,
        message: Option<&str>,
    ) {
        let (keyword, text, line) = sentence;
        let entry = json!({
            "kind": "step_finished", "keyword": keyword, "text": text, "line": line, "outcome": outcome,
            "message": message, "assertions": 1,
        });
        self.add(Some(id), &entry);
    }

    /// A call with its status; `None` where no answer arrived.
    pub(crate) fn call(
        &mut self,
        id: Option<&str>,
        link: (&str, &str),
        operation: &str,
        key: &str,
        status: Option<u16>,
    ) -> u64 {
        let seq = self.0.len() as u64 + 1;
        let entry = json!({
            "kind": "exchange", "from": link.0, "to": link.1, "operation": operation,
            "call": format!("POST /v1/{operation}"), "key": key, "attempt": 1, "started_at": at(seq),
            "request": { "payment_token": "tok_ok_secret" }, "status": status, "response": null,
            "outcome": if status.is_some() { "ok" } else { "unknown" },
            "note": status.is_none().then_some("fault: committed, answer dropped"),
        });
        self.add(id, &entry)
    }

    pub(crate) fn books(&mut self, id: &str, document: &str) -> u64 {
        let entry = json!({
            "kind": "effect", "system": "erp", "order": "W-1", "spontaneous": false, "effect": "sales_order_booked",
            "sales_order": {
                "erp_document": document, "order_number": "W-1", "sales_channel": "web", "channel_order_id": "C-1",
                "customer_ref": "K-1", "currency": "EUR", "lines": [],
                "total": { "amount": 4990, "currency": "EUR" }, "total_tax": { "amount": 797, "currency": "EUR" },
            },
        });
        self.add(Some(id), &entry)
    }

    pub(crate) fn ends(&mut self, id: &str, verdict: &str, reasons: &[&str], duration_ms: u64) {
        let entry = json!({
            "kind": "scenario_finished", "verdict": verdict, "reasons": reasons, "steps_executed": 2,
            "assertions": 1, "duration_ms": duration_ms,
        });
        self.add(Some(id), &entry);
    }

    /// A play of which nothing could be told: another follows.
    pub(crate) fn ends_to_be_played_again(&mut self, id: &str, reason: &str) {
        let entry = json!({
            "kind": "scenario_finished", "verdict": "inconclusive", "reasons": [reason], "steps_executed": 2,
            "assertions": 1, "duration_ms": 3_900, "again": true,
        });
        self.add(Some(id), &entry);
    }

    pub(crate) fn end(&mut self, verdict: &str) {
        self.add(None, &json!({ "kind": "run_finished", "verdict": verdict, "interrupted": false }));
    }
}

fn at(seq: u64) -> String {
    format!("2026-11-27T09:00:{:02}.{:03}Z", seq / 100, seq % 100 * 10)
}

/// A violation that names these lines as evidence and breaks at the last of them.
pub(crate) fn violation(law: &str, scenario: &str, sentence: &str, evidence: &[u64]) -> Violation {
    serde_json::from_value(json!({
        "invariant": law, "scenario": scenario, "order": "W-1", "sentence": sentence,
        "seq": evidence.last(), "evidence": evidence,
        "systems": [
            { "system": "storefront", "says": "1 order", "odd": false },
            { "system": "erp", "says": "2 orders", "odd": true },
        ],
    }))
    .expect("a violation")
}

/// A scenario that passes.
pub(crate) fn passes(journal: &mut Journal, id: &str, path: &str, line: u32, name: &str) {
    journal.scenario(id, path, line, name);
    journal.step(id, ("When", "a customer places an order", line + 1), "passed", None);
    journal.call(Some(id), ("storefront", "middleware"), "submitOrder", "submit-1", Some(201));
    journal.step(id, ("Then", "every system agrees", line + 2), "passed", None);
    journal.ends(id, "pass", &[], 1_240);
}

/// A scenario in which the ERP books an order twice.
pub(crate) fn books_twice(journal: &mut Journal, id: &str, line: u32, name: &str) -> Violation {
    journal.scenario(id, "scenarios/duplicates.feature", line, name);
    journal.step(id, ("When", "the ERP's answer is lost", line + 1), "passed", None);
    let evidence = [
        journal.call(Some(id), ("storefront", "middleware"), "submitOrder", "submit-1", Some(201)),
        journal.call(Some(id), ("middleware", "erp"), "createSalesOrder", "order-1", None),
        journal.books(id, "SO-77"),
        journal.call(
            Some(id),
            ("middleware", "erp"),
            "createSalesOrder",
            "a-very-long-key-of-another-intent",
            Some(201),
        ),
        journal.books(id, "SO-78"),
    ];
    let message = "the ERP does not have exactly one sales order\nexpected 1\nobserved 2: SO-77, SO-78 (in 6 of 6 looks)";
    journal.step(id, ("Then", "the ERP has exactly one sales order", line + 2), "failed", Some(message));
    journal.add(Some(id), &json!({ "kind": "settled", "at_rest": true, "waited_ms": 800 }));
    let sentence = "Order W-1 exists twice in the ERP (SO-77, SO-78); the customer placed it once.";
    journal.ends(id, "fail", &[sentence], 2_510);
    violation("X-ONCE", id, sentence, &evidence)
}
