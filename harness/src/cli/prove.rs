//! `counterproof prove`: whether the suite can fail, shown by defects that are switched on in the reference.

use std::{io::IsTerminal as _, num::NonZeroUsize, path::Path};

use counterproof_reports::Matrix;
use indicatif::{ProgressBar, ProgressStyle};

use super::{ProveArgs, gate};
use crate::{
    exit::{Exit, Fatal},
    features,
    prove::{self, Proof},
    virtual_time::Rehearsal,
};

/// Runs the command.
pub(super) fn prove(args: &ProveArgs) -> Result<Exit, Fatal> {
    let jobs = args
        .jobs
        .and_then(|jobs| NonZeroUsize::new(usize::from(jobs)))
        .unwrap_or_else(|| std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN));
    if let Some(cases) = args.by_exploring {
        let stop = gate::stop_on_interrupt()?;
        let all = prove::by_exploring(&Rehearsal::new(args.seed)?, &args.defects, cases, jobs, &stop)?;
        super::print(&prove::shown(&all))?;
        let all_found = all.iter().all(|entry| entry.found.is_some());
        return Ok(if all_found { Exit::Passed } else { Exit::Failed });
    }
    let sources = features::load(&args.paths)?;
    super::lint::pass(&sources)?;
    let scripts = features::plan(&sources, args.tags.as_deref())?.scripts();
    let proof = Proof {
        rehearsal: Rehearsal::new(args.seed)?,
        scripts: &scripts,
        defects: &args.defects,
        whole_suite: args.paths.is_empty() && args.tags.is_none(),
        jobs,
    };
    let stop = gate::stop_on_interrupt()?;
    let bar = progress();
    let matrix = proof.run(&stop, &|done, all| {
        bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    })?;
    bar.finish_and_clear();
    super::print(&matrix.terminal())?;
    if let Some(folder) = &args.out {
        write(&matrix, folder)?;
    }
    Ok(exit(&matrix))
}

fn exit(matrix: &Matrix) -> Exit {
    if matrix.interrupted {
        Exit::Interrupted
    } else if matrix.findings().is_empty() {
        Exit::Passed
    } else {
        Exit::Failed
    }
}

fn progress() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} plays")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// Writes the matrix in every format.
fn write(matrix: &Matrix, folder: &Path) -> Result<(), Fatal> {
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        let path = path.display();
        Fatal::new(
            Exit::Inconclusive,
            format!("failed to write {path}: {error}\n  = name another folder with --out"),
        )
    };
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let json = serde_json::to_string_pretty(matrix).map_err(|error| failed(folder, &error))?;
    for (name, text) in
        [("matrix.json", json), ("matrix.md", matrix.markdown()), ("matrix.html", matrix.html())]
    {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    super::print(&format!(
        "matrix      {0}/matrix.json · {0}/matrix.md · {0}/matrix.html\n",
        folder.display()
    ))
}
