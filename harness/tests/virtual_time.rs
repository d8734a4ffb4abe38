//! Virtual time: equal seeds give equal bytes, both clocks agree, and no crash at any point does harm.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::{
    fs,
    num::NonZeroUsize,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use common::{counterproof, told};
use counterproof::{
    features::Script,
    perturb::{self, End},
    sweep,
    target::{Implementation, InProcessReference, Surroundings},
    virtual_time::{Factory, Played, Rehearsal, pack, reference},
};
use counterproof_contracts::journal::Verdict;
use counterproof_middleware::door::store::{Batch, MemoryStore, Store, StoreError};
use counterproof_simulators::kernel::{Network, NetworkError};
use futures::future::BoxFuture;

/// The journal of a run in virtual time by a process of its own: two scenarios, each with 200 seeds.
fn journal(level: &str, jobs: &str) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    let run = counterproof(&[
        "run",
        "scenarios/returns/store_return.feature:11",
        "scenarios/resilience/erp_outage.feature:34",
        "--virtual",
        "--seed",
        "1000",
        "--repeat",
        "200",
        "--chaos",
        level,
        "--jobs",
        jobs,
        "--out",
        folder,
    ]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    fs::read(out.path().join("run.ndjson")).unwrap()
}

#[test]
fn the_same_seeds_give_the_same_bytes_in_two_processes_for_200_seeds() {
    let (first, second) = (journal("3", "1"), journal("3", "2"));
    let (first, second) = (String::from_utf8(first).unwrap(), String::from_utf8(second).unwrap());
    for (number, (one, other)) in first.lines().zip(second.lines()).enumerate() {
        assert_eq!(one, other, "line {}", number + 1);
    }
    assert_eq!(first.len(), second.len());
    let seeds = first.lines().filter(|line| line.contains("scenario_started")).count();
    assert_eq!(seeds, 400, "two scenarios with 200 seeds each");
}

#[test]
fn no_midnight_and_no_change_of_clocks_makes_a_difference() {
    let nights = [
        "2026-10-25T00:59:59.9Z", // clocks go back in Europe
        "2026-11-01T05:59:59.9Z", // clocks go back in New York
        "2027-03-28T00:59:59.9Z", // clocks go forward in Europe
        "2026-12-31T23:59:59.9Z", // a year ends
        "2028-02-28T23:59:59.9Z", // a day that few years have begins
    ];
    let mut scripts = pack("not @never").unwrap();
    scripts.truncate(40);
    for night in nights {
        let mut rehearsal = Rehearsal::new(7).unwrap();
        rehearsal.starts_at = night.parse().unwrap();
        for (index, script) in scripts.iter().enumerate() {
            let played = rehearsal.play(script, index, Box::new(InProcessReference::default())).unwrap();
            let result = &played.finished.result;
            assert_eq!(
                result.verdict,
                Verdict::Pass,
                "{night} {}: {:?}",
                script.planned.name,
                result.reasons
            );
        }
    }
}

/// The faults that happened, as the journal of a run tells them.
fn faults_of(journal: &Path) -> std::collections::BTreeSet<String> {
    let text = fs::read_to_string(journal).unwrap();
    let records = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let faults = records.filter(|record| record["kind"] == "fault_injected");
    let told = |fault: serde_json::Value| {
        let place = ["fault", "link", "operation", "order", "key", "attempt", "misfortune"];
        place.map(|field| fault[field].to_string()).join(" ")
    };
    faults.map(told).collect()
}

#[test]
fn a_plan_hits_the_same_messages_live_and_in_virtual_time() {
    let folder = tempfile::tempdir().unwrap();
    let plan = folder.path().join("plan.json");
    let text = r#"{ "format": "counterproof-faults/1", "name": "a bad day", "faults": [
        { "name": "lost booking", "link": "middleware->erp", "operation": "createSalesOrder", "order": 1,
          "misfortune": { "kind": "lose_answer" } },
        { "name": "busy", "link": "middleware->psp", "operation": "refundPayment",
          "attempts": { "from": 1, "to": 2 }, "misfortune": { "kind": "error_answer", "status": 503 } },
        { "name": "twice", "link": "wms->middleware", "attempts": { "from": 1 },
          "misfortune": { "kind": "duplicate", "times": 1, "new_id": true } },
        { "name": "late", "link": "wms->middleware", "operation": "retail.shipment.packed.v1",
          "misfortune": { "kind": "delay", "ms": 300 } }
    ] }"#;
    fs::write(&plan, text).unwrap();
    let happened = |more: &[&str]| {
        let out = folder.path().join(more.len().to_string());
        let mut args = vec!["run", "scenarios/returns/store_return.feature:11", "--seed", "77"];
        args.extend(["--faults", plan.to_str().unwrap(), "--out", out.to_str().unwrap()]);
        args.extend(more);
        let run = counterproof(&args);
        assert_eq!(run.status.code(), Some(0), "{}", told(&run));
        faults_of(&out.join("run.ndjson"))
    };
    let (live, on_paused_clock) = (happened(&[]), happened(&["--virtual"]));
    assert!(live.len() > 5, "hardly anything happened: {live:?}");
    assert_eq!(live, on_paused_clock);
}

/// Says that it is busy, to whatever it is told.
struct Busy;

impl Implementation for Busy {
    fn start(&mut self, _surroundings: Surroundings) -> Result<Network, String> {
        let busy = |_request| async {
            let answer = http::Response::builder().status(503).body(bytes::Bytes::new());
            answer.map_err(|error| NetworkError::Other(error.to_string()))
        };
        Ok(Network::new(tower::service_fn(busy)))
    }

    fn kill(&mut self) {}
}

#[test]
fn what_never_comes_to_rest_is_a_failure_that_lists_what_stayed_open() {
    let played = Rehearsal::new(7).unwrap().play(&flows()[0], 0, Box::new(Busy)).unwrap();
    let result = &played.finished.result;
    assert_eq!(result.verdict, Verdict::Fail);
    let liveness = result.reasons.iter().find(|reason| reason.starts_with("no rest within")).unwrap();
    assert!(liveness.contains("still open: ") && liveness.contains("submitOrder"), "{liveness}");
}

/// Flows whose every point is tried: each another chain of calls.
const FLOWS: [&str; 6] = [
    "One order from checkout to the customer's door",
    "One of three units; the others ship",
    "Gift card first, the rest by card",
    "One order from two warehouses",
    "One item after a partial shipment, with a promotion",
    "Received, graded, refunded",
];

fn flows() -> Vec<Script> {
    let all = pack("not @never").unwrap();
    FLOWS.iter().map(|name| all.iter().find(|script| script.planned.name == *name).unwrap().clone()).collect()
}

fn play(scripts: &[Script], factory: &Factory) -> Vec<Played> {
    let mut all = Vec::new();
    let take = |played| {
        all.push(played);
        Ok(())
    };
    let jobs = NonZeroUsize::new(2).unwrap();
    Rehearsal::new(7).unwrap().play_all(scripts, jobs, factory, &AtomicBool::new(false), take).unwrap();
    all
}

fn with_crashes(scripts: &[Script]) -> Vec<Script> {
    let played = play(scripts, &reference());
    let variants = scripts.iter().zip(&played).map(|(script, played)| {
        assert_eq!(played.finished.result.verdict, Verdict::Pass, "{}", script.planned.name);
        played.recording.with_records(|records| sweep::with_crashes(script, &played.finished.id, records))
    });
    variants.flatten().collect()
}

#[test]
fn the_reference_survives_a_crash_at_every_point_of_six_flows() {
    let variants = with_crashes(&flows());
    assert!(variants.len() > 300, "too few points: {}", variants.len());
    for played in play(&variants, &reference()) {
        let Played { finished, .. } = &played;
        assert_eq!(
            finished.result.verdict,
            Verdict::Pass,
            "{}: {:?}",
            finished.planned,
            finished.result.reasons
        );
    }
}

/// A store that forgets what the middleware is about to tell its partners: an outbox that is not kept.
#[derive(Default)]
struct Forgetful(MemoryStore);

impl Store for Forgetful {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get(key)
    }

    fn scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        if prefix.starts_with("task/") { Ok(Vec::new()) } else { self.0.scan(prefix) }
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), StoreError>> {
        self.0.commit(batch)
    }
}

#[test]
fn a_crash_shows_an_outbox_that_is_not_kept() {
    let central_case = &flows()[..1];
    let forgetful: Factory = Arc::new(|| Box::new(InProcessReference::over(Arc::new(Forgetful::default()))));
    let unharmed = play(central_case, &forgetful);
    assert!(unharmed.iter().all(|played| played.finished.result.verdict == Verdict::Pass));
    let played = play(&with_crashes(central_case), &forgetful);
    let failed = played.iter().filter(|played| played.finished.result.verdict == Verdict::Fail).count();
    assert!(failed * 2 > played.len(), "only {failed} of {} crashes showed it", played.len());
}

#[test]
fn a_recorded_scenario_is_played_again_byte_for_byte() {
    let (first, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = first.path().to_str().unwrap();
    let place = "scenarios/orders/plain_order.feature";
    let args = ["run", place, "--virtual", "--seed", "5", "--crash-everywhere", "--out", folder];
    let run = counterproof(&args);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let journal = fs::read_to_string(first.path().join("run.ndjson")).unwrap();
    let id_of = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let crash = record["name"].as_str().is_some_and(|name| name.contains("killed"));
        crash.then(|| record["scenario"].as_str().unwrap().to_owned())
    };
    let id = journal.lines().rev().find_map(id_of).unwrap();
    let replay =
        counterproof(&["replay", &format!("{folder}:{id}"), "--out", again.path().to_str().unwrap()]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(
        records_of(&again.path().join("run.ndjson"), &id),
        records_of(&first.path().join("run.ndjson"), &id)
    );

    let wrong = counterproof(&["replay", &format!("{folder}:NOBODY")]);
    assert_eq!(wrong.status.code(), Some(3), "{}", told(&wrong));
    assert!(told(&wrong).contains("the nearest is"), "{}", told(&wrong));
}

/// A scenario's records, without their numbers.
fn records_of(journal: &Path, id: &str) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(journal).unwrap();
    let mut records: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    records.retain(|record| record["scenario"] == id);
    records.iter_mut().for_each(|record| drop(record.as_object_mut().unwrap().remove("seq")));
    assert!(records.len() > 20, "{id} is hardly there");
    records
}

#[test]
fn perturbed_deliveries_end_alike_and_one_is_played_again_by_its_name() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("run");
    let run = counterproof(&[
        "run",
        "scenarios/fulfillment/split_shipment.feature:6",
        "--virtual",
        "--seed",
        "5",
        "--perturb",
        "2",
        "--out",
        folder.to_str().unwrap(),
    ]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let journal = fs::read_to_string(folder.join("run.ndjson")).unwrap();
    assert!(
        journal.contains("\"perturb\":2") && journal.contains("chaos on wms->middleware"),
        "{}",
        told(&run)
    );
    let variant = journal
        .lines()
        .filter(|line| line.contains("scenario_started") && line.contains("perturbed (2)"))
        .find_map(|line| line.split_once("\"scenario\":\"")?.1.split('"').next())
        .unwrap();
    let again = out.path().join("again");
    let replay = counterproof(&[
        "replay",
        &format!("{}:{variant}", folder.display()),
        "--out",
        again.to_str().unwrap(),
    ]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    let replayed = fs::read_to_string(again.join("run.ndjson")).unwrap();
    assert!(replayed.contains("perturbed (2)") && !replayed.contains("perturbed (1)"));
}

#[test]
fn a_perturbed_play_that_ends_otherwise_than_the_plain_one_fails() {
    let script = pack("@RET-001").unwrap().swap_remove(0);
    let play = |plain: &End| {
        let variant = perturb::variants(&script, 1, plain, false).swap_remove(0);
        let rehearsal = Rehearsal::new(7).unwrap();
        rehearsal.play(&variant, 0, Box::new(InProcessReference::default())).unwrap()
    };
    let plain = Rehearsal::new(7).unwrap().play(&script, 0, Box::new(InProcessReference::default())).unwrap();
    let same = play(&plain.recording.end_of(&plain.finished.id));
    assert_eq!(same.finished.result.verdict, Verdict::Pass, "{:?}", same.finished.result.reasons);
    let other = play(&End::default());
    assert_eq!(other.finished.result.verdict, Verdict::Fail);
    let reasons = other.finished.result.reasons.concat();
    assert!(
        reasons.contains("nothing when played plainly")
            && reasons.contains("deliveries perturbed (1).  [E3]"),
        "{reasons}"
    );
}

#[test]
fn what_takes_longer_than_declared_fails_and_says_how_long_it_took() {
    const LATE: &str = "Feature: Late
  Scenario: The ERP is away while the customer waits
    Given 5 \"linen shirt\" are in stock at \"Warehouse North\"
    And the ERP asks for 10 minutes of patience with the sales order
    When a customer orders 1 \"linen shirt\" in the web shop
    And 11 minutes pass
    Then the order is accepted
    And it took no longer than 5 minutes
  Scenario: Agreement comes late
    Given 5 \"linen shirt\" are in stock at \"Warehouse North\"
    And the ERP asks for 10 minutes of patience with the sales order
    When a customer orders 1 \"linen shirt\" in the web shop
    And 11 minutes pass
    Then every system agreed within 5 minutes of the last thing that went wrong
  Scenario: Nothing went wrong
    Given 5 \"linen shirt\" are in stock at \"Warehouse North\"
    When a customer orders 1 \"linen shirt\" in the web shop
    Then every system agreed within 5 minutes of the last thing that went wrong
";
    let out = tempfile::tempdir().unwrap();
    let path = out.path().join("late.feature");
    fs::write(&path, LATE).unwrap();
    let folder = out.path().join("run");
    let run = counterproof(&["run", path.to_str().unwrap(), "--virtual", "--out", folder.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(1), "{}", told(&run));
    let text = told(&run);
    for expected in [
        "expected no more than 300.0 s; it took",
        "expected agreement within 300000 ms; the ",
        "nothing went wrong that a system had to recover from",
        "2 failed, 1 inconclusive",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn a_whole_day_at_once_reaches_the_erp_no_faster_than_the_policy_says() {
    const DAY: &str = "Feature: A whole day at once
  Scenario: A store hands in its orders
    Given \"Store 27\" works with files only
    And 15 \"linen shirt\" are in stock at \"Warehouse North\"
    And the ERP takes no more documents a second than was agreed
    When 15 customers order 1 \"linen shirt\" in the store
    And the store sends its file of orders
    Then every order is in fulfillment
    And the ERP has never asked to wait
    And every system agrees
";
    let out = tempfile::tempdir().unwrap();
    let (path, policy) = (out.path().join("day.feature"), out.path().join("policy.json"));
    fs::write(&path, DAY).unwrap();
    fs::write(&policy, r#"{"rates": {"erp": {"per_second": 10, "burst": 5}}}"#).unwrap();
    let run = counterproof(&[
        "run",
        path.to_str().unwrap(),
        "--virtual",
        "--policy",
        policy.to_str().unwrap(),
        "--out",
        out.path().join("run").to_str().unwrap(),
    ]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
}
