//! Exploring: what is found is small, is written as a scenario that shows it again, and bad input is told.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use assert_cmd::Command;
use counterproof::{
    explore::{Budget, Exploration, Explored, Ground},
    target::InProcessReference,
    virtual_time::{self, Rehearsal},
};
use counterproof_contracts::journal::Verdict;
use counterproof_middleware::{Defect, Defects};

fn explore(defect: Option<Defect>, cases: u64, first_only: bool) -> Explored {
    let exploration = Exploration {
        ground: Ground::Virtual {
            rehearsal: Box::new(Rehearsal::new(3).unwrap()),
            factory: Arc::new(move || {
                Box::new(InProcessReference::with(defect.map_or_else(Defects::default, Defects::on)))
            }),
        },
        seed: 3,
        budget: Budget { cases: Some(cases), time: None },
        jobs: NonZeroUsize::new(2).unwrap(),
        first_only,
        unlike: None,
    };
    exploration.run(&AtomicBool::new(false), &|_| {}).unwrap()
}

#[test]
fn a_sound_implementation_breaks_no_law_in_any_history() {
    let explored = explore(None, 150, false);
    let found: Vec<_> = explored.found.iter().map(|found| (&found.law, &found.sentence)).collect();
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(explored.cases, 150);
    assert!(
        explored.coverage.whole() >= 100,
        "most can be played to their end: {}",
        explored.coverage.shown()
    );
}

#[test]
fn a_defect_is_found_shrunk_and_shown_again_by_its_feature_file() {
    let explored = explore(Some(Defect::RefundWithoutTax), 300, true);
    let found = explored.found.first().unwrap();
    assert!(["M4", "M6", "M16"].contains(&found.law.as_str()), "{found:?}");
    assert!(found.smallest.steps() <= 4 && found.smallest.acts.len() <= found.drawn.acts.len(), "{found:?}");
    assert_eq!(found.again, (1, 1));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("found.feature");
    std::fs::write(&path, found.smallest.feature("it is shown again", &[])).unwrap();
    let named = path.display().to_string();
    let sources = counterproof::features::load(std::slice::from_ref(&named)).unwrap();
    assert!(counterproof::features::lint(&sources).is_empty());
    let script = counterproof::features::plan(&sources, None).unwrap().scripts().remove(0);
    let rehearsal = Rehearsal::new(3).unwrap();
    let broken = InProcessReference::with(Defects::on(Defect::RefundWithoutTax));
    let played = rehearsal.play(&script, 0, Box::new(broken)).unwrap();
    assert_eq!(played.finished.result.verdict, Verdict::Fail);
    let sound = rehearsal.play(&script, 0, (virtual_time::reference())()).unwrap();
    assert_eq!(sound.finished.result.verdict, Verdict::Pass, "{:?}", sound.finished.result.reasons);
}

#[test]
fn the_same_seed_explores_the_same() {
    let found = |explored: Explored| -> Vec<(u64, String)> {
        explored.found.into_iter().map(|found| (found.case, found.smallest.feature("", &[]))).collect()
    };
    let one = found(explore(Some(Defect::ReturnsNotTold), 60, false));
    assert!(!one.is_empty());
    assert_eq!(one.first(), found(explore(Some(Defect::ReturnsNotTold), 60, false)).first());
}

#[test]
fn an_interrupted_exploration_keeps_what_it_has() {
    let stop = AtomicBool::new(false);
    let heard = AtomicU64::new(0);
    let exploration = Exploration {
        ground: Ground::Virtual {
            rehearsal: Box::new(Rehearsal::new(3).unwrap()),
            factory: virtual_time::reference(),
        },
        seed: 3,
        budget: Budget { cases: None, time: Some(Duration::from_mins(10)) },
        jobs: NonZeroUsize::MIN,
        first_only: false,
        unlike: None,
    };
    let explored = exploration
        .run(&stop, &|_| {
            if heard.fetch_add(1, Ordering::Relaxed) == 4 {
                stop.store(true, Ordering::Relaxed);
            }
        })
        .unwrap();
    assert!(explored.interrupted);
    assert_eq!(explored.cases, 5);
    assert!(explored.coverage.shown().contains("5 histories"));
}

fn command(folder: &std::path::Path, more: &[&str]) -> (Option<i32>, String) {
    let output = Command::cargo_bin("counterproof")
        .unwrap()
        .args(["explore", "--out"])
        .arg(folder)
        .args(more)
        .output()
        .unwrap();
    let told =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), told)
}

#[test]
fn bad_input_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let (code, told) = command(folder.path(), &["--cases", "0"]);
    assert_eq!(code, Some(2), "{told}");
    std::fs::write(folder.path().join("old.feature"), "Feature: x\n\n  Scenario: y\n    Wen nothing\n")
        .unwrap();
    let (code, told) = command(folder.path(), &["--cases", "1", "--seed", "1"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("old.feature"), "{told}");
    std::fs::write(
        folder.path().join("old.feature"),
        "Feature: x\n\n  Scenario: y\n    Given 1 \"linen shirt\" is in stock at \"Warehouse North\"\n    Then every system agrees\n",
    )
    .unwrap();
    let (code, told) = command(folder.path(), &["--cases", "1", "--seed", "1"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("# again:"), "{told}");
}

#[test]
fn the_command_tells_what_it_generated() {
    let folder = tempfile::tempdir().unwrap();
    let (code, told) = command(folder.path(), &["--cases", "20", "--seed", "5"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("20 histories") && told.contains("with seed 5: no law was broken"), "{told}");
}

/// A process over sockets is explored with identities of its own for each try, and what was found before is played first.
#[test]
fn a_live_process_is_explored_and_known_findings_are_played_first() {
    let folder = tempfile::tempdir().unwrap();
    let known = "# again: counterproof run known.feature --seed 7\nFeature: Known\n\n  Scenario: One order\n    \
                 Given 3 \"linen shirt\" are in stock at \"Warehouse North\"\n    \
                 When a customer orders 1 \"linen shirt\" in the web shop\n    Then every system agrees\n";
    std::fs::write(folder.path().join("known.feature"), known).unwrap();
    let output = Command::cargo_bin("counterproof")
        .unwrap()
        .args(["explore", "--live", "--cases", "8", "--seed", "3", "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.starts_with("holds now"), "{told}");
    assert!(told.contains("explored 8 histories with seed 3: no law was broken"), "{told}");
}

/// Explores a process over sockets that a proxy gives a defect; the report, and what was written for each law.
fn explore_tampered(cases: &str, more: &[&str]) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let args =
        [&["--live", "--seed", "5", "--cases", cases, "--wire-defect", "wire-order-without-tax"], more];
    let (code, told) = command(folder.path(), &args.concat());
    assert_eq!(code, Some(1), "{told}");
    let written = std::fs::read_dir(folder.path()).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        path.extension()
            .is_some_and(|ending| ending == "feature")
            .then(|| std::fs::read_to_string(path).unwrap())
    });
    (told, written.collect())
}

fn steps(feature: &str) -> usize {
    feature
        .lines()
        .filter(|line| ["When", "And", "Given"].iter().any(|word| line.trim().starts_with(word)))
        .count()
}

/// What fails each time is shrunk by playing it again under identities of its own, and fails in each of five plays.
#[test]
fn a_real_failure_of_a_live_process_is_shrunk() {
    let (told, written) = explore_tampered("6", &[]);
    let feature = written.iter().find(|text| text.starts_with("# O13:")).unwrap_or_else(|| panic!("{told}"));
    assert!(feature.contains("failed in 5 of 5 plays"), "{feature}");
    assert!(feature.contains("gave the implementation wire-order-without-tax, in each message"), "{feature}");
    assert!(steps(feature) <= 3 && feature.contains("a customer orders 1 \""), "{feature}");
    assert!(told.contains("FAIL  O13") && told.contains("failed in 5 of 5 plays"), "{told}");
}

/// What fails now and then is said to.
#[test]
fn a_flaky_failure_of_a_live_process_is_told_as_such() {
    let (told, written) = explore_tampered("6", &["--every", "2"]);
    let feature = written.iter().find(|text| text.starts_with("# O13:")).unwrap_or_else(|| panic!("{told}"));
    let flaky = (1..5).any(|failed| feature.contains(&format!("failed in {failed} of 5 plays")));
    assert!(flaky && feature.contains("in some messages"), "{feature}");
}

#[test]
fn a_defect_of_the_wire_is_found_in_virtual_time_and_one_that_does_not_exist_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (code, told) = command(folder.path(), &["--cases", "20", "--wire-defect", "wire-order-without-tax"]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("FAIL  O13"), "{told}");
    let (code, told) = command(folder.path(), &["--wire-defect", "wire-order-without-taxes"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("did you mean \"wire-order-without-tax\"?"), "{told}");
    let args = ["--cases", "1", "--wire-defect", "wire-order-without-tax", "--every", "2"];
    let (code, told) = command(folder.path(), &args);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("--every needs --live"), "{told}");
}
