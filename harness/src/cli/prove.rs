//! `counterproof prove`: whether the suite can fail, shown by defects that are switched on in the reference.

use std::{io::IsTerminal as _, num::NonZeroUsize, path::Path, time::Duration};

use counterproof_reports::Matrix;
use indicatif::{ProgressBar, ProgressStyle};

use super::{ProveArgs, gate, run};
use crate::{
    exit::{Exit, Fatal},
    features,
    prove::{self, Live, Proof, WireProof},
    runner::{ALONE, NEEDS_RESTART},
    stage::LivePlan,
    target::Target,
    virtual_time::Rehearsal,
};

/// How many scenarios are played at once on a live stage, unless another number is given.
const LIVE_JOBS: usize = 24;
/// How long a step waits on a live stage, beside the declared retries.
const LIVE_PATIENCE: Duration = Duration::from_secs(3);

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
    if let Some(target) = &args.target {
        return wire(args, target, &sources, jobs);
    }
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
    let matrix = proof.run(&stop, &|done, all| advance(&bar, done, all))?;
    bar.finish_and_clear();
    tell(&matrix, args)
}

/// The defects of the wire, on the reference in virtual time or on any implementation live.
fn wire(
    args: &ProveArgs,
    target: &Target,
    sources: &[features::Source],
    jobs: NonZeroUsize,
) -> Result<Exit, Fatal> {
    if args.virtual_time && *target != Target::Reference {
        return Err(Fatal::new(Exit::Usage, run::NO_VIRTUAL_URL));
    }
    let policy = run::policy(args.policy.as_deref(), target)?;
    let mut selection = features::plan(sources, args.tags.as_deref())?;
    let mut unfit = Vec::new();
    if !policy.bearer_tokens {
        unfit.push(run::NEEDS_TOKENS);
    }
    if !args.virtual_time {
        unfit.extend([run::NEEDS_VIRTUAL_TIME, NEEDS_RESTART, ALONE]);
    }
    let omitted: usize = unfit.iter().map(|tag| run::omit(&mut selection, tag).len()).sum();
    if omitted > 0 {
        super::print(&format!("omitted: {omitted} scenarios with @{}\n", unfit.join(" or @")))?;
    }
    let scripts = selection.scripts();
    let mut rehearsal = Rehearsal::new(args.seed)?;
    rehearsal.policy = policy.clone();
    let runtime = super::runtime()?;
    let live = if args.virtual_time {
        None
    } else {
        let first_port = run::first_port(&args.ports, target);
        let plan = run::live_plan(args.seed, target, policy, run::folder(args.out.as_deref())?, first_port)?;
        let stage =
            runtime.block_on(run::stage(LivePlan { patience: LIVE_PATIENCE, proxied: true, ..plan }))?;
        let jobs = args.jobs.map_or(LIVE_JOBS, usize::from);
        Some(Live {
            stage,
            runtime: runtime.handle().clone(),
            jobs: NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN),
        })
    };
    let proof = WireProof {
        rehearsal,
        scripts: &scripts,
        defects: &args.defects,
        whole_suite: args.paths.is_empty() && args.tags.is_none(),
        jobs,
        live,
    };
    let stop = gate::stop_on_interrupt()?;
    let bar = progress();
    let matrix = proof.run(&stop, &|done, all| advance(&bar, done, all));
    bar.finish_and_clear();
    if let Some(live) = &proof.live {
        runtime.block_on(live.stage.close());
    }
    tell(&matrix?, args)
}

fn advance(bar: &ProgressBar, done: usize, all: usize) {
    bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
    bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
}

fn tell(matrix: &Matrix, args: &ProveArgs) -> Result<Exit, Fatal> {
    super::print(&matrix.terminal())?;
    if let Some(folder) = &args.out {
        write(matrix, folder)?;
    }
    Ok(exit(matrix))
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
    std::fs::create_dir_all(folder).map_err(|error| run::unwritable(folder, &error))?;
    let json = serde_json::to_string_pretty(matrix).map_err(|error| run::unwritable(folder, &error))?;
    for (name, text) in
        [("matrix.json", json), ("matrix.md", matrix.markdown()), ("matrix.html", matrix.html())]
    {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| run::unwritable(&path, &error))?;
    }
    super::print(&format!(
        "matrix      {0}/matrix.json · {0}/matrix.md · {0}/matrix.html\n",
        folder.display()
    ))
}
