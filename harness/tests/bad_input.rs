//! What the command says to input that is wrong, and which code it ends with. Golden files beside the input.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::process::Output;

use assert_cmd::Command;

fn counterproof(args: &[&str]) -> Output {
    Command::cargo_bin("counterproof")
        .unwrap()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_remove("COUNTERPROOF_WEBHOOK_SECRET")
        .args(args)
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_broken_feature_file_is_shown_with_line_column_and_caret() {
    for stem in [
        "misspelt_and_undefined",
        "asserts_nothing",
        "broken_table",
        "technical_words",
        "hidden_behind_a_failure",
        "outline",
        "unknown_requirement",
    ] {
        let path = format!("tests/bad/{stem}.feature");
        let linted = counterproof(&["lint", &path]);
        assert_eq!(code(&linted), 3, "{stem}");
        assert!(linted.stdout.is_empty(), "{stem}");
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(stem, stderr(&linted)) });
        let run = counterproof(&["run", &path]);
        assert_eq!(code(&run), 3, "run must refuse what lint refuses: {stem}");
        assert!(stderr(&run).contains("nothing was run"), "{stem}");
    }
}

#[test]
fn a_path_that_is_not_there_is_refused_with_the_nearest_in_the_pack() {
    let output = counterproof(&["run", "scenarios/orders/plain_ordr.feature"]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("scenarios/orders/plain_order.feature"), "{}", stderr(&output));
}

#[test]
fn an_empty_selection_is_no_success() {
    let output = counterproof(&["run", "--tags", "@nobody-has-this"]);
    assert_eq!(code(&output), 4);
    assert!(stderr(&output).contains("nothing to pass"), "{}", stderr(&output));
}

#[test]
fn wrong_flags_end_with_2() {
    for args in [
        &["run", "--target", "referense"][..],
        &["run", "--target", "https://127.0.0.1:1"],
        &["run", "--jobs", "0"],
        &["run", "--tags", "@@("],
        &["serve", "erpp"],
        &["nothing"],
        &[],
    ] {
        let output = counterproof(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
    }
    assert!(stderr(&counterproof(&["serve", "erpp"])).contains("did you mean \"erp\"?"));
}

#[test]
fn a_target_that_does_not_answer_is_inconclusive_and_says_what_was_tried() {
    // Nobody listens on a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ports = free_block();
    let target = format!("http://127.0.0.1:{port}");
    let out = tempfile::tempdir().unwrap();
    let output = counterproof(&[
        "run",
        "--target",
        &target,
        "--ports",
        &ports.to_string(),
        "--out",
        out.path().to_str().unwrap(),
    ]);
    assert_eq!(code(&output), 5, "{}", stderr(&output));
    let told = stderr(&output);
    assert!(told.contains(&format!("tried GET {target}/healthz")), "{told}");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let out = tempfile::tempdir().unwrap();
    let output = counterproof(&["run", "--ports", &port.to_string(), "--out", out.path().to_str().unwrap()]);
    assert_eq!(code(&output), 5, "{}", stderr(&output));
    assert!(stderr(&output).contains(&format!("port {port}")), "{}", stderr(&output));
}

#[test]
fn a_journal_that_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ndjson");
    assert_eq!(code(&counterproof(&["check", path.to_str().unwrap()])), 3);
    std::fs::write(&path, "no journal\n").unwrap();
    let output = counterproof(&["check", path.to_str().unwrap()]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("line 1"), "{}", stderr(&output));
}

#[test]
fn a_policy_that_cannot_be_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.json");
    std::fs::write(&path, "{\"return_window_days\": \"many\"}").unwrap();
    let output = counterproof(&["run", "--policy", path.to_str().unwrap()]);
    assert_eq!(code(&output), 3);
    assert!(stderr(&output).contains("policy.json"), "{}", stderr(&output));
}

#[test]
fn a_fault_plan_is_refused_with_places_and_remedies() {
    for stem in ["plan_of_unknown_names", "plan_that_contradicts_itself"] {
        let output = counterproof(&["run", "--virtual", "--faults", &format!("tests/bad/{stem}.json")]);
        assert_eq!(code(&output), 3, "{}", stderr(&output));
        assert!(output.stdout.is_empty(), "nothing was run");
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(stem, stderr(&output)) });
    }
    let absent = counterproof(&["run", "--faults", "tests/bad/absent.json"]);
    assert_eq!(code(&absent), 3, "{}", stderr(&absent));
    assert!(stderr(&absent).contains("absent.json"), "{}", stderr(&absent));
}

#[test]
fn what_needs_virtual_time_says_so() {
    for args in [
        &["run", "--virtual", "--target", "http://127.0.0.1:9"][..],
        &["run", "--repeat", "3"],
        &["run", "--crash-everywhere"],
        &["run", "--starts-at", "2026-11-27T08:00:00Z"],
        &["run", "--virtual", "--starts-at", "tomorrow"],
        &["run", "--chaos", "4"],
        &["run", "--virtual", "--repeat", "0"],
        &["run", "--virtual", "--crash-everywhere", "--chaos", "1"],
    ] {
        let output = counterproof(args);
        assert_eq!(code(&output), 2, "{args:?}: {}", stderr(&output));
    }
    let url = counterproof(&["run", "--virtual", "--target", "http://127.0.0.1:9"]);
    assert!(stderr(&url).contains("an implementation in this process"), "{}", stderr(&url));
}

#[test]
fn a_run_that_is_none_is_not_played_again() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let absent = counterproof(&["replay", place]);
    assert_eq!(code(&absent), 3, "{}", stderr(&absent));
    assert!(stderr(&absent).contains("run.ndjson"), "{}", stderr(&absent));
    std::fs::write(folder.path().join("run.ndjson"), "no journal\n").unwrap();
    let output = counterproof(&["replay", place]);
    assert_eq!(code(&output), 3, "{}", stderr(&output));
    assert!(stderr(&output).contains("is no journal"), "{}", stderr(&output));
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
fn thresholds_gate_with_a_code_of_their_own_and_are_refused_where_they_make_no_sense() {
    let folder = tempfile::tempdir().unwrap();
    let with = |thresholds: &str| {
        let policy = folder.path().join("policy.json");
        std::fs::write(&policy, format!("{{\n\"thresholds\": [{thresholds}]\n}}")).unwrap();
        let (policy, out) = (policy.to_str().unwrap(), folder.path().join("run"));
        let scenario = "scenarios/orders/plain_order.feature:22";
        counterproof(&["run", scenario, "--virtual", "--policy", policy, "--out", out.to_str().unwrap()])
    };
    let missed = with(r#"{"metric":"dead_letters","at_least":1,"unit":"count"}"#);
    let told = String::from_utf8(missed.stdout.clone()).unwrap();
    assert_eq!(code(&missed), 6, "{told}{}", stderr(&missed));
    let sentence = "threshold   dead_letters of the storefront is 0; thresholds[0] allows at least 1";
    assert!(told.contains(sentence), "{told}");
    let data = std::fs::read_to_string(folder.path().join("run/metrics.json")).unwrap();
    assert!(data.contains("thresholds[0]") && data.contains("\"order_acknowledgment\""), "{data}");
    let again = counterproof(&["check", folder.path().join("run").to_str().unwrap()]);
    assert_eq!(code(&again), 6, "{}", stderr(&again));

    let held = with(r#"{"metric":"order_acknowledgment","percentile":"p99","at_most":5,"unit":"min"}"#);
    assert_eq!(code(&held), 0, "{}", stderr(&held));
    for (wrong, place) in [
        (r#"{"metric":"happiness","at_most":1,"unit":"s"}"#, "line 2"),
        (r#"{"metric":"retries","at_most":1,"unit":"h"}"#, "thresholds[0].unit"),
    ] {
        let refused = with(wrong);
        assert_eq!(code(&refused), 3);
        assert!(stderr(&refused).contains(place), "{}", stderr(&refused));
    }
}
