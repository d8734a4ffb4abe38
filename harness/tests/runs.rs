//! Whole runs of the command, over real HTTP, against the reference and against implementations that lie.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Output,
};

use common::{counterproof, told};
use serde_json::Value;
use wiremock::{Mock, MockServer, ResponseTemplate, matchers};

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn journal(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("run.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// First of ten consecutive ports that were free a moment ago.
fn free_block() -> u16 {
    (0..100)
        .find_map(|_| {
            let first = std::net::TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
            let all =
                (first..first.checked_add(10)?).map(|port| std::net::TcpListener::bind(("127.0.0.1", port)));
            all.collect::<Result<Vec<_>, _>>().is_ok().then_some(first)
        })
        .unwrap()
}

#[test]
fn the_central_case_passes_and_its_journal_is_judged_alike_again() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    let run = counterproof(&["run", "scenarios/returns/store_return.feature:11", "--out", folder]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    assert!(stdout(&run).contains("One item after a partial shipment, with a promotion"));

    let junit = fs::read_to_string(out.path().join("junit.xml")).unwrap();
    assert!(junit.contains("tests=\"1\"") && junit.contains("failures=\"0\""), "{junit}");

    let kinds: BTreeSet<String> =
        journal(out.path()).iter().map(|record| record["kind"].as_str().unwrap().to_owned()).collect();
    for kind in ["run_started", "exchange", "effect", "settled", "scenario_finished", "run_finished"] {
        assert!(kinds.contains(kind), "no {kind} in {kinds:?}");
    }

    let check = counterproof(&["check", folder]);
    assert_eq!(check.status.code(), Some(0), "{}", told(&check));
    assert!(stdout(&check).contains("1 passed"), "{}", stdout(&check));
}

#[test]
fn what_chaos_would_deprive_of_its_story_is_left_out_and_said_to_be() {
    let path = "scenarios/batch/count_files.feature";
    let out = tempfile::tempdir().unwrap();
    let run = counterproof(&[
        "run",
        path,
        "--virtual",
        "--chaos",
        "1",
        "--seed",
        "1",
        "--out",
        out.path().to_str().unwrap(),
    ]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let sentence = "omitted: 1 scenario: what is told there does not happen under --chaos\n  = The receipt for a file of counts is lost\n";
    assert!(told(&run).contains(sentence), "{}", told(&run));
    let calm = counterproof(&["run", path, "--virtual", "--out", out.path().to_str().unwrap()]);
    assert!(!told(&calm).contains("omitted"), "{}", told(&calm));
    assert!(stdout(&calm).contains("The receipt for a file of counts is lost"), "{}", told(&calm));
}

#[test]
fn a_truncated_journal_is_judged_up_to_the_break_and_is_no_pass() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    let run = counterproof(&["run", "scenarios/orders/plain_order.feature:22", "--out", folder]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let path = out.path().join("run.ndjson");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() * 2 / 3]).unwrap();
    let check = counterproof(&["check", folder]);
    assert_eq!(check.status.code(), Some(5), "{}", told(&check));
    assert!(stdout(&check).contains("breaks off at line"), "{}", stdout(&check));
    assert!(stdout(&check).contains("everything before was judged"), "{}", stdout(&check));
}

/// Each scenario's facts, without instants and without the interim views that channels were shown.
fn story(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut story: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut record in journal(folder) {
        let kind = record["kind"].as_str().unwrap().to_owned();
        let effect = record["effect"].as_str().unwrap_or_default().to_owned();
        let interim = ["status_shown", "timeline_written", "event_raised"].contains(&effect.as_str());
        if !["effect", "step_finished"].contains(&kind.as_str()) || interim {
            continue;
        }
        let fields = record.as_object_mut().unwrap();
        for field in ["seq", "at"] {
            fields.remove(field);
        }
        let scenario = fields["scenario"].as_str().unwrap().to_owned();
        without_instants(&mut record);
        story.entry(scenario).or_default().push(record.to_string());
    }
    story.values_mut().for_each(|facts| facts.sort());
    story
}

fn without_instants(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| {
                value.as_str().is_none_or(|text| text.parse::<jiff::Timestamp>().is_err())
            });
            fields.values_mut().for_each(without_instants);
        }
        Value::Array(items) => items.iter_mut().for_each(without_instants),
        _ => {}
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    // Where two nodes ship at once, a live run may number their parcels either way, and where goods leave while they
    // are being canceled, either comes first: those are left out. In virtual time nothing is.
    let paths = [
        "scenarios/orders/plain_order.feature",
        "scenarios/orders/channels_and_tenders.feature",
        "scenarios/orders/rejected_order.feature",
        "scenarios/returns/store_return.feature",
        "scenarios/returns/mail_return.feature",
        "--seed",
        "20261124",
    ];
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for out in [&first, &second] {
        let mut args = vec!["run"];
        args.extend(paths);
        args.extend(["--out", out.path().to_str().unwrap()]);
        let run = counterproof(&args);
        assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    }
    let (first, second) = (story(first.path()), story(second.path()));
    assert!(first.len() > 15 && first.values().all(|facts| facts.len() > 5), "the story is thin");
    for (scenario, facts) in &first {
        let other = &second[scenario];
        let only = |these: &Vec<String>, those: &Vec<String>| {
            these.iter().filter(|fact| !those.contains(fact)).cloned().collect::<Vec<_>>()
        };
        assert_eq!((only(facts, other), only(other, facts)), (vec![], vec![]), "{scenario}");
        assert_eq!(facts.len(), other.len(), "{scenario}");
    }
    assert_eq!(first.len(), second.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_implementation_that_lies_fails_and_the_run_survives_it() {
    let liar = MockServer::start().await;
    let healthy = r#"{"status":"ready","version":"1"}"#;
    Mock::given(matchers::path("/healthz"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(healthy, "application/json"))
        .mount(&liar)
        .await;
    Mock::given(matchers::method("POST"))
        .respond_with(ResponseTemplate::new(201).set_body_raw("<html>everything is fine</html>", "text/html"))
        .mount(&liar)
        .await;
    let (uri, ports) = (liar.uri(), free_block().to_string());
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap().to_owned();
    let run = tokio::task::spawn_blocking(move || {
        counterproof(&[
            "run",
            "scenarios/orders/plain_order.feature",
            "--target",
            &uri,
            "--ports",
            &ports,
            "--timeout",
            "1",
            // What fails is not played again.
            "--retries",
            "2",
            "--out",
            &folder,
        ])
    })
    .await
    .unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", told(&run));
    assert!(stdout(&run).contains("3: 0 passed, 3 failed\n"), "{}", stdout(&run));
    assert!(stdout(&run).contains("expected order"), "{}", stdout(&run));
}

#[test]
fn scenarios_that_kill_are_left_out_for_a_target_that_was_not_started_here_and_said_to_be() {
    let run = counterproof(&["run", "scenarios/resilience/crash.feature", "--target", "http://127.0.0.1:9"]);
    assert_eq!(run.status.code(), Some(4), "nothing is left to run: {}", told(&run));
}

const KILLING: &str = r#"Feature: Killing
  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: Not said to kill
    When the middleware is killed and started again
    Then every system agrees

  Scenario: Not said to kill in the middle
    Given the middleware dies before the ERP carries out the sales order
    Then every system agrees

  Scenario: Not said to kill at a message
    Given the middleware dies before it acknowledges the shipping notice
    Then every system agrees

  Scenario: Not said to kill at a file
    Given "Store 12" works with files only
    And the middleware dies before it acknowledges the store's file
    Then every system agrees

  @restart
  Scenario: Said to kill
    When the middleware is killed and started again
    And a customer orders 1 "linen shirt" in the web shop
    Then every system agrees
"#;

#[test]
fn what_kills_says_so_by_a_tag_as_it_kills_for_every_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("killing.feature");
    fs::write(&path, KILLING).unwrap();
    let out = folder.path().join("run");
    let run = counterproof(&["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(5), "{}", told(&run));
    let text = stdout(&run);
    assert!(text.contains("1 passed, 4 inconclusive"), "{text}");
    assert_eq!(text.matches("tag this one @restart").count(), 4, "{text}");
    let killed = journal(&out).iter().filter(|record| record["kind"] == "fault_injected").count();
    assert_eq!(killed, 1, "{text}");
}

const REFUSING: &str = r#"Feature: Refusing
  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @serial
  Scenario: Nobody opens the gate again
    When the ERP refuses connections
    And a customer orders 1 "linen shirt" in the web shop
    Then the order is placed

  Scenario: Not alone
    When the ERP refuses connections
    Then the ERP holds 0 sales orders

  Scenario: Another
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees
"#;

#[test]
fn a_system_that_refuses_connections_does_so_for_one_scenario_that_is_played_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refusing.feature");
    fs::write(&path, REFUSING).unwrap();
    let out = folder.path().join("run");
    let run = counterproof(&["run", path.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(5), "{}", told(&run));
    let text = stdout(&run);
    assert!(text.contains("2 passed") && text.contains("tag this one @serial"), "{text}");
    let journal = journal(&out);
    let alone: Vec<_> = journal
        .iter()
        .skip_while(|record| record["tags"][0] != "serial")
        .take_while(|record| record["kind"] != "scenario_finished")
        .collect();
    let id = &alone[0]["scenario"];
    assert!(alone.len() > 5 && alone.iter().all(|record| record["scenario"] == *id), "others are on stage");
    let refusal = alone.iter().find(|record| record["kind"] == "fault_injected").unwrap();
    assert_eq!(refusal["fault"], "the ERP refuses connections");
}

#[test]
fn perturbed_deliveries_end_alike_live_under_identities_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let feature = "scenarios/fulfillment/split_shipment.feature:6";
    let run =
        counterproof(&["run", feature, "--perturb", "2", "--seed", "5", "--out", out.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let journal = journal(&out);
    let started: Vec<&Value> = journal.iter().filter(|record| record["kind"] == "scenario_started").collect();
    assert_eq!(started.len(), 3, "{}", told(&run));
    let tags: std::collections::BTreeSet<&str> =
        started.iter().filter_map(|record| record["scenario"].as_str()?.split('.').next()).collect();
    assert_eq!(tags.len(), 3, "each play has identifiers of its own: {tags:?}");
    let disturbed = |record: &&Value| record["kind"] == "fault_injected";
    let id = &started[0]["scenario"];
    assert!(
        journal.iter().filter(disturbed).all(|record| record["scenario"] != *id),
        "the plain play is plain"
    );
    assert!(journal.iter().any(|record| disturbed(&record)), "nothing was perturbed");
}
