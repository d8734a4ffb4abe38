//! Playing what was selected, and the gate: the journal, the reports, the exit code.

use std::{
    collections::BTreeMap,
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
    journal::{Entry, FORMAT, RunFinished, RunInput, RunStarted, ScenarioOmitted, Verdict, read_until_break},
    model::Timestamp,
    policy::Policy,
    protocol::Tokens,
    requirements::Coverage,
};
use counterproof_reports::{LawTally, Look, RunReport, Story, Terminal, junit};

use super::run::omit_what_cannot_run;
use crate::{
    clock::Clock,
    exit::{Exit, Fatal},
    features::{Script, Selection},
    identity::tag_of,
    perturb::{self, End},
    progress::Progress,
    recording::Recording,
    runner::{self, Finished},
    stage::{LivePlan, Overlay, Stage},
    sweep,
    target::Target,
    virtual_time::{self, Rehearsal},
};

/// How many scenarios run at once on a live stage, for each processor: they wait more than they work, and more would keep
/// each other from answering in time.
const LIVE_JOBS_PER_PROCESSOR: u16 = 16;
/// How many at the most, unless more are asked for.
const LIVE_JOBS_MAX: u16 = 64;

/// Everything that decides what a run does.
pub(super) struct Run {
    pub(super) seed: u64,
    pub(super) target: Target,
    pub(super) policy: Policy,
    pub(super) secret: String,
    pub(super) tokens: Tokens,
    pub(super) patience: Duration,
    pub(super) first_port: Option<u16>,
    pub(super) jobs: Option<u16>,
    pub(super) overlay: Overlay,
    pub(super) input: RunInput,
    pub(super) folder: PathBuf,
    /// Only the scenario with this path and name.
    pub(super) only: Option<(String, String)>,
    /// Scenarios that pass have no line.
    pub(super) quiet: bool,
}

/// Plays what was selected and gates on it.
pub(super) fn play(run: &Run, mut selection: Selection) -> Result<Exit, Fatal> {
    if let Some((path, name)) = &run.only {
        selection.retain(|planned| planned.path == *path && name.starts_with(planned.name.as_str()));
    }
    let omitted = omit_what_cannot_run(run, &mut selection);
    if selection.planned.is_empty() {
        return Err(Fatal::new(Exit::Nothing, nothing_selected(run, &omitted)));
    }
    let progress = run.progress(selection.planned.len(), &omitted)?;
    if run.input.virtual_start.is_some() {
        rehearse(run, &selection, &omitted, &progress)
    } else {
        play_live(run, selection, &omitted, progress)
    }
}

fn nothing_selected(run: &Run, omitted: &[ScenarioOmitted]) -> String {
    let tags =
        run.input.tags.as_ref().map_or_else(String::new, |tags| format!(" with tags that fit {tags:?}"));
    format!(
        "{}no scenario was selected{tags}, so there is nothing to pass\n  = `counterproof lint` counts what there is",
        counterproof_reports::omitted(omitted)
    )
}

impl Run {
    /// Begins the journal.
    fn record(&self, at: Timestamp, omitted: &[ScenarioOmitted]) -> Result<Recording, Fatal> {
        let path = self.folder.join("run.ndjson");
        let tokens = self.tokens.iter().map(|(_, token)| token.reveal());
        let secrets: Vec<&str> = tokens.chain([self.secret.as_str()]).collect();
        let create = match self.input.virtual_start {
            Some(_) => Recording::create_for_whole_scenarios,
            None => Recording::create,
        };
        let recording = create(&path, self.policy.clone(), &secrets)?;
        let started = RunStarted {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: self.seed,
            target: self.target.to_string(),
            policy: self.policy.clone(),
            input: self.input.clone(),
        };
        recording.record(at, None, Entry::RunStarted(Box::new(started)));
        for scenario in omitted {
            recording.record(at, None, Entry::ScenarioOmitted(scenario.clone()));
        }
        Ok(recording)
    }

    fn progress(&self, planned: usize, omitted: &[ScenarioOmitted]) -> Result<Progress, Fatal> {
        let clock = if self.input.virtual_start.is_some() { " · virtual time" } else { "" };
        let progress = Progress::begin(planned, self.seed, &format!("{}{clock}", self.target), self.quiet)?;
        progress.line(&counterproof_reports::omitted(omitted))?;
        Ok(progress)
    }

    fn rehearsal(&self, starts_at: Timestamp) -> Result<Rehearsal, Fatal> {
        let mut rehearsal = Rehearsal::new(self.seed)?;
        rehearsal.starts_at = starts_at;
        rehearsal.policy = self.policy.clone();
        rehearsal.secret.clone_from(&self.secret);
        rehearsal.patience = self.patience;
        rehearsal.overlay = self.overlay.clone();
        rehearsal.repeat = self.input.repeat.unwrap_or(1);
        Ok(rehearsal)
    }
}

/// Scenarios that ended, worst verdict so far.
#[derive(Default)]
struct Tally {
    worst: Option<Verdict>,
    /// How many scenarios with each tag were told apart as right or wrong.
    told: BTreeMap<String, u64>,
}

impl Tally {
    fn count(&mut self, finished: &Finished) {
        // What is played again counts when its last play has ended.
        if finished.result.again {
            return;
        }
        self.worst = self.worst.max(Some(finished.result.verdict));
        if finished.result.verdict != Verdict::Inconclusive {
            for tag in &finished.tags {
                *self.told.entry(tag.clone()).or_default() += 1;
            }
        }
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
fn play_live(
    run: &Run,
    selection: Selection,
    omitted: &[ScenarioOmitted],
    progress: Progress,
) -> Result<Exit, Fatal> {
    super::runtime()?.block_on(async {
        let recording = run.record(Clock::system().now(), omitted)?;
        let plan = LivePlan {
            seed: run.seed,
            target: run.target.clone(),
            folder: run.folder.clone(),
            policy: run.policy.clone(),
            first_port: run.first_port,
            secret: run.secret.clone(),
            tokens: run.tokens.clone(),
            patience: run.patience,
            overlay: Overlay { perturbed: run.input.perturb.is_some(), ..run.overlay.clone() },
            proxied: false,
        };
        if run.input.perturb.is_some() {
            recording.keep_ends();
        }
        let stage = Stage::live(plan, recording.clone()).await?;
        let progress = Arc::new(progress);
        let tally = Arc::new(Mutex::new(Tally::default()));
        let (shown, counted, watched) = (Arc::clone(&progress), Arc::clone(&tally), Arc::clone(&stage));
        let on_finished: runner::OnFinished = Arc::new(move |finished: &Finished| {
            show(&shown, finished, &watched.violations(&finished.id));
            counted.lock().unwrap_or_else(PoisonError::into_inner).count(finished);
        });
        let all = play_all(run, selection, Arc::clone(&stage), &progress, on_finished);
        let interrupted = tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => true,
            () = all => false,
        };
        progress.end();
        stage.close().await;
        let tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = tally.verdict(&recording);
        finish(&recording, stage.clock.now(), &tally, interrupted)?;
        drop(tally);
        conclude(&recording, &run.folder, exit(verdict, interrupted))
    })
}

/// Plays every scenario, and those that passed again while deliveries are perturbed, if that is asked for.
async fn play_all(
    run: &Run,
    mut selection: Selection,
    stage: Arc<Stage>,
    progress: &Progress,
    on_finished: runner::OnFinished,
) {
    let jobs = run.jobs.unwrap_or_else(live_jobs);
    selection.allow_retries(run.input.retries.unwrap_or(0));
    let scripts = selection.scripts();
    let mut played = runner::run(selection, Arc::clone(&stage), jobs, Arc::clone(&on_finished)).await;
    play_again(&scripts, &mut played, (&stage, jobs), progress, &on_finished).await;
    let Some(times) = run.input.perturb else { return };
    let passed = played.iter().filter(|finished| finished.result.verdict == Verdict::Pass);
    // How a place is now is remembered by the implementation, so it cannot be changed for the first time again.
    let (once, again): (Vec<_>, Vec<_>) =
        passed.partition(|finished| stage.kernel.registry().has_place(&finished.id));
    for finished in once {
        let name = &finished.planned;
        // Nothing else is lost with a line that cannot be written.
        let _ = progress.line(&format!("not perturbed: {name} (it changes a place, which is remembered)\n"));
    }
    let mut variants: Vec<Script> = again
        .into_iter()
        .filter_map(|finished| Some((scripts.get(finished.index)?, stage.recording.end_of(&finished.id))))
        .flat_map(|(script, plain)| perturb::variants(script, times, &plain, true))
        .collect();
    if let Some((_, name)) = &run.only {
        variants.retain(|variant| variant.planned.title() == *name);
    }
    progress.expect_more(variants.len());
    let mut ends = runner::perform_all(&variants, &stage, jobs, &on_finished).await;
    play_again(&variants, &mut ends, (&stage, jobs), progress, &on_finished).await;
}

/// Plays scenarios of which nothing could be told until something can be, or they were played often enough: `played` holds
/// the last play of each then. What made one inconclusive, a rig that had too little time say, may not come again.
async fn play_again(
    scripts: &[Script],
    played: &mut [Finished],
    (stage, jobs): (&Arc<Stage>, u16),
    progress: &Progress,
    on_finished: &runner::OnFinished,
) {
    let mut scripts = scripts.to_vec();
    loop {
        let untold = played.iter().filter(|finished| finished.result.again);
        let (indices, again): (Vec<usize>, Vec<Script>) = untold
            .filter_map(|finished| Some((finished.index, scripts.get(finished.index)?.clone().again())))
            .unzip();
        if again.is_empty() {
            return;
        }
        progress.expect_more(again.len());
        let ends = runner::perform_all(&again, stage, jobs, on_finished).await;
        for end in ends {
            let Some((index, script)) = indices.get(end.index).zip(again.get(end.index)) else { continue };
            if let Some(before) = played.iter_mut().find(|before| before.index == *index) {
                *before = Finished { index: *index, ..end };
            }
            if let Some(kept) = scripts.get_mut(*index) {
                *kept = script.clone();
            }
        }
    }
}

/// In virtual time: each scenario on a stage of its own, and then, if asked for, once for each point at which
/// the implementation may die.
fn rehearse(
    run: &Run,
    selection: &Selection,
    omitted: &[ScenarioOmitted],
    progress: &Progress,
) -> Result<Exit, Fatal> {
    let starts_at = run.input.virtual_start.unwrap_or(Timestamp::UNIX_EPOCH);
    let recording = run.record(starts_at, omitted)?;
    let mut rehearsal = Rehearsing {
        rehearsal: run.rehearsal(starts_at)?,
        jobs: jobs(run),
        stop: stop_on_interrupt()?,
        progress,
        recording: &recording,
        tally: Tally::default(),
    };
    let scripts = selection.scripts();
    let mut variants = Vec::new();
    let mut interrupted = rehearsal.play(&scripts, |script, played, records| {
        if played.result.verdict == Verdict::Pass && run.input.crash_everywhere {
            variants.extend(sweep::with_crashes(script, &played.id, records));
        }
        if let Some(times) = run.input.perturb.filter(|_| played.result.verdict == Verdict::Pass) {
            let plain = End::of(records, tag_of(&played.id));
            variants.extend(perturb::variants(script, times, &plain, false));
        }
    })?;
    if let Some((_, name)) = &run.only {
        variants.retain(|variant| variant.planned.title() == *name);
    }
    if !interrupted && !variants.is_empty() {
        progress.expect_more(variants.len());
        interrupted = rehearsal.play(&variants, |_, _, _| ())?;
    }
    progress.end();
    let verdict = rehearsal.tally.verdict(&recording);
    finish(&recording, starts_at, &rehearsal.tally, interrupted)?;
    conclude(&recording, &run.folder, exit(verdict, interrupted))
}

fn jobs(run: &Run) -> NonZeroUsize {
    let asked = run.jobs.and_then(|jobs| NonZeroUsize::new(usize::from(jobs)));
    asked.unwrap_or_else(processors)
}

fn live_jobs() -> u16 {
    let processors = u16::try_from(processors().get()).unwrap_or(u16::MAX);
    processors.saturating_mul(LIVE_JOBS_PER_PROCESSOR).min(LIVE_JOBS_MAX)
}

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// A flag that is set when the user interrupts, for as long as the process lives.
pub(super) fn stop_on_interrupt() -> Result<Arc<AtomicBool>, Fatal> {
    let runtime = super::runtime()?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                told.store(true, Ordering::Relaxed);
            }
        });
    });
    Ok(stop)
}

/// A run in virtual time that is under way.
struct Rehearsing<'a> {
    rehearsal: Rehearsal,
    jobs: NonZeroUsize,
    stop: Arc<AtomicBool>,
    progress: &'a Progress,
    recording: &'a Recording,
    tally: Tally,
}

impl Rehearsing<'_> {
    /// Plays scenarios, lets somebody look at each, shows and records it. Whether it was interrupted.
    fn play(
        &mut self,
        scripts: &[Script],
        mut look: impl FnMut(&Script, &Finished, &[counterproof_contracts::journal::Record]),
    ) -> Result<bool, Fatal> {
        let Self { rehearsal, jobs, stop, progress, recording, tally } = self;
        rehearsal.play_all(scripts, *jobs, &virtual_time::reference(), stop, |played| {
            if let Some(script) = scripts.get(played.finished.index) {
                played.recording.with_records(|records| look(script, &played.finished, records));
            }
            let finished = &played.finished;
            if played.repetition == 0 || finished.result.verdict != Verdict::Pass {
                show(progress, finished, &played.recording.violations(&finished.id));
            }
            tally.count(finished);
            recording.absorb(&played.recording);
            // Nothing that is played from here on could be shown.
            recording.intact()
        })
    }
}

/// Ends the journal.
fn finish(recording: &Recording, at: Timestamp, tally: &Tally, interrupted: bool) -> Result<(), Fatal> {
    let coverage = Coverage::of(super::requirements::published()?, &tally.told, &recording.checks_by_law());
    recording.record(at, None, Entry::Coverage(coverage));
    let verdict = tally.verdict(recording);
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
    let tally = LawTally { laws: Judge::laws().len(), checks: recording.checks_by_law().values().sum() };
    let mut run = story(&journal, recording.all_violations(), tally)?;
    let path = folder.join("junit.xml");
    let unwritable = |reason: String| {
        Fatal::new(Exit::Inconclusive, format!("failed to write {}: {reason}", path.display()))
    };
    let mut xml = Vec::new();
    junit::write(&run, &mut xml).map_err(|error| unwritable(error.to_string()))?;
    std::fs::write(&path, xml).map_err(|error| unwritable(error.to_string()))?;
    let metrics = folder.join("metrics.json");
    write_metrics(&metrics, &run)?;
    run.folder = Some(folder.display().to_string());
    let exit = with_thresholds(&run, exit);
    tell(&run, exit)?;
    let [journal, junit, metrics] = [&journal, &path, &metrics].map(|path| path.display().to_string());
    super::print(&format!("journal {journal} · junit {junit} · metrics {metrics}\n"))?;
    Ok(exit)
}

/// What was right may still be too slow, or too often repeated.
pub(super) fn with_thresholds(run: &RunReport, exit: Exit) -> Exit {
    if exit == Exit::Passed && !run.missed.is_empty() { Exit::Threshold } else { exit }
}

/// Business metrics as data.
fn write_metrics(path: &Path, run: &RunReport) -> Result<(), Fatal> {
    let data = serde_json::json!({
        "format": "counterproof-metrics/1", "metrics": run.metrics, "missed": run.missed,
    });
    let text = serde_json::to_vec_pretty(&data).map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
    std::fs::write(path, text).map_err(|error| {
        Fatal::new(Exit::Inconclusive, format!("failed to write {}: {error}", path.display()))
    })
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
    let look = Look { color: std::io::stdout().is_terminal(), counter: None, quiet: false };
    Terminal::new(&mut shown, look)
        .summary(run, exit as u8)
        .map_err(|error| Fatal::new(Exit::Bug, format!("failed to tell the result: {error}")))?;
    super::print(&String::from_utf8_lossy(&shown))
}
