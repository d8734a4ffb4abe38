//! `counterproof explore`: generated histories, judged; what breaks a law is written as the smallest scenario that does.

use std::{
    fmt::Write as _,
    io::IsTerminal as _,
    num::{NonZeroU32, NonZeroUsize},
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{ExploreArgs, gate, run};
use crate::{
    chance,
    clock::Clock,
    exit::{Exit, Fatal},
    explore::{Budget, Exploration, Explored, Found, Ground},
    features, prove,
    stage::LivePlan,
    target::Target,
    virtual_time::{self, Rehearsal},
};

/// How many histories are played unless a budget is given.
const CASES: u64 = 2000;
/// How many histories are played at once on a live stage.
const LIVE_JOBS: usize = 24;
/// How long a step of a history waits: one that cannot be taken ends the history, and what was played is judged.
const LIVE_PATIENCE: Duration = Duration::from_secs(5);

/// Why a defect cannot show now and then.
const EVERY_IS_LIVE: &str =
    "in virtual time the same history gives the same play: --every needs --live or --target URL";

/// Runs the command.
pub(super) fn explore(args: &ExploreArgs) -> Result<Exit, Fatal> {
    let seed = args.seed.unwrap_or_else(chance::fresh_seed);
    let folder = args.out.clone().unwrap_or_else(|| PathBuf::from("target/counterproof/explored"));
    std::fs::create_dir_all(&folder).map_err(|error| run::unwritable(&folder, &error))?;
    let policy = run::policy(args.policy.as_deref(), &args.target)?;
    let wire_defect = args.wire_defect.as_deref().map(prove::wire_defect).transpose()?.cloned();
    let runtime = super::runtime()?;
    let (ground, jobs, stage) = match &args.target {
        Target::Reference if !args.live => {
            if args.every != NonZeroU32::MIN {
                return Err(Fatal::new(Exit::Usage, EVERY_IS_LIVE));
            }
            let mut rehearsal = Rehearsal::new(seed)?;
            rehearsal.policy = policy;
            rehearsal.wire_defect = wire_defect;
            let factory = virtual_time::reference();
            let jobs = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
            (Ground::Virtual { rehearsal: Box::new(rehearsal), factory }, jobs, None)
        }
        _ => {
            // The reference keeps what it knows beside the journal, and must begin without any.
            let place = folder.join(Clock::system().now().as_millisecond().to_string());
            let first_port = run::first_port(&args.ports, &args.target);
            let plan = run::live_plan(seed, &args.target, policy, run::folder(Some(&place))?, first_port)?;
            let proxied = wire_defect.is_some();
            let stage =
                runtime.block_on(run::stage(LivePlan { proxied, patience: LIVE_PATIENCE, ..plan }))?;
            if let Some(proxy) = &stage.proxy {
                proxy.switch_every(args.every, wire_defect);
            }
            let ground = Ground::Live {
                stage: Arc::clone(&stage),
                runtime: runtime.handle().clone(),
                plays: AtomicU64::new(0),
            };
            (ground, NonZeroUsize::new(LIVE_JOBS).unwrap_or(NonZeroUsize::MIN), Some(stage))
        }
    };
    let again = replay(&folder, &ground)?;
    let exploration =
        Exploration { ground, seed, budget: budget(args), jobs, first_only: false, unlike: None };
    let stop = gate::stop_on_interrupt()?;
    let bar = progress(exploration.budget.cases);
    let explored = exploration.run(&stop, &|case| bar.set_position(case))?;
    bar.finish_and_clear();
    if let Some(stage) = stage {
        runtime.block_on(stage.close());
    }
    let mut shown = explored.coverage.shown();
    for found in &explored.found {
        let path = write(&folder, seed, found, args)?;
        shown.push_str(&told(found, &path));
    }
    shown.push_str(&ended(&explored, seed));
    super::print(&shown)?;
    Ok(if explored.interrupted {
        Exit::Interrupted
    } else if explored.found.is_empty() && again == Exit::Passed {
        Exit::Passed
    } else {
        Exit::Failed
    })
}

fn budget(args: &ExploreArgs) -> Budget {
    let cases = args.cases.or((args.seconds.is_none()).then_some(CASES));
    Budget { cases, time: args.seconds.map(Duration::from_secs) }
}

/// Plays what was found before first; a file that cannot be read ends it.
fn replay(folder: &Path, ground: &Ground) -> Result<Exit, Fatal> {
    let known = std::fs::read_dir(folder).map_err(|error| run::unwritable(folder, &error))?;
    let known = known.filter_map(Result::ok).map(|entry| entry.path());
    let mut known: Vec<PathBuf> =
        known.filter(|path| path.extension().is_some_and(|ending| ending == "feature")).collect();
    known.sort();
    let mut shown = String::new();
    let mut exit = Exit::Passed;
    for path in known {
        let named = path.display().to_string();
        let sources = features::load(std::slice::from_ref(&named))?;
        super::lint::pass(&sources)?;
        let text = sources.first().map_or("", |source| source.text.as_str());
        let seed = seed_of(text).ok_or_else(|| no_seed(&named))?;
        for script in features::plan(&sources, None)?.scripts() {
            let fails = !ground.broken_by(&script, seed)?.is_empty();
            let verdict = if fails { "fails again" } else { "holds now" };
            let _ = writeln!(shown, "{verdict:<11} {named}");
            if fails {
                exit = Exit::Failed;
            }
        }
    }
    super::print(&shown)?;
    Ok(exit)
}

/// The seed that a written history names.
fn seed_of(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("# again:"))?;
    line.rsplit_once("--seed ")?.1.trim().parse().ok()
}

fn no_seed(path: &str) -> Fatal {
    Fatal::new(
        Exit::Invalid,
        format!(
            "{path} does not say with which seed it failed\n  = its line `# again: … --seed N` is missing; write it again, or move the file away"
        ),
    )
}

/// Writes a finding as a feature file that shows it again.
fn write(folder: &Path, seed: u64, found: &Found, args: &ExploreArgs) -> Result<PathBuf, Fatal> {
    let path = folder.join(format!("{}-{seed}-{}.feature", found.law.to_lowercase(), found.case));
    let mut notes = vec![
        format!("{}: {}", found.law, found.sentence),
        format!("found as case {} of seed {seed}; {}", found.case, sureness(found)),
    ];
    if let Some(defect) = &args.wire_defect {
        let every = if args.every == NonZeroU32::MIN { "each message" } else { "some messages" };
        notes.push(format!(
            "a proxy gave the implementation {defect}, in {every}: without it the scenario holds"
        ));
    }
    notes.push(format!("again: counterproof run {}{} --seed {seed}", options(args), path.display()));
    let title = format!("{} is broken", found.law);
    std::fs::write(&path, found.smallest.feature(&title, &notes))
        .map_err(|error| run::unwritable(&path, &error))?;
    Ok(path)
}

/// What of the command line a run needs to play it in the same way.
fn options(args: &ExploreArgs) -> String {
    let mut options = match &args.target {
        Target::Reference if args.live => String::new(),
        Target::Reference => "--virtual ".to_owned(),
        Target::Url(url) => format!("--target {url} "),
    };
    if let Some(policy) = &args.policy {
        let _ = write!(options, "--policy {} ", policy.display());
    }
    options
}

/// How surely it fails.
fn sureness(found: &Found) -> String {
    match found.again {
        (0, plays) => format!("failed once, and in none of {plays} plays again, so it was not shrunk"),
        (failed, plays) => format!("failed in {failed} of {plays} plays"),
    }
}

fn told(found: &Found, path: &Path) -> String {
    let Found { law, sentence, smallest, drawn, .. } = found;
    let sure = sureness(found);
    format!(
        "\nFAIL  {law}  {sentence}\n      {} acts of {} are enough, {} of them faults; {sure}\n      {}\n",
        smallest.acts.len(),
        drawn.acts.len(),
        smallest.count(crate::explore::act::Part::Fault),
        path.display()
    )
}

fn ended(explored: &Explored, seed: u64) -> String {
    let laws = explored.found.len();
    let result = match laws {
        0 => "no law was broken".to_owned(),
        1 => "1 law was broken".to_owned(),
        more => format!("{more} laws were broken"),
    };
    let early = if explored.interrupted { "interrupted after" } else { "explored" };
    format!("\n{early} {} histories with seed {seed}: {result}\n", explored.cases)
}

fn progress(cases: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {pos} histories, {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    cases.map_or_else(ProgressBar::new_spinner, ProgressBar::new).with_style(style)
}
