//! Whatever an implementation or an author puts into text: no report breaks, and none gives orders to a terminal.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use counterproof_reports::{LawTally, Look, RunReport, Terminal, junit};
use proptest::prelude::*;
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use crate::journal::{self, Journal};

#[derive(Debug, Clone)]
struct Told {
    path: String,
    name: String,
    verdict: &'static str,
    reason: String,
    message: Option<String>,
    sentence: Option<String>,
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-c]{0,2}",
        "[ \\t\\r\\n]{0,3}",
        Just("]]></failure>&<!--\u{0}\u{1b}[2J\u{fffe}\u{202e}".to_owned()),
        "[<>&'\"\\]\\x00-\\x1f\u{85}\u{fffe}\u{ffff}]{0,8}",
    ]
}

fn told() -> impl Strategy<Value = Told> {
    let verdict = prop_oneof![Just("pass"), Just("fail"), Just("inconclusive")];
    (anything(), anything(), verdict, anything(), prop::option::of(anything()), prop::option::of(anything()))
        .prop_map(|(path, name, verdict, reason, message, sentence)| Told {
            path,
            name,
            verdict,
            reason,
            message,
            sentence,
        })
}

fn run_of(scenarios: &[Told]) -> RunReport {
    let mut journal = Journal::begin("reference");
    let mut violations = Vec::new();
    for (index, told) in scenarios.iter().enumerate() {
        let id = format!("s{index}");
        journal.scenario(&id, &told.path, 7, &told.name);
        let seq = journal.call(Some(&id), ("middleware", "erp"), &told.reason, &told.name, None);
        if told.message.is_some() {
            journal.step(&id, ("Then", &told.name, 9), "failed", told.message.as_deref());
        }
        journal.ends(&id, told.verdict, &[&told.reason], 5);
        if let Some(sentence) = &told.sentence {
            violations.push(journal::violation(&told.name, &id, sentence, &[seq]));
        }
    }
    journal.end("pass");
    RunReport::from_records(&journal.0, violations, LawTally::default())
}

proptest! {
    #[test]
    fn no_text_breaks_a_report(scenarios in prop::collection::vec(told(), 0..6), counter in prop::option::of(0..9_usize)) {
        let run = run_of(&scenarios);
        let mut terminal = Terminal::new(Vec::new(), Look { counter, ..Look::default() });
        terminal.whole(&run, 1).unwrap();
        let text = String::from_utf8(terminal.into_inner()).unwrap();
        prop_assert!(!text.chars().any(|letter| letter.is_control() && letter != '\n'), "{text:?}");

        let mut xml = Vec::new();
        junit::write(&run, &mut xml).unwrap();
        let xml = String::from_utf8(xml).unwrap();
        let read = Report::deserialize_from_str(&xml);
        prop_assert!(read.is_ok(), "{:?}\n{xml}", read.err());
        let cases: Vec<_> = read.unwrap().test_suites.into_iter().flat_map(|suite| suite.test_cases).collect();
        prop_assert_eq!(cases.len(), scenarios.len());

        let names: BTreeSet<_> = cases.iter().map(|case| (case.classname.clone(), case.name.clone())).collect();
        prop_assert_eq!(names.len(), cases.len(), "a reader drops a second case of the same name");
        let failures = cases.iter().filter(|case| {
            matches!(case.status, TestCaseStatus::NonSuccess { kind: NonSuccessKind::Failure, .. })
        });
        let expected = scenarios.iter().filter(|told| told.verdict == "fail" || told.sentence.is_some());
        prop_assert_eq!(failures.count(), expected.count());
    }
}
