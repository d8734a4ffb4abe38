//! The suite can fail: defects that are switched on are seen, and a judge that is blind to a law is noticed.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    sync::atomic::{AtomicBool, Ordering},
};

use assert_cmd::Command;
use counterproof::{
    prove::{Proof, WireProof},
    virtual_time::{self, Rehearsal},
};
use counterproof_contracts::defects;
use counterproof_middleware::Defect;
use counterproof_reports::{Fate, Matrix};

fn proof(tags: &str, ids: &[&str], blind: &[&str]) -> Matrix {
    let scripts = virtual_time::pack(tags).unwrap();
    let defects: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut rehearsal = Rehearsal::new(1).unwrap();
    rehearsal.blind = blind.iter().map(ToString::to_string).collect();
    let proof = Proof {
        rehearsal,
        scripts: &scripts,
        defects: &defects,
        whole_suite: false,
        jobs: NonZeroUsize::new(2).unwrap(),
    };
    proof.run(&AtomicBool::new(false), &|_, _| {}).unwrap()
}

#[test]
fn every_defect_of_the_catalogue_has_a_switch_and_every_switch_an_entry() {
    let catalogue: BTreeSet<&str> =
        defects::published().unwrap().iter().map(|defect| defect.id.as_str()).collect();
    let switches: BTreeSet<&str> = Defect::ALL.iter().map(|defect| defect.id()).collect();
    assert_eq!(catalogue, switches);
    assert!(catalogue.len() >= 60);
}

#[test]
fn a_defect_is_killed_by_the_law_that_names_it_and_only_where_it_is_reached() {
    let matrix = proof("@RET-001 or @ORD-005", &["refund-without-tax"], &[]);
    let row = matrix.rows.first().unwrap();
    assert_eq!(row.fate(), Fate::Killed, "{row:?}");
    assert!(0 < row.reached && row.reached < matrix.scenarios.len(), "{row:?}");
    assert!(row.laws().iter().any(|(law, _)| *law == "M6"), "{row:?}");
    assert_eq!(matrix.findings(), [""; 0]);
}

#[test]
fn a_judge_that_is_blind_to_a_law_is_noticed() {
    let tags = "@tax and not @batch";
    let sighted = proof(tags, &["return-taxed-today"], &[]);
    assert_eq!(sighted.findings(), [""; 0]);
    let blind = proof(tags, &["return-taxed-today"], &["T2"]);
    assert!(
        blind.findings().iter().any(|finding| finding.contains("return-taxed-today")),
        "{:?}",
        blind.findings()
    );
}

#[test]
fn a_blind_reconciler_is_noticed() {
    let tags = "@orders";
    assert_eq!(proof(tags, &["cancellation-not-booked"], &[]).findings(), [""; 0]);
    let blind = proof(tags, &["cancellation-not-booked"], &["O5"]);
    assert!(
        blind.findings().iter().any(|finding| finding.starts_with("cancellation-not-booked")),
        "{:?}",
        blind.findings()
    );
}

#[test]
fn a_proof_that_is_interrupted_keeps_what_it_has() {
    let scripts = virtual_time::pack("@RET-001").unwrap();
    let stop = AtomicBool::new(false);
    let proof = Proof {
        rehearsal: Rehearsal::new(1).unwrap(),
        scripts: &scripts,
        defects: &[],
        whole_suite: false,
        jobs: NonZeroUsize::MIN,
    };
    let plain = scripts.len();
    let matrix = proof
        .run(&stop, &|done, all| {
            // The plays without defects are over, and some with defects.
            if all > plain && done == 3 {
                stop.store(true, Ordering::Relaxed);
            }
        })
        .unwrap();
    assert!(matrix.interrupted);
    assert!(matrix.rows.iter().any(|row| row.fate() == Fate::Unknown));
    for row in matrix.rows.iter().filter(|row| row.fate() == Fate::Unknown) {
        let told = matrix.findings();
        assert!(told.iter().all(|finding| !finding.starts_with(&row.defect.id)), "{told:?}");
    }
}

#[test]
fn an_unknown_defect_is_told_with_the_nearest_one() {
    let output = Command::cargo_bin("counterproof")
        .unwrap()
        .args(["prove", "--defect", "refund-without-taxes"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("did you mean \"refund-without-tax\"?") && told.contains("contracts/defects.toml"),
        "{told}"
    );
}

#[test]
fn what_a_proxy_does_to_messages_is_seen_by_the_law_that_names_it() {
    let scripts = virtual_time::pack("@RET-001 or @ORD-005").unwrap();
    let chosen = ["wire-refunded-more", "wire-order-without-tax"].map(str::to_owned);
    let proof = WireProof {
        rehearsal: Rehearsal::new(1).unwrap(),
        scripts: &scripts,
        defects: &chosen,
        whole_suite: false,
        jobs: NonZeroUsize::new(2).unwrap(),
        live: None,
    };
    let matrix = proof.run(&AtomicBool::new(false), &|_, _| {}).unwrap();
    assert_eq!(matrix.findings(), [""; 0]);
    let seen: Vec<bool> = matrix
        .rows
        .iter()
        .zip(["O13", "M6"])
        .map(|(row, law)| row.laws().iter().any(|(seen, _)| *seen == law) && row.fate() == Fate::Killed)
        .collect();
    assert_eq!(seen, [true, true], "{matrix:?}");
}

fn prove(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::cargo_bin("counterproof").unwrap().arg("prove").args(args).output().unwrap();
    let told = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), told.concat())
}

#[test]
fn over_sockets_the_proxy_stands_before_a_process_that_knows_nothing_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("proof");
    let (code, told) = prove(&[
        "scenarios/orders/plain_order.feature",
        "--target",
        "reference",
        "--defect",
        "wire-captured-more",
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("killed") && told.contains("M4"), "{told}");
    let journal = std::fs::read_to_string(out.join("run.ndjson")).unwrap();
    assert!(journal.contains("with wire-captured-more"), "each play has a name and identities of its own");
}

#[test]
fn what_a_proxy_cannot_do_is_told() {
    let (code, told) = prove(&["--target", "reference", "--virtual", "--defect", "wire-refund-twice"]);
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("\"wire-refunded-twice\"") && told.contains("wire-defects.toml"), "{told}");
    let (code, told) = prove(&["--target", "http://127.0.0.1:1", "--virtual"]);
    assert_eq!(code, Some(2), "{told}");
    let (code, told) = prove(&["--virtual"]);
    assert_eq!(code, Some(2), "{told}");
    let (code, told) = prove(&["--target", "http://127.0.0.1:1", "--ports", "65000", "--tags", "@nothing"]);
    assert!(matches!(code, Some(4 | 5)), "{code:?} {told}");
}
