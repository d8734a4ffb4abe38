//! `counterproof run`: which scenarios are played, against what, and what goes wrong meanwhile.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use counterproof_contracts::{
    faults,
    journal::{RunInput, ScenarioOmitted},
    metrics::Threshold,
    model::Timestamp,
    policy::Policy,
    protocol::{Token, Tokens, signature::Secret},
};

use super::{
    FIRST_PORT, PortArgs, RunArgs,
    gate::{self, Run},
};
use crate::{
    chance,
    clock::Clock,
    exit::{Exit, Fatal},
    features::{self, Planned, Selection},
    recording::Recording,
    runner::NEEDS_RESTART,
    stage::{DEVELOPMENT_SECRET, LivePlan, Overlay, Stage},
    target::Target,
    virtual_time,
};

/// Scenarios with this tag call without right, so they need an implementation that asks for tokens.
pub(super) const NEEDS_TOKENS: &str = "access";
/// Scenarios with this tag last for hours, so they are played in virtual time only.
pub(super) const NEEDS_VIRTUAL_TIME: &str = "virtual";
/// Scenarios with this tag tell of an order of events, or of a pace, that drawn misfortunes destroy.
const NEEDS_CALM: &str = "calm";
/// Largest fault plan, in bytes.
const PLAN_BYTES_MAX: u64 = 1024 * 1024;

pub(super) const NO_VIRTUAL_URL: &str = "virtual time needs an implementation in this process, and a URL is none\n  \
    = leave out --virtual, or put a Rust service on stage with `counterproof::target::Implementation`";

/// Runs the command.
pub(super) fn run(args: RunArgs) -> Result<Exit, Fatal> {
    if args.virtual_time && args.target != Target::Reference {
        return Err(Fatal::new(Exit::Usage, NO_VIRTUAL_URL));
    }
    let sources = features::load(&args.paths)?;
    super::lint::pass(&sources)?;
    let selection = features::plan(&sources, args.tags.as_deref())?;
    let run = prepare(args)?;
    gate::play(&run, selection)
}

/// Takes a plan from its file. Everything that is wrong with it is told at once.
fn fault_plan(path: &Path) -> Result<faults::Plan, Fatal> {
    let wrong =
        |reason: String| Fatal::new(Exit::Invalid, format!("fault plan {}: {reason}", path.display()));
    let size = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.len();
    if size > PLAN_BYTES_MAX {
        return Err(wrong(format!("{size} bytes are more than a plan may have ({PLAN_BYTES_MAX})")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    faults::Plan::parse(&text).map_err(|refusals| {
        let told: Vec<String> = refusals.iter().map(ToString::to_string).collect();
        wrong(told.join("\n  "))
    })
}

fn prepare(args: RunArgs) -> Result<Run, Fatal> {
    let plan = args.faults.as_deref().map(fault_plan).transpose()?;
    let policy = policy(args.policy.as_deref(), &args.target)?;
    let virtual_start = args.virtual_time.then(|| starts_at(args.starts_at)).transpose()?;
    let input = RunInput {
        virtual_start,
        paths: args.paths,
        tags: args.tags,
        faults: plan.as_ref().and_then(|plan| serde_json::to_value(plan).ok()).unwrap_or_default(),
        chaos: args.chaos,
        repeat: args.repeat,
        crash_everywhere: args.crash_everywhere,
        perturb: args.perturb,
        retries: args.retries,
    };
    Ok(Run {
        seed: args.seed.unwrap_or_else(chance::fresh_seed),
        first_port: first_port(&args.ports, &args.target),
        policy,
        tokens: tokens(&secret())?,
        secret: secret(),
        patience: Duration::from_secs(u64::from(args.timeout)),
        jobs: args.jobs,
        overlay: Overlay { plan, chaos: args.chaos, perturbed: false },
        input,
        target: args.target,
        folder: folder(args.out.as_deref())?,
        only: None,
        quiet: args.quiet,
    })
}

fn starts_at(named: Option<Timestamp>) -> Result<Timestamp, Fatal> {
    let default = || virtual_time::STARTS_AT.parse();
    named.map_or_else(default, Ok).map_err(|error| Fatal::new(Exit::Bug, error.to_string()))
}

/// Takes out what cannot run on this target or clock, and says why.
pub(super) fn omit_what_cannot_run(run: &Run, selection: &mut Selection) -> Vec<ScenarioOmitted> {
    let mut all = Vec::new();
    let mut omit_all = |tag: &str, why: String| {
        all.extend(omit(selection, tag).into_iter().map(|planned| ScenarioOmitted {
            feature_path: planned.path,
            feature: planned.feature,
            name: planned.name,
            line: u32::try_from(planned.line).unwrap_or(u32::MAX),
            why: why.clone(),
        }));
    };
    if run.target != Target::Reference {
        omit_all(NEEDS_RESTART, format!("{} was not started here, so it cannot be killed", run.target));
    }
    if !run.policy.bearer_tokens {
        let why = "tokens are probed there, and the policy does not declare \"bearer_tokens\": true";
        omit_all(NEEDS_TOKENS, why.to_owned());
    }
    let unrest = [(run.input.chaos.is_some(), "--chaos"), (run.input.crash_everywhere, "--crash-everywhere")];
    for (_, option) in unrest.into_iter().filter(|(given, _)| *given) {
        omit_all(NEEDS_CALM, format!("what is told there does not happen under {option}"));
    }
    if run.input.virtual_start.is_none() {
        omit_all(NEEDS_VIRTUAL_TIME, "minutes or days pass there: run with --virtual".to_owned());
    }
    all
}

/// Takes scenarios with a tag out of the selection and says which.
pub(super) fn omit(selection: &mut Selection, tag: &str) -> Vec<Planned> {
    selection.retain(|planned| !planned.tags.iter().any(|given| given == tag))
}

pub(super) fn first_port(args: &PortArgs, target: &Target) -> Option<u16> {
    args.ports.or((*target != Target::Reference).then_some(FIRST_PORT))
}

/// The secret from the environment, read once here; a known one for work on loopback otherwise.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn secret() -> String {
    std::env::var("COUNTERPROOF_WEBHOOK_SECRET").unwrap_or_else(|_| DEVELOPMENT_SECRET.to_owned())
}

/// The tokens of callers: from the environment, and those that follow from the secret where it names none.
#[expect(clippy::disallowed_methods, reason = "the command line is where the environment is read")]
pub(super) fn tokens(secret: &str) -> Result<Tokens, Fatal> {
    // A secret that is none is told where it is used.
    let mut tokens = Secret::parse(secret).map(|secret| Tokens::of(&secret)).unwrap_or_default();
    for caller in Tokens::CALLERS {
        let variable = Tokens::variable(caller);
        let Ok(given) = std::env::var(&variable) else { continue };
        let token = Token::parse(&given)
            .map_err(|error| Fatal::new(Exit::Invalid, format!("{variable} is not usable: {error}")))?;
        tokens.set(caller, token);
    }
    Ok(tokens)
}

/// The run's folder; created.
pub(super) fn folder(named: Option<&Path>) -> Result<PathBuf, Fatal> {
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

/// How long a step waits on a live stage, beside the declared retries, unless another time is named.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a live stage is built from where a command names nothing else: secret and tokens from the environment, no faults.
pub(super) fn live_plan(
    seed: u64,
    target: &Target,
    policy: Policy,
    folder: PathBuf,
    first_port: Option<u16>,
) -> Result<LivePlan, Fatal> {
    let secret = secret();
    Ok(LivePlan {
        seed,
        target: target.clone(),
        folder,
        policy,
        first_port,
        tokens: tokens(&secret)?,
        secret,
        patience: PATIENCE,
        overlay: Overlay::default(),
        proxied: false,
    })
}

/// A live stage that writes its journal into the plan's folder.
pub(super) async fn stage(plan: LivePlan) -> Result<Arc<Stage>, Fatal> {
    let secrets: Vec<&str> =
        plan.tokens.iter().map(|(_, token)| token.reveal()).chain([plan.secret.as_str()]).collect();
    let recording = Recording::create(&plan.folder.join("run.ndjson"), plan.policy.clone(), &secrets)?;
    Stage::live(plan, recording).await
}

/// A place that cannot be used, with the remedy.
pub(super) fn unwritable(path: &Path, error: &dyn std::fmt::Display) -> Fatal {
    let path = path.display();
    Fatal::new(
        Exit::Inconclusive,
        format!("failed to use {path}: {error}\n  = name another folder with --out"),
    )
}

/// What the retailer declares. That an implementation which was not made here wants tokens, it must declare.
pub(super) fn policy(path: Option<&Path>, target: &Target) -> Result<Policy, Fatal> {
    let wants_tokens = *target == Target::Reference;
    let Some(path) = path else { return Ok(Policy { bearer_tokens: wants_tokens, ..Policy::default() }) };
    let wrong = |reason: String| Fatal::new(Exit::Invalid, format!("policy {}: {reason}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut policy: Policy = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let declared = serde_json::from_str::<serde_json::Value>(&text).unwrap_or_default();
    if declared.get("bearer_tokens").is_none() {
        policy.bearer_tokens = wants_tokens;
    }
    Threshold::check(&policy.thresholds).map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        wrong(told.join("\n  "))
    })?;
    Ok(policy)
}
