//! `counterproof run`: scenarios against an implementation, and the gate.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    invariants::Judge,
    journal::{Verdict, read_until_break},
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
    runner::{self, Finished},
    stage::{DEVELOPMENT_SECRET, Plan, Stage},
    target::Target,
};

/// Scenarios with this tag kill the implementation, so they need one that is started here.
const NEEDS_RESTART: &str = "restart";

/// Runs the command.
pub(super) fn run(args: RunArgs) -> Result<Exit, Fatal> {
    let sources = features::load(&args.paths)?;
    super::lint::pass(&sources)?;
    let mut selection = features::plan(&sources, args.tags.as_deref())?;
    let omitted =
        if args.target == Target::Reference { Vec::new() } else { omit(&mut selection, NEEDS_RESTART) };
    if selection.planned.is_empty() {
        return Err(Fatal::new(Exit::Nothing, nothing_selected(&args)));
    }
    let folder = folder(args.out.as_deref())?;
    let plan = Plan {
        seed: args.seed.unwrap_or_else(chance::fresh_seed),
        first_port: first_port(&args.ports, &args.target),
        target: args.target,
        policy: policy(args.policy.as_deref())?,
        secret: secret(),
        patience: Duration::from_secs(u64::from(args.timeout)),
        folder: folder.clone(),
    };
    super::runtime()?.block_on(play(plan, selection, args.jobs, &omitted, &folder))
}

fn nothing_selected(args: &RunArgs) -> String {
    let tags = args.tags.as_ref().map_or_else(String::new, |tags| format!(" with tags that fit {tags:?}"));
    format!(
        "no scenario was selected{tags}, so there is nothing to pass\n  = `counterproof lint` counts what there is"
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

async fn play(
    plan: Plan,
    selection: Selection,
    jobs: u16,
    omitted: &[String],
    folder: &Path,
) -> Result<Exit, Fatal> {
    let (seed, target) = (plan.seed, plan.target.clone());
    let stage = Stage::build(plan).await?;
    let progress = Arc::new(Progress::begin(selection.planned.len(), seed, &target.to_string())?);
    for name in omitted {
        progress.line(&format!(
            "omitted: {name} (it kills the implementation, and {target} was not started here)\n"
        ))?;
    }
    let shown = Arc::clone(&progress);
    let watched = Arc::clone(&stage);
    let ended = Arc::new(Mutex::new(Vec::new()));
    let so_far = Arc::clone(&ended);
    let on_finished: runner::OnFinished = Arc::new(move |finished: &Finished| {
        let laws: Vec<String> =
            watched.violations(&finished.id).into_iter().map(|violation| violation.invariant).collect();
        shown.scenario(&finished.planned, &finished.result, &laws);
        so_far.lock().unwrap_or_else(PoisonError::into_inner).push(finished.clone());
    });
    let all = runner::run(selection, Arc::clone(&stage), jobs, on_finished);
    let interrupted = tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => true,
        _ = all => false,
    };
    progress.end();
    let verdict = verdict(&ended.lock().unwrap_or_else(PoisonError::into_inner), &stage);
    stage.close(verdict, interrupted).await?;
    conclude(&stage, folder, exit(verdict, interrupted))
}

fn verdict(finished: &[Finished], stage: &Stage) -> Verdict {
    let worst =
        finished.iter().map(|finished| finished.result.verdict).max().unwrap_or(Verdict::Inconclusive);
    let broken = !stage.recording.all_violations().is_empty();
    let doubtful = !stage.recording.doubts(None).is_empty();
    worst.max(if broken {
        Verdict::Fail
    } else if doubtful {
        Verdict::Inconclusive
    } else {
        Verdict::Pass
    })
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
fn conclude(stage: &Stage, folder: &Path, exit: Exit) -> Result<Exit, Fatal> {
    let journal = folder.join("run.ndjson");
    let tally = LawTally { laws: Judge::laws().len(), checks: stage.recording.checks() };
    let run = story(&journal, stage.recording.all_violations(), tally)?;
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
fn story(
    journal: &Path,
    violations: Vec<counterproof_contracts::invariants::Violation>,
    tally: LawTally,
) -> Result<RunReport, Fatal> {
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
