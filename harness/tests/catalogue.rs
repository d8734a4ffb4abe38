//! The catalogue of integrations, as it is printed. A golden file beside.
#![expect(clippy::unwrap_used, reason = "a test")]

use assert_cmd::Command;
use counterproof_contracts::protocol::{EventType, OPERATIONS};

fn explained(system: Option<&str>) -> (Option<i32>, String) {
    let output = Command::cargo_bin("counterproof")
        .unwrap()
        .args(["systems", "explain"].into_iter().chain(system))
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_system_is_explained_with_what_it_takes_tells_and_calls() {
    let (code, carrier) = explained(Some("carrier"));
    assert_eq!(code, Some(0));
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!("carrier", carrier) });
}

#[test]
fn the_whole_catalogue_names_every_operation_and_event() {
    let (code, shown) = explained(None);
    assert_eq!(code, Some(0));
    for operation in OPERATIONS {
        let line = format!("    {:<26} {:<4} {}\n", operation.id, operation.method.as_str(), operation.path);
        assert!(shown.contains(&line), "{operation}");
    }
    for kind in EventType::ALL {
        let told = shown.matches(kind.name()).count();
        assert_eq!(told, 2, "{} is told by its source, and heard by the middleware", kind.name());
    }
}

#[test]
fn a_system_that_is_not_there_is_a_wrong_command_line() {
    assert_eq!(explained(Some("abacus")), (Some(2), String::new()));
}
