//! What users see, byte by byte, for runs that pass, fail and could not be told.

#![expect(clippy::expect_used, reason = "a test")]

mod hostile;
mod journal;

use counterproof_contracts::{invariants::Violation, journal::Verdict};
use counterproof_reports::{LawTally, Look, RunReport, Terminal, junit};
use journal::{Journal, books_twice, passes};
use serde_json::json;

fn report(journal: &Journal, violations: Vec<Violation>) -> RunReport {
    RunReport::from_records(&journal.0, violations, LawTally { laws: 38, checks: 784 })
}

fn terminal(run: &RunReport, look: Look, exit_code: u8) -> String {
    let mut terminal = Terminal::new(Vec::new(), look);
    terminal.whole(run, exit_code).expect("a vector takes everything");
    String::from_utf8(terminal.into_inner()).expect("text")
}

fn xml(run: &RunReport) -> String {
    let mut out = Vec::new();
    junit::write(run, &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("text")
}

fn passing() -> RunReport {
    let mut journal = Journal::begin("reference");
    journal.omits("scenarios/orders.feature", 40, "a year later", "they would take long");
    passes(&mut journal, "s2", "scenarios/orders.feature", 20, "a marketplace order");
    passes(&mut journal, "s1", "scenarios/orders.feature", 9, "a web order (2 lines)");
    journal.end("pass");
    report(&journal, Vec::new())
}

fn failing() -> RunReport {
    let mut journal = Journal::begin("http://127.0.0.1:8080");
    passes(&mut journal, "s1", "scenarios/orders.feature", 9, "a web order (2 lines)");
    let violation = books_twice(&mut journal, "s2", 14, "the answer to a sales order is lost");
    for _ in 0..2 {
        journal.call(None, ("middleware", "erp"), "createInvoice", "k", Some(404));
    }
    journal.end("fail");
    report(&journal, vec![violation])
}

fn inconclusive() -> RunReport {
    let mut journal = Journal::begin("http://127.0.0.1:8080");
    journal.scenario("s1", "scenarios/outages.feature", 5, "the ERP is down for an hour");
    let message = "no rest within 20 s\nopen: erp.createSalesOrder (attempt 7)";
    journal.step("s1", ("Then", "every system agrees", 8), "inconclusive", Some(message));
    journal.ends("s1", "inconclusive", &["the declared fault never happened"], 20_000);
    journal.scenario("s2", "scenarios/outages.feature", 30, "the warehouse is down");
    report(&journal, Vec::new())
}

#[test]
fn a_run_that_passes() {
    let run = passing();
    assert_eq!(run.verdict, Verdict::Pass);
    insta::assert_snapshot!("pass_terminal", terminal(&run, Look::default(), 0));
    insta::assert_snapshot!("pass_junit", xml(&run));
}

#[test]
fn a_run_that_fails() {
    let run = failing();
    assert_eq!(run.verdict, Verdict::Fail);
    insta::assert_snapshot!(
        "fail_terminal",
        terminal(&run, Look { color: false, counter: Some(2), quiet: false }, 1)
    );
    insta::assert_snapshot!("fail_junit", xml(&run));
    let quiet = terminal(&run, Look { quiet: true, ..Look::default() }, 1);
    let lines = terminal(&run, Look::default(), 1);
    let passed: Vec<&str> = lines.lines().filter(|line| !quiet.lines().any(|told| told == *line)).collect();
    assert!(passed.len() == 1 && passed[0].contains("✓ PASS"), "{passed:?}");
}

#[test]
fn a_run_that_could_not_be_told() {
    let run = inconclusive();
    assert_eq!(run.verdict, Verdict::Inconclusive);
    insta::assert_snapshot!("inconclusive_terminal", terminal(&run, Look::default(), 5));
    insta::assert_snapshot!("inconclusive_junit", xml(&run));
}

/// Of one scenario something could be told when it was played again, of another not even then.
fn played_again(last: &str) -> Journal {
    let mut journal = Journal::begin("reference");
    let path = "scenarios/orders.feature";
    let never = "the declared fault never happened";
    journal.scenario("s1", path, 9, "a web order (2 lines)");
    journal.ends_to_be_played_again("s1", never);
    journal.scenario("s2", path, 20, "a marketplace order");
    journal.ends_to_be_played_again("s2", never);
    passes(&mut journal, "s1-2", path, 9, "a web order (2 lines)");
    if last == "pass" {
        passes(&mut journal, "s2-2", path, 20, "a marketplace order");
    } else {
        journal.scenario("s2-2", path, 20, "a marketplace order");
        journal.ends("s2-2", last, &[never], 3_100);
    }
    journal.end(last);
    journal
}

#[test]
fn a_run_that_played_again_what_could_not_be_told() {
    let run = report(&played_again("pass"), Vec::new());
    assert_eq!((run.verdict, run.scenarios.len(), run.superseded.len()), (Verdict::Pass, 2, 2));
    let run = report(&played_again("inconclusive"), Vec::new());
    assert_eq!((run.verdict, run.count(Verdict::Inconclusive)), (Verdict::Inconclusive, 1));
    insta::assert_snapshot!("again_terminal", terminal(&run, Look::default(), 5));
    insta::assert_snapshot!("again_junit", xml(&run));
}

#[test]
fn a_law_that_was_broken_counts_however_often_it_was_played_again() {
    let broken = journal::violation("X-ONCE", "s1", "Order W-1 exists twice in the ERP.", &[3]);
    assert_eq!(report(&played_again("pass"), vec![broken]).verdict, Verdict::Fail);
}

#[test]
fn many_failures_with_one_cause_are_told_once() {
    let mut journal = Journal::begin("reference");
    let violations = (0..5)
        .map(|index| {
            books_twice(&mut journal, &format!("s{index}"), 10 + index * 10, &format!("example {index}"))
        })
        .collect();
    journal.end("fail");
    let run = report(&journal, violations);
    let text = terminal(&run, Look::default(), 1);
    assert_eq!(text.matches("agree?").count(), 1);
    insta::assert_snapshot!("same_cause_terminal", text);
}

#[test]
fn colors_change_nothing_but_colors() {
    let run = failing();
    let colored = terminal(&run, Look { color: true, ..Look::default() }, 1);
    assert!(colored.contains("\u{1b}[31;1m") || colored.contains("\u{1b}[1;31m"), "{colored:?}");
    let mut plain = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').expect("a color ends").1;
    }
    plain.push_str(rest);
    assert_eq!(plain, terminal(&run, Look::default(), 1));
}

#[test]
fn the_same_journal_gives_the_same_bytes_and_no_secret() {
    for (one, two) in [(failing(), failing()), (inconclusive(), inconclusive())] {
        assert_eq!(terminal(&one, Look::default(), 1), terminal(&two, Look::default(), 1));
        assert_eq!(xml(&one), xml(&two));
        assert!(!format!("{}{}", terminal(&one, Look::default(), 1), xml(&one)).contains("tok_ok_secret"));
    }
}

#[test]
fn a_violation_outweighs_a_recorded_pass() {
    let mut journal = Journal::begin("reference");
    passes(&mut journal, "s1", "scenarios/orders.feature", 9, "a web order");
    journal.end("pass");
    let found = journal::violation("X-SUM", "s1", "Order W-1 was refunded 1.00 EUR too much.", &[4]);
    let run = report(&journal, vec![found]);
    assert_eq!((run.verdict, run.count(Verdict::Fail)), (Verdict::Fail, 1));
    assert_eq!(run.scenarios[0].violations[0].chain.len(), 1);
}

#[test]
fn a_violation_outside_all_scenarios_is_a_failure_of_the_run() {
    let mut journal = Journal::begin("reference");
    passes(&mut journal, "s1", "scenarios/orders.feature", 9, "a web order");
    journal.end("pass");
    let mut found =
        journal::violation("X-STOCK", "nobody", "SHIRT was sold 2 times more than there were.", &[1]);
    let unknown = report(&journal, vec![found.clone()]);
    found.scenario = None;
    for run in [unknown, report(&journal, vec![found])] {
        assert_eq!((run.verdict, run.count(Verdict::Fail), run.violations.len()), (Verdict::Fail, 0, 1));
        assert!(
            terminal(&run, Look::default(), 1)
                .contains("SHIRT was sold 2 times more than there were.  [X-STOCK]")
        );
        assert!(xml(&run).contains("type=\"X-STOCK\""));
    }
}

#[test]
fn nothing_and_half_of_it_is_no_pass() {
    let mut nothing = Journal::begin("reference");
    nothing.end("pass");
    assert_eq!(report(&nothing, Vec::new()).verdict, Verdict::Inconclusive);

    let mut half = Journal::begin("reference");
    passes(&mut half, "s1", "scenarios/orders.feature", 9, "a web order");
    let cut = report(&half, Vec::new());
    assert_eq!((cut.verdict, cut.incomplete), (Verdict::Inconclusive, true));
    half.add(None, &json!({ "kind": "run_finished", "verdict": "pass", "interrupted": true }));
    assert_eq!(report(&half, Vec::new()).verdict, Verdict::Inconclusive);
}

#[test]
fn a_scenario_that_never_began_is_told() {
    let mut journal = Journal::begin("reference");
    journal.ends("s9", "inconclusive", &["planned and not run"], 0);
    journal.end("inconclusive");
    let run = report(&journal, Vec::new());
    let text = terminal(&run, Look::default(), 5);
    assert!(text.contains("planned and not run") && text.contains("counterproof run --seed 42"), "{text}");
    assert!(!xml(&run).contains("file="));
}

#[test]
fn a_pass_without_a_beginning_is_no_pass() {
    let mut journal = Journal::begin("reference");
    passes(&mut journal, "s1", "scenarios/orders.feature", 9, "a web order");
    journal.ends("s2", "pass", &[], 10);
    journal.end("pass");
    let run = report(&journal, Vec::new());
    assert_eq!((run.verdict, run.count(Verdict::Inconclusive)), (Verdict::Inconclusive, 1));
}

#[test]
fn the_story_keeps_what_is_printed_only() {
    let mut journal = Journal::begin("reference");
    passes(&mut journal, "s1", "scenarios/orders.feature", 9, "a web order");
    for number in 0..500 {
        journal.call(None, ("middleware", "erp"), &format!("guess{number}"), "k", Some(404));
    }
    journal.end("pass");
    let run = report(&journal, Vec::new());
    assert_eq!(run.scenarios[0].steps, []);
    assert_eq!(run.quarantined.len(), 201);
    assert_eq!(run.quarantined.last().map(String::as_str), Some("300 further calls"));
}
