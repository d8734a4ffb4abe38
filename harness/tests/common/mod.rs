//! The command, started as a user starts it, and what it said.

use std::{path::Path, process::Output};

use assert_cmd::Command;

/// Runs the command in the workspace's folder to its end.
pub(crate) fn counterproof(args: &[&str]) -> Output {
    Command::cargo_bin("counterproof")
        .unwrap()
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
        .args(args)
        .output()
        .unwrap()
}

/// What it wrote to both streams.
pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
