//! What cannot be told is played again where that is asked for, and what is wrong stays wrong.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::{fs, path::Path};

use common::{counterproof, told};
use serde_json::{Value, json};

const SCENARIO: &str = "scenarios/orders/plain_order.feature:22";

/// A plan whose one fault hits that share of what the storefront submits.
fn plan(folder: &Path, percent: u8) -> String {
    let plan = json!({ "format": "counterproof-faults/1", "name": "some orders are lost", "faults": [{
        "name": "an order is submitted in vain", "link": "storefront->middleware",
        "operation": "submitOrder", "percent": percent,
        "misfortune": { "kind": "lose_request", "ending": "reset" },
    }]});
    let path = folder.join("plan.json");
    fs::write(&path, plan.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Exit code, verdicts of the plays in order, and whether each was played again.
fn plays(seed: &str, percent: u8, more: &[&str]) -> (Option<i32>, Vec<(String, bool)>, String) {
    let out = tempfile::tempdir().unwrap();
    let (plan, folder) = (plan(out.path(), percent), out.path().join("run"));
    let args = ["run", SCENARIO, "--seed", seed, "--faults", &plan, "--out", folder.to_str().unwrap()];
    let run = counterproof(&[&args, more].concat());
    let journal = fs::read_to_string(folder.join("run.ndjson")).unwrap_or_else(|_| panic!("{}", told(&run)));
    let plays = journal
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|record| record["kind"] == "scenario_finished")
        .map(|end| (end["verdict"].as_str().unwrap().to_owned(), end["again"] == true))
        .collect();
    let check = counterproof(&["check", folder.to_str().unwrap()]);
    assert_eq!(check.status.code(), run.status.code(), "{}", told(&check));
    (run.status.code(), plays, told(&run))
}

fn again(plays: u32) -> Vec<(String, bool)> {
    (0..plays).map(|_| ("inconclusive".to_owned(), true)).collect()
}

#[test]
fn what_can_be_told_at_the_second_play_passes_and_the_first_is_not_hidden() {
    // With this seed the first play of the scenario is spared and the second is not.
    let (code, ended, text) = plays("1", 30, &["--retries", "3"]);
    assert_eq!((code, ended), (Some(0), [again(1), vec![("pass".to_owned(), false)]].concat()), "{text}");
    assert!(text.contains("1 passed, 1 played again") && text.contains("(is played again)"), "{text}");
    let (code, ended, text) = plays("1", 30, &[]);
    assert_eq!((code, ended), (Some(5), vec![("inconclusive".to_owned(), false)]), "{text}");
}

#[test]
fn what_is_perturbed_is_played_again_too() {
    // With this seed the plain play is hit, the first perturbed one is spared.
    let (code, ended, text) = plays("2", 30, &["--retries", "3", "--perturb", "1"]);
    let passed = || vec![("pass".to_owned(), false)];
    assert_eq!((code, ended), (Some(0), [passed(), again(1), passed()].concat()), "{text}");
}

#[test]
fn what_cannot_be_told_at_the_last_play_either_is_inconclusive() {
    // With this seed every play is spared.
    let (code, ended, text) = plays("8", 30, &["--retries", "2"]);
    assert_eq!(
        (code, ended),
        (Some(5), [again(2), vec![("inconclusive".to_owned(), false)]].concat()),
        "{text}"
    );
    assert!(text.contains("1 inconclusive, 2 played again"), "{text}");
}
