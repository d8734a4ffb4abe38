//! `counterproof steps list`: the vocabulary, from the table of steps.

use std::fmt::Write as _;

use crate::{
    exit::{Exit, Fatal},
    steps::{Kind, PARAMETERS, all},
};

/// Prints every step with its sentence, then every kind of parameter.
pub(super) fn list() -> Result<Exit, Fatal> {
    let mut shown = String::new();
    for kind in [Kind::Action, Kind::Assertion] {
        let _ = writeln!(shown, "{kind}");
        for step in all().filter(|step| step.kind == kind) {
            let _ = writeln!(shown, "  {}\n      {}", step.expression, step.doc);
        }
        shown.push('\n');
    }
    shown.push_str("Parameters\n");
    for parameter in PARAMETERS {
        let _ = writeln!(shown, "  {{{}}}  {}", parameter.name, parameter.doc);
    }
    super::print(&shown)?;
    Ok(Exit::Passed)
}
