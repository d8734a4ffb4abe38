//! Live and in virtual time every scenario of the pack ends alike. Alone in its file: it shares the processors with no
//! other test.
#![expect(clippy::unwrap_used, reason = "a test")]

mod common;

use std::{collections::BTreeMap, fs};

use common::{counterproof, told};

/// Verdict of each scenario by name, as the command prints them.
fn verdicts(args: &[&str]) -> BTreeMap<String, String> {
    let out = tempfile::tempdir().unwrap();
    let mut args = args.to_vec();
    args.extend(["--out", out.path().to_str().unwrap()]);
    let run = counterproof(&args);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let lines = fs::read_to_string(out.path().join("run.ndjson")).unwrap();
    let mut names = BTreeMap::new();
    let mut verdicts = BTreeMap::new();
    for line in lines.lines() {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        let id = record["scenario"].as_str().unwrap_or_default().to_owned();
        match record["kind"].as_str().unwrap() {
            "scenario_started" => drop(names.insert(id, record["name"].as_str().unwrap().to_owned())),
            "scenario_finished" if record["again"] != true => {
                verdicts.insert(names[&id].clone(), record["verdict"].as_str().unwrap().to_owned());
            }
            _ => {}
        }
    }
    verdicts
}

#[test]
fn live_and_virtual_time_agree_on_the_whole_pack() {
    // However slow the machine is, nothing fails for want of patience, and what could not be told may be at a second play.
    let live = verdicts(&["run", "--quiet", "--seed", "20261125", "--timeout", "60", "--retries", "2"]);
    let on_paused_clock = verdicts(&["run", "--quiet", "--virtual", "--seed", "20261125"]);
    assert!(live.len() >= 59, "the pack is thin: {}", live.len());
    for (name, verdict) in &live {
        assert_eq!(Some(verdict), on_paused_clock.get(name), "{name}");
    }
}
