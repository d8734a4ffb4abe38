//! `counterproof run`: scenarios against an implementation, and the gate.

use std::{
    io::IsTerminal as _,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use counterproof_contracts::{
    invariants::{Judge, Violation},
    journal::{Entry, FORMAT, RunFinished, RunInput, RunStarted, Verdict, read_until_break},
    model::Timestamp,
    policy::Policy,
};
use counterproof_reports::{LawTally, Look, RunReport, Story, Terminal, junit};

use super::{FIRST_PORT, PortArgs, RunArgs};
use crate::{
    chance,
    clock::Clock,
    exit::{Exit, Fatal},
    features::{self, Selection},
    progress::Progress,
    recording::Recording,
    runner::{self, Finished},
    stage::{DEVELOPMENT_SECRET, LivePlan, Stage},
    target::Target,
    virtual_time::{self, Rehearsal},
};

/// Scenarios with this tag kill the implementation, so they need one that is started here.
const NEEDS_RESTART: &str = "restart";
/// Scenarios with this tag last for hours, so they are played in virtual time only.
const NEEDS_VIRTUAL_TIME: &str = "virtual";
/// How many scenarios run at once on a live stage.
const LIVE_JOBS: u16 = 8;

/// Everything that decides what a run does.
struct Run {
    seed: u64,
    target: Target,
    policy: Policy,
    secret: String,
    patience: Duration,
    first_port: Option<u16>,
    jobs: Option<u16>,
    input: RunInput,
    folder: PathBuf,
    omitted: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: RunArgs) -> Result<Exit, Fatal> {
    if args.virtual_time && args.target != Target::Reference {
        return Err(Fatal::new(Exit::Usage, NO_VIRTUAL_URL));
    }
    let sources = features::load(&args.paths)?;
    super::lint::pass(&sources)?;
    let mut selection = features::plan(&sources, args.tags.as_deref())?;
    let omitted = omit_what_cannot_run(&args, &mut selection);
    if selection.planned.is_empty() {
        return Err(Fatal::new(Exit::Nothing, nothing_selected(&args, &omitted)));
    }
    let run = prepare(args, omitted)?;
    if run.input.virtual_start.is_some() { rehearse(run, &selection) } else { play_live(run, selection) }
}

const NO_VIRTUAL_URL: &str = "virtual time needs an implementation in this process, and a URL is none\n  \
    = leave out --virtual, or put a Rust service on stage with `counterproof::target::Implementation`";

fn prepare(args: RunArgs, omitted: Vec<String>) -> Result<Run, Fatal> {
    let folder = folder(args.out.as_deref())?;
    let virtual_start = args.virtual_time.then(|| starts_at(args.starts_at)).transpose()?;
    Ok(Run {
        seed: args.seed.unwrap_or_else(chance::fresh_seed),
        first_port: first_port(&args.ports, &args.target),
        policy: policy(args.policy.as_deref())?,
        secret: secret(),
        patience: Duration::from_secs(u64::from(args.timeout)),
        jobs: args.jobs,
        input: RunInput { virtual_start, paths: args.paths, tags: args.tags, ..RunInput::default() },
        target: args.target,
        folder,
        omitted,
    })
}

fn starts_at(named: Option<Timestamp>) -> Result<Timestamp, Fatal> {
    let default = || virtual_time::STARTS_AT.parse();
    named.map_or_else(default, Ok).map_err(|error| Fatal::new(Exit::Bug, error.to_string()))
}

/// Takes out what cannot run on this target or clock, and says why, a line each.
fn omit_what_cannot_run(args: &RunArgs, selection: &mut Selection) -> Vec<String> {
    let mut lines = Vec::new();
    let mut omit_all = |tag: &str, why: String| {
        lines.extend(omit(selection, tag).into_iter().map(|name| format!("omitted: {name} ({why})\n")));
    };
    if args.target != Target::Reference {
        omit_all(
            NEEDS_RESTART,
            format!("it kills the implementation, and {} was not started here", args.target),
        );
    }
    if !args.virtual_time {
        omit_all(NEEDS_VIRTUAL_TIME, "it lasts for hours; run it with --virtual".to_owned());
    }
    lines
}

fn nothing_selected(args: &RunArgs, omitted: &[String]) -> String {
    let tags = args.tags.as_ref().map_or_else(String::new, |tags| format!(" with tags that fit {tags:?}"));
    format!(
        "{}no scenario was selected{tags}, so there is nothing to pass\n  = `counterproof lint` counts what there is",
        omitted.concat()
    )
}

/// Takes scenarios with a tag out of the selection and says which.
fn omit(selection: &mut Selection, tag: &str) -> Vec<String> {
    let (kept, omitted): (Vec<_>, Vec<_>) = std::mem::take(&mut selection.planned)
        .into_iter()
        .partition(|planned| !planned.tags.iter().any(|given| given == tag));
    for feature in &mut selection.features {
        let path = feature.path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let stays = |scenario: &gherkin::Scenario| {
            kept.iter().any(|planned| planned.path == path && planned.name == scenario.name)
        };
        feature.scenarios.retain(stays);
        feature.rules.iter_mut().for_each(|rule| rule.scenarios.retain(stays));
    }
    selection.planned = kept;
    omitted.into_iter().map(|planned| planned.name).collect()
}

fn first_port(args: &PortArgs, target: &Target) -> Option<u16> {
    args.ports.or((*target != Target::Reference).then_some(FIRST_PORT))
}

/// The secret from the environment, read once here; a known one for work on loopback otherwise.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn secret() -> String {
    std::env::var("COUNTERPROOF_WEBHOOK_SECRET").unwrap_or_else(|_| DEVELOPMENT_SECRET.to_owned())
}

/// The run's folder; created.
fn folder(named: Option<&Path>) -> Result<PathBuf, Fatal> {
    let folder = named.map_or_else(
        || {
            let now = Clock::system().now().to_string();
            let name: String =
                now.chars().take(19).map(|letter| if letter == ':' { '-' } else { letter }).collect();
            Path::new("target/counterproof").join(format!("{name}Z-{}", std::process::id()))
        },
        Path::to_path_buf,
    );
    std::fs::create_dir_all(&folder).map_err(|error| {
        Fatal::new(
            Exit::Inconclusive,
            format!(
                "failed to create the run's folder {}: {error}\n  = name another with --out",
                folder.display()
            ),
        )
    })?;
    if folder.join("store").exists() {
        return Err(Fatal::new(
            Exit::Usage,
            format!(
                "{} holds another run\n  = name a new folder with --out; runs are not written over",
                folder.display()
            ),
        ));
    }
    Ok(folder)
}

pub(super) fn policy(path: Option<&Path>) -> Result<Policy, Fatal> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let wrong = |reason: String| Fatal::new(Exit::Invalid, format!("policy {}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

impl Run {
    /// Begins the journal.
    fn record(&self, at: Timestamp) -> Result<Recording, Fatal> {
        let recording = Recording::create(&self.folder.join("run.ndjson"), self.policy.clone())?;
        let started = RunStarted {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: self.seed,
            target: self.target.to_string(),
            policy: self.policy.clone(),
            input: self.input.clone(),
        };
        recording.record(at, None, Entry::RunStarted(started));
        Ok(recording)
    }

    fn progress(&self, planned: usize) -> Result<Progress, Fatal> {
        let clock = if self.input.virtual_start.is_some() { " · virtual time" } else { "" };
        let progress = Progress::begin(planned, self.seed, &format!("{}{clock}", self.target))?;
        for line in &self.omitted {
            progress.line(line)?;
        }
        Ok(progress)
    }

    fn rehearsal(&self, starts_at: Timestamp) -> Result<Rehearsal, Fatal> {
        let mut rehearsal = Rehearsal::new(self.seed)?;
        rehearsal.starts_at = starts_at;
        rehearsal.policy = self.policy.clone();
        rehearsal.secret.clone_from(&self.secret);
        rehearsal.patience = self.patience;
        Ok(rehearsal)
    }
}

/// Scenarios that ended, worst verdict so far.
#[derive(Default)]
struct Tally {
    worst: Option<Verdict>,
}

impl Tally {
    fn count(&mut self, finished: &Finished) {
        self.worst = self.worst.max(Some(finished.result.verdict));
    }

    fn verdict(&self, recording: &Recording) -> Verdict {
        let worst = self.worst.unwrap_or(Verdict::Inconclusive);
        if !recording.all_violations().is_empty() {
            Verdict::Fail
        } else if recording.doubts(None).is_empty() {
            worst
        } else {
            worst.max(Verdict::Inconclusive)
        }
    }
}

fn show(progress: &Progress, finished: &Finished, violations: &[Violation]) {
    let laws: Vec<String> = violations.iter().map(|violation| violation.invariant.clone()).collect();
    progress.scenario(&finished.planned, &finished.result, &laws);
}

/// Live: all scenarios on one stage.
fn play_live(run: Run, selection: Selection) -> Result<Exit, Fatal> {
    super::runtime()?.block_on(async {
        let recording = run.record(Clock::system().now())?;
        let plan = LivePlan {
            seed: run.seed,
            target: run.target.clone(),
            folder: run.folder.clone(),
            policy: run.policy.clone(),
            first_port: run.first_port,
            secret: run.secret.clone(),
            patience: run.patience,
        };
        let stage = Stage::live(plan, recording.clone()).await?;
        let progress = Arc::new(run.progress(selection.planned.len())?);
        let tally = Arc::new(Mutex::new(Tally::default()));
        let (shown, counted, watched) = (Arc::clone(&progress), Arc::clone(&tally), Arc::clone(&stage));
        let on_finished: runner::OnFinished = Arc::new(move |finished: &Finished| {
            show(&shown, finished, &watched.violations(&finished.id));
            counted.lock().unwrap_or_else(PoisonError::into_inner).count(finished);
        });
        let all = runner::run(selection, Arc::clone(&stage), run.jobs.unwrap_or(LIVE_JOBS), on_finished);
        let interrupted = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => true,
            _ = all => false,
        };
        progress.end();
        stage.close().await;
        let verdict = tally.lock().unwrap_or_else(PoisonError::into_inner).verdict(&recording);
        finish(&recording, stage.clock.now(), verdict, interrupted)?;
        conclude(&recording, &run.folder, exit(verdict, interrupted))
    })
}

/// In virtual time: each scenario on a stage of its own.
fn rehearse(run: Run, selection: &Selection) -> Result<Exit, Fatal> {
    let starts_at = run.input.virtual_start.map_or_else(|| starts_at(None), Ok)?;
    let recording = run.record(starts_at)?;
    let progress = run.progress(selection.planned.len())?;
    let scripts = selection.scripts();
    let jobs = run.jobs.map_or_else(
        || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        |jobs| NonZeroUsize::new(usize::from(jobs)).unwrap_or(NonZeroUsize::MIN),
    );
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = super::runtime()?;
    let told = Arc::clone(&stop);
    runtime.spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            told.store(true, Ordering::Relaxed);
        }
    });
    let mut tally = Tally::default();
    let interrupted =
        run.rehearsal(starts_at)?.play_all(&scripts, jobs, &virtual_time::reference(), &stop, |played| {
            show(&progress, &played.finished, &played.recording.violations(&played.finished.id));
            tally.count(&played.finished);
            recording.absorb(&played.recording);
            Ok(())
        })?;
    progress.end();
    let verdict = tally.verdict(&recording);
    finish(&recording, starts_at, verdict, interrupted)?;
    conclude(&recording, &run.folder, exit(verdict, interrupted))
}

/// Ends the journal.
fn finish(recording: &Recording, at: Timestamp, verdict: Verdict, interrupted: bool) -> Result<(), Fatal> {
    recording.record(at, None, Entry::RunFinished(RunFinished { verdict, interrupted }));
    recording.flush()
}

pub(super) const fn exit(verdict: Verdict, interrupted: bool) -> Exit {
    match verdict {
        Verdict::Fail => Exit::Failed,
        _ if interrupted => Exit::Interrupted,
        Verdict::Inconclusive => Exit::Inconclusive,
        Verdict::Pass => Exit::Passed,
    }
}

/// Tells the story from the journal, as `check` would, and writes the other reports.
fn conclude(recording: &Recording, folder: &Path, exit: Exit) -> Result<Exit, Fatal> {
    let journal = folder.join("run.ndjson");
    let tally = LawTally { laws: Judge::laws().len(), checks: recording.checks() };
    let run = story(&journal, recording.all_violations(), tally)?;
    let path = folder.join("junit.xml");
    let unwritable = |reason: String| {
        Fatal::new(Exit::Inconclusive, format!("failed to write {}: {reason}", path.display()))
    };
    let mut xml = Vec::new();
    junit::write(&run, &mut xml).map_err(|error| unwritable(error.to_string()))?;
    std::fs::write(&path, xml).map_err(|error| unwritable(error.to_string()))?;
    tell(&run, exit)?;
    super::print(&format!("journal {} · junit {}\n", journal.display(), path.display()))?;
    Ok(exit)
}

/// Reads the journal again and tells its story with these violations.
fn story(journal: &Path, violations: Vec<Violation>, tally: LawTally) -> Result<RunReport, Fatal> {
    let file = std::fs::File::open(journal).map_err(|error| {
        Fatal::new(Exit::Inconclusive, format!("failed to read {}: {error}", journal.display()))
    })?;
    let mut story = Story::default();
    violations.into_iter().for_each(|violation| story.accuse(violation));
    read_until_break(std::io::BufReader::new(file), |record| {
        story.observe(&record);
    });
    Ok(story.finish(tally))
}

/// Prints what broke, and the result.
pub(super) fn tell(run: &RunReport, exit: Exit) -> Result<(), Fatal> {
    let mut shown = Vec::new();
    let look = Look { color: std::io::stdout().is_terminal(), counter: None };
    Terminal::new(&mut shown, look)
        .summary(run, exit as u8)
        .map_err(|error| Fatal::new(Exit::Bug, format!("failed to tell the result: {error}")))?;
    super::print(&String::from_utf8_lossy(&shown))
}
