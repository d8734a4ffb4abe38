//! Systems that are restored to how they were: what they lost is missed until a replay brings it back.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeSet, fs, path::Path, process::Output};

use assert_cmd::Command;
use serde_json::Value;

const RESTORED: &str = "scenarios/resilience/restored.feature";
const FEATURE: &str = include_str!("../../scenarios/resilience/restored.feature");
const PLAN: &str = r#"{
    "format": "counterproof-faults/1", "name": "fail-over",
    "faults": [{
        "name": "the ERP comes back older", "link": "middleware->erp", "operation": "postInvoice",
        "misfortune": { "kind": "restored", "ms": 60000 }
    }]
}"#;
const PLAIN: &str = r#"@virtual
Feature: An order
  Scenario: An order is shipped
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
"#;

fn counterproof(args: &[&str]) -> (Option<i32>, String) {
    let output: Output = Command::cargo_bin("counterproof")
        .unwrap()
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .args(args)
        .output()
        .unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), told)
}

/// A run of a feature file in virtual time: how it ended, what it told, and its journal.
fn run(feature: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let mut args = vec!["run", feature, "--virtual", "--seed", "7", "--out", out];
    args.extend(more);
    let (code, told) = counterproof(&args);
    let journal = format!("{out}/run.ndjson");
    let (checked, verdict) = counterproof(&["check", &journal]);
    assert_eq!(checked, code, "the journal alone gives the same verdict: {verdict}");
    (code, told, fs::read_to_string(&journal).unwrap())
}

/// Writes a file for a run.
fn written(folder: &tempfile::TempDir, name: &str, text: &str) -> String {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

fn without_replays() -> String {
    let kept: Vec<&str> = FEATURE.lines().filter(|line| !line.contains("replays the order")).collect();
    kept.join("\n")
}

fn records(journal: &str) -> Vec<Value> {
    journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn without_the_replay_what_was_lost_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    let (code, told, _) = run(&written(&folder, "a.feature", &without_replays()), &[]);
    assert_eq!(code, Some(1), "{told}");
    let failed = told.lines().filter(|line| line.contains("✗ FAIL") && line.ends_with("E13")).count();
    assert_eq!(failed, 5, "{told}");
    let missing = "when it was restored, and nobody brought it back.  [E13]";
    assert!(told.contains("The ERP lost reservation ") && told.contains(missing), "{told}");
}

#[test]
fn with_it_everything_is_there_again_and_no_event_shares_its_number() {
    let (code, told, journal) = run(RESTORED, &["--repeat", "3"]);
    assert_eq!(code, Some(0), "{told}");
    let records = records(&journal);
    let lost = records.iter().filter(|record| record["kind"] == "effect_lost").count();
    let again = records.iter().filter(|record| record["again"] == true).count();
    assert!(lost >= 3 * 15 && lost == again, "{lost} {again}");
    let numbers: Vec<&Value> = records
        .iter()
        .filter(|record| record["kind"] == "effect" && record["effect"] == "event_raised")
        .map(|record| &record["event_id"])
        .collect();
    let different: BTreeSet<String> = numbers.iter().map(ToString::to_string).collect();
    assert_eq!(different.len(), numbers.len());
    assert!(run(RESTORED, &["--repeat", "3"]).2 == journal, "equal seeds give equal bytes");
}

#[test]
fn a_plan_restores_a_system_before_the_call_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let (feature, plan) = (written(&folder, "a.feature", PLAIN), written(&folder, "plan.json", PLAN));
    let (code, told, journal) = run(&feature, &["--faults", &plan]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("[E13]") && told.contains("The ERP lost sales order "), "{told}");
    let records = records(&journal);
    let happened = records.iter().position(|record| record["kind"] == "fault_injected").unwrap();
    assert_eq!(records[happened]["fault"], "the ERP comes back older");
    assert_eq!(records[happened + 1]["kind"], "effect_lost");
}
