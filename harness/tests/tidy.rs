//! Style and architecture as tests: what the project promises of its own sources.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn sources(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn rust_files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(root(), "rs", &mut found);
    assert!(found.len() > 50, "the walk over the sources finds too little: {}", found.len());
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().into_owned()
}

#[test]
fn no_file_is_too_long_to_read_at_one_sitting() {
    let mut lengths: Vec<(usize, String)> = rust_files()
        .iter()
        .map(|path| (fs::read_to_string(path).unwrap().lines().count(), shown(path)))
        .collect();
    lengths.sort();
    let above: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > 700).collect();
    assert!(above.is_empty(), "above 700 lines: {above:?}");
    let p90 = lengths[lengths.len() * 9 / 10].0;
    assert!(p90 <= 450, "nine files in ten should have at most 450 lines, not {p90}");
}

#[test]
fn every_module_says_what_it_is_for() {
    let silent: Vec<_> = rust_files()
        .iter()
        .filter(|path| !fs::read_to_string(path).unwrap().trim_start().starts_with("//!"))
        .filter(|path| !fs::read_to_string(path).unwrap().contains("//! "))
        .map(|path| shown(path))
        .collect();
    assert!(silent.is_empty(), "without a first sentence: {silent:?}");
}

/// Which of our crates each crate may use; checked over cargo's own metadata.
#[test]
fn dependencies_point_downwards() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("counterproof-contracts", &[][..]),
        ("counterproof-simulators", &["counterproof-contracts"][..]),
        ("counterproof-middleware", &["counterproof-contracts"][..]),
        ("counterproof-reports", &["counterproof-contracts"][..]),
        (
            "counterproof",
            &[
                "counterproof-contracts",
                "counterproof-simulators",
                "counterproof-middleware",
                "counterproof-reports",
            ][..],
        ),
    ]);
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .no_deps()
        .exec()
        .unwrap();
    let mut seen = 0;
    for package in &metadata.packages {
        let may = allowed
            .get(package.name.as_str())
            .unwrap_or_else(|| panic!("{} is not in the table", package.name));
        for dependency in
            package.dependencies.iter().filter(|dependency| dependency.name.starts_with("counterproof"))
        {
            seen += 1;
            assert!(
                may.contains(&dependency.name.as_str()),
                "{} may not use {}",
                package.name,
                dependency.name
            );
        }
    }
    assert_eq!(metadata.packages.len(), allowed.len());
    assert!(seen >= 7, "only {seen} dependencies among our crates were seen");
}

/// The pure crate has no I/O, no clock, no async and no randomness: neither in its dependencies nor in its text.
#[test]
fn contracts_stay_pure() {
    let manifest = fs::read_to_string(root().join("contracts/Cargo.toml")).unwrap();
    let dependencies = manifest.split("[dev-dependencies]").next().unwrap();
    for forbidden in ["tokio", "futures", "reqwest", "axum", "hyper", "rand", "tower"] {
        assert!(!dependencies.contains(forbidden), "contracts depend on {forbidden}");
    }
    let mut files = Vec::new();
    sources(&root().join("contracts/src"), "rs", &mut files);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for forbidden in [
            "std::fs",
            "std::net",
            "std::env",
            "std::thread",
            "SystemTime",
            "Instant::now",
            "async fn",
            "Timestamp::now",
        ] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", shown(&path));
        }
    }
}

/// Simulators record and answer; they never judge.
#[test]
fn simulators_do_not_judge() {
    let mut files = Vec::new();
    sources(&root().join("simulators/src"), "rs", &mut files);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("invariants::"), "{} reaches for the laws", shown(&path));
    }
}

/// The project's words: one spelling, and nothing left open.
#[test]
fn the_text_keeps_to_one_spelling() {
    let spellings = [
        ("fulfil", "ment", "fulfillment"),
        ("author", "isation", "authorization"),
        ("can", "celled", "canceled"),
        ("behavi", "our", "behavior"),
    ];
    let open = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    let mut files = rust_files();
    sources(root(), "md", &mut files);
    sources(&root().join("scenarios"), "feature", &mut files);
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        for (head, tail, right) in spellings {
            assert!(!text.contains(&format!("{head}{tail}")), "{}: write {right}", shown(&path));
        }
        for word in open {
            assert!(!text.contains(word), "{} leaves a {word}", shown(&path));
        }
    }
}
