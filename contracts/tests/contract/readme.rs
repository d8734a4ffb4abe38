//! What the README says in tables, held against the code.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::Path};

use counterproof_contracts::{faults::KINDS, protocol::ProblemKind, shape};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn the_table_of_problems_is_the_list_of_problem_types() {
    let rows: Vec<String> = readme()
        .lines()
        .filter(|line| line.starts_with("| `") && line.matches('|').count() == 5)
        .map(str::to_owned)
        .collect();
    let yes = |is: bool| if is { "yes" } else { "no" };
    let expected: Vec<String> = ProblemKind::ALL
        .iter()
        .map(|kind| {
            let (retryable, proof) = (yes(kind.retryable()), yes(kind.proves_no_effect()));
            format!("| `{}` | {} | {retryable} | {proof} |", kind.name(), kind.status())
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_table_of_misfortunes_is_the_list_of_kinds_with_their_fields() {
    let text = readme();
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 4).collect();
    assert_eq!(rows.len(), KINDS.len());
    for (kind, row) in KINDS.iter().zip(rows) {
        let whom = match (kind.calls, kind.deliveries) {
            (true, true) => "both",
            (true, false) => "calls",
            _ => "deliveries",
        };
        assert!(row.starts_with(&format!("| `{}` | {whom} |", kind.name)), "{}: {row}", kind.name);
        let untold = |field: &&&str| !row.contains(&format!("`{field}`")) && **field != "ending";
        assert_eq!(kind.fields.iter().find(untold), None, "{row}");
    }
}

#[test]
fn the_limits_are_those_of_the_code() {
    let text = readme();
    assert!(text.contains("at most 1 MiB and nests at most 64 deep"));
    assert_eq!(counterproof_contracts::protocol::BODY_BYTES_MAX, 1024 * 1024);
    assert_eq!(counterproof_contracts::protocol::JSON_DEPTH_MAX, 64);
    assert!(text.contains(&format!("names up to {} places", shape::ERRORS_MAX)));
}
