//! `counterproof lint`: the static pass alone.

use super::LintArgs;
use crate::{
    exit::{Exit, Fatal},
    features::{self, Source},
};

/// Checks feature files and says what is wrong with them.
pub(super) fn lint(args: &LintArgs) -> Result<Exit, Fatal> {
    let sources = features::load(&args.paths)?;
    pass(&sources)?;
    let scenarios = features::plan(&sources, None)?.planned.len();
    super::print(&format!("{} feature files, {scenarios} scenarios: nothing to object\n", sources.len()))?;
    Ok(Exit::Passed)
}

/// The static pass, which stands before every run as well.
pub(super) fn pass(sources: &[Source]) -> Result<(), Fatal> {
    let findings = features::lint(sources);
    if findings.is_empty() {
        return Ok(());
    }
    let text_of =
        |path: &str| sources.iter().find(|source| source.path == path).map(|source| source.text.clone());
    let shown = features::render(&findings, text_of);
    let count = findings.len();
    Err(Fatal::new(
        Exit::Invalid,
        format!(
            "{count} {} in feature files; nothing was run\n\n{}",
            if count == 1 { "finding" } else { "findings" },
            shown.trim_end()
        ),
    ))
}
