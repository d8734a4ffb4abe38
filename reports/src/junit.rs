//! JUnit XML, written for its weakest readers.
//!
//! GitLab shows the text of `failure`, not its message, and drops a second test case with the same class and
//! name; so the business sentence is the first line of the text, and names are made unique. A test suite is
//! a feature file, a test case a scenario; FAIL is a `failure` whose type is the law, INCONCLUSIVE an
//! `error`, and what was selected and not played is `skipped`. Plays of which nothing could be
//! told and which others followed stand in the test case as `flakyError` or `rerunError`, as Maven Surefire writes them. `file` is what `counterproof run` takes to run the scenario again.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    time::Duration,
};

use counterproof_contracts::journal::{ScenarioOmitted, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use crate::{RunReport, ScenarioReport, failure, text};

/// The report could not be written.
#[derive(Debug, thiserror::Error)]
#[error("write junit xml")]
pub struct JunitError(#[from] quick_junit::SerializeError);

/// Writes a run as JUnit XML.
pub fn write(run: &RunReport, out: impl io::Write) -> Result<(), JunitError> {
    let mut features: BTreeMap<&str, Feature<'_>> = BTreeMap::new();
    for scenario in &run.scenarios {
        features.entry(scenario.feature_path.as_str()).or_default().played.push(scenario);
    }
    for scenario in &run.omitted {
        features.entry(scenario.feature_path.as_str()).or_default().omitted.push(scenario);
    }
    let mut report = Report::new("counterproof");
    report.set_time(total(&run.scenarios.iter().collect::<Vec<_>>()));
    let mut names = BTreeSet::new();
    for (path, feature) in features {
        report.add_test_suite(suite(run, path, &feature, &mut names));
    }
    if !run.violations.is_empty() {
        report.add_test_suite(outside(run));
    }
    Ok(report.serialize(out)?)
}

/// The scenarios of a feature file.
#[derive(Default)]
struct Feature<'a> {
    played: Vec<&'a ScenarioReport>,
    omitted: Vec<&'a ScenarioOmitted>,
}

fn suite(
    run: &RunReport,
    path: &str,
    feature: &Feature<'_>,
    names: &mut BTreeSet<(String, String)>,
) -> TestSuite {
    let mut suite = TestSuite::new(if path.is_empty() { "never began" } else { path });
    suite.set_time(total(&feature.played));
    add_properties(run, &mut suite);
    for scenario in &feature.played {
        suite.add_test_case(case(run, scenario, names));
    }
    for scenario in &feature.omitted {
        suite.add_test_case(skipped(scenario, names));
    }
    suite
}

fn skipped(scenario: &ScenarioOmitted, names: &mut BTreeSet<(String, String)>) -> TestCase {
    let class = text::line(&format!("{} › {}", scenario.feature_path, scenario.feature));
    let mut status = TestCaseStatus::skipped();
    status.set_message(text::line(&format!("omitted: {}", scenario.why)));
    let mut case = TestCase::new(unique(&class, &text::line(&scenario.name), names), status);
    case.set_classname(class);
    let place = format!("{}:{}", scenario.feature_path, scenario.line);
    case.extra.insert("file".into(), text::line(&place).into());
    case
}

fn add_properties(run: &RunReport, suite: &mut TestSuite) {
    suite.add_property(("counterproof.version", run.version.as_str()));
    suite.add_property(("counterproof.seed", run.seed.to_string().as_str()));
    suite.add_property(("counterproof.target", run.target.as_str()));
    suite.add_property(("counterproof.complete", if run.incomplete { "false" } else { "true" }));
}

fn case(run: &RunReport, scenario: &ScenarioReport, names: &mut BTreeSet<(String, String)>) -> TestCase {
    let class = text::line(&format!("{} › {}", scenario.feature_path, scenario.feature));
    let name = unique(&class, &text::line(&scenario.name), names);
    let mut case = TestCase::new(name, status(run, scenario));
    case.set_classname(class);
    case.set_time(Duration::from_millis(scenario.duration_ms));
    case.set_assertions(usize::try_from(scenario.assertions).unwrap_or(usize::MAX));
    if !scenario.feature_path.is_empty() {
        case.extra.insert("file".into(), text::line(&scenario.place()).into());
    }
    case
}

/// The name; with a number behind it where the class has one like it already.
fn unique(class: &str, name: &str, names: &mut BTreeSet<(String, String)>) -> String {
    let numbered = (2_u32..).map(|number| format!("{name} #{number}"));
    std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| names.insert((class.to_owned(), name.clone())))
        .unwrap_or_else(|| name.to_owned())
}

fn status(run: &RunReport, scenario: &ScenarioReport) -> TestCaseStatus {
    let kind = match scenario.verdict {
        Verdict::Pass => None,
        Verdict::Fail => Some(NonSuccessKind::Failure),
        Verdict::Inconclusive => Some(NonSuccessKind::Error),
    };
    let mut status = kind.map_or_else(TestCaseStatus::success, |kind| {
        let lines = told(run, scenario);
        let mut status = TestCaseStatus::non_success(kind);
        status.set_type(failure::cause(scenario));
        status.set_message(lines.first().map_or("", String::as_str));
        status.set_description(lines.join("\n"));
        status
    });
    status.add_reruns(run.superseded.iter().filter(|play| play.is_of(scenario)).map(|play| rerun(run, play)));
    status
}

fn told(run: &RunReport, scenario: &ScenarioReport) -> Vec<String> {
    failure::lines(run, scenario).into_iter().map(|line| line.text).collect()
}

/// A play of which nothing could be told and which others followed.
fn rerun(run: &RunReport, play: &ScenarioReport) -> TestRerun {
    let lines = told(run, play);
    let mut rerun = TestRerun::new(NonSuccessKind::Error);
    rerun.set_time(Duration::from_millis(play.duration_ms));
    rerun.set_type(failure::cause(play));
    rerun.set_message(lines.first().map_or("", String::as_str));
    rerun.set_description(lines.join("\n"));
    rerun
}

/// Violations that belong to no scenario: one failed test case, so that no reader overlooks them.
fn outside(run: &RunReport) -> TestSuite {
    let lines: Vec<String> = run.violations.iter().map(failure::loose_line).collect();
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(run.violations.first().map_or("", |violation| violation.invariant.as_str()));
    status.set_message(lines.first().map_or("", String::as_str));
    status.set_description(lines.join("\n"));
    let mut case = TestCase::new("laws outside all scenarios", status);
    case.set_classname("counterproof");
    let mut suite = TestSuite::new("outside all scenarios");
    add_properties(run, &mut suite);
    suite.add_test_case(case);
    suite
}

fn total(scenarios: &[&ScenarioReport]) -> Duration {
    Duration::from_millis(scenarios.iter().fold(0, |sum, scenario| sum.saturating_add(scenario.duration_ms)))
}
