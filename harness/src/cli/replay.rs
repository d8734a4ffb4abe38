//! `counterproof replay`: a recorded run again, from what its journal says of itself.

use std::{fs::File, io::BufReader, path::Path, time::Duration};

use counterproof_contracts::{
    faults::Plan,
    journal::{Entry, RunStarted, ScenarioStarted, read_until_break},
};

use super::{
    ReplayArgs,
    gate::{self, Run},
    run,
};
use crate::{
    exit::{Exit, Fatal},
    features,
    stage::Overlay,
    target::Target,
};

/// Plays it again.
pub(super) fn replay(args: ReplayArgs) -> Result<Exit, Fatal> {
    let (place, scenario) = split(&args.run);
    let (started, only) = recorded(place, scenario)?;
    let invalid = |reason: String| Fatal::new(Exit::Invalid, format!("the journal of {place}: {reason}"));
    let target: Target = match args.target {
        Some(target) => target,
        None => started.target.parse().map_err(|reason| invalid(format!("its target: {reason}")))?,
    };
    let plan = match &started.input.faults {
        serde_json::Value::Null => None,
        plan => Some(Plan::parse(&plan.to_string()).map_err(|refusals| {
            let told: Vec<String> = refusals.iter().map(ToString::to_string).collect();
            invalid(format!("its fault plan: {}", told.join("; ")))
        })?),
    };
    let sources = features::load(&started.input.paths)?;
    super::lint::pass(&sources)?;
    let selection = features::plan(&sources, started.input.tags.as_deref())?;
    let run = Run {
        seed: started.seed,
        first_port: run::first_port(&args.ports, &target),
        target,
        policy: started.policy,
        tokens: run::tokens(&run::secret())?,
        secret: run::secret(),
        patience: Duration::from_secs(u64::from(args.timeout)),
        jobs: args.jobs,
        overlay: Overlay { plan, chaos: started.input.chaos, perturbed: false },
        input: started.input,
        folder: run::folder(args.out.as_deref())?,
        only,
        quiet: false,
    };
    gate::play(&run, selection)
}

/// The run's place, and the scenario behind its last colon where that is no part of a path that exists.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((place, scenario)) if !Path::new(text).exists() && !place.is_empty() => (place, Some(scenario)),
        _ => (text, None),
    }
}

/// What the journal says of the run, and path and name of the scenario that is meant.
fn recorded(place: &str, scenario: Option<&str>) -> Result<(RunStarted, Option<(String, String)>), Fatal> {
    let path = Path::new(place);
    let path = if path.is_dir() { path.join("run.ndjson") } else { path.to_owned() };
    let invalid = |reason: String| Fatal::new(Exit::Invalid, reason);
    let file = File::open(&path).map_err(|error| {
        invalid(format!(
            "failed to read the journal {}: {error}\n  = name a run.ndjson, or the folder of a run",
            path.display()
        ))
    })?;
    let mut run = None;
    let mut scenarios: Vec<(String, ScenarioStarted)> = Vec::new();
    read_until_break(BufReader::new(file), |record| match (record.entry, record.scenario) {
        (Entry::RunStarted(started), _) => run = Some(*started),
        (Entry::ScenarioStarted(started), Some(id)) => scenarios.push((id, started)),
        _ => {}
    });
    let run = run.ok_or_else(|| invalid(format!("{} is no journal: no run begins in it", path.display())))?;
    let Some(wanted) = scenario else { return Ok((run, None)) };
    let found = scenarios.iter().find(|(id, started)| id == wanted || started.line.to_string() == wanted);
    let (_, started) = found.ok_or_else(|| {
        let similar = |id: &str| strsim::jaro_winkler(id, wanted);
        let nearest = scenarios.iter().max_by(|(a, _), (b, _)| similar(a).total_cmp(&similar(b)));
        let nearest = nearest
            .map_or_else(String::new, |(id, started)| format!("; the nearest is {id} ({:?})", started.name));
        invalid(format!("no scenario {wanted:?} in {}{nearest}", path.display()))
    })?;
    Ok((run, Some((started.feature_path.clone(), started.name.clone()))))
}
