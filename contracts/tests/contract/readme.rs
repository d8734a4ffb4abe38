//! What the README says in tables, held against the code.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::{fs, path::Path};

use counterproof_contracts::{faults::KINDS, invariants::Judge, protocol::ProblemKind, shape};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn the_table_of_problems_is_the_list_of_problem_types() {
    let rows: Vec<String> = readme()
        .lines()
        .filter(|line| line.starts_with("| `") && line.matches('|').count() == 5)
        .filter(|line| line.split('|').nth(2).is_some_and(|cell| cell.trim().parse::<u16>().is_ok()))
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

/// Rows of the table of laws: identifier and who judges it.
fn laws_told() -> Vec<(String, String)> {
    let text = readme();
    let section = text.split("## Laws\n").nth(1).unwrap().split("\n## ").next().unwrap().to_owned();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        assert_eq!(cells.len(), 3, "{row}");
        assert!(cells[1].ends_with('.'), "{row}");
        (cells[0].to_owned(), cells[2].to_owned())
    })
    .collect()
}

#[test]
fn every_law_has_its_line_and_every_line_its_law() {
    let told = laws_told();
    let mut ids: Vec<&str> = told.iter().map(|(id, _)| id.as_str()).collect();
    let wanted = [("O", 15), ("I", 14), ("M", 20), ("R", 13), ("T", 8), ("E", 14), ("A", 7), ("L", 9)];
    let wanted = wanted.into_iter().flat_map(|(area, last)| (1..=last).map(move |n| format!("{area}{n}")));
    for id in wanted {
        assert!(ids.contains(&id.as_str()), "law {id} has no line");
    }
    let judged: Vec<&str> =
        told.iter().filter(|(_, by)| by.starts_with('`')).map(|(id, _)| id.as_str()).collect();
    let mut laws: Vec<&str> = Judge::laws().iter().map(|law| law.id).collect();
    laws.sort_unstable();
    let mut sorted = judged.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, laws);
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "a law has two lines");
}

#[test]
fn the_files_that_the_table_of_laws_names_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/invariants");
    for (id, by) in laws_told() {
        let files: Vec<&str> = by.split('`').filter(|part| part.contains(".rs")).collect();
        for file in &files {
            assert!(folder.join(file).is_file(), "{id}: {file}");
        }
        if by.starts_with('`') {
            assert!(
                files.len() == 1 && files[0].starts_with(&format!("{}_", id.to_lowercase())),
                "{id}: {by}"
            );
        } else {
            let reasons = ["subsumed: ", "measured: ", "not yet: "];
            assert!(reasons.iter().any(|reason| by.starts_with(reason)), "{id}: {by}");
            assert!(!by.starts_with("subsumed: ") || !files.is_empty(), "{id}: {by}");
        }
    }
}
