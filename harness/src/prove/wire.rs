//! Whether a gate would have caught it, whatever the implementation is: a proxy between implementation and simulators gives it
//! the defects of `wire-defects.toml`, one at a time.
//!
//! The whole suite is rehearsed first, in virtual time, around the reference: that tells cheaply which scenarios see which
//! defect. Live only those are played, first without a defect and then, under fresh identities, with it, until a law that
//! names the business fact has seen it.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::{Arc, atomic::AtomicBool},
};

use counterproof_contracts::{
    invariants::Judge,
    journal::{Entry, Exchange, Record},
    model::System,
    wire_defects::{self, Place, Tampering, WireDefect},
};
use counterproof_reports::{Kill, Matrix, Row};

use super::{failure, in_parallel, proven, unknown_defect};
use crate::{
    exit::{Exit, Fatal},
    features::Script,
    runner,
    stage::Stage,
    target::InProcessReference,
    virtual_time::Rehearsal,
};

/// Most scenarios that are played live with a defect.
const LIVE_SCENARIOS_MAX: usize = 24;

/// What is to be proven of a gate.
#[derive(Debug)]
pub struct WireProof<'p> {
    /// With what scenarios are rehearsed.
    pub rehearsal: Rehearsal,
    /// The suite.
    pub scripts: &'p [Script],
    /// Identifiers of the defects; none: all of them.
    pub defects: &'p [String],
    /// Whether `scripts` are everything that can be played around the implementation.
    pub whole_suite: bool,
    /// How many plays of a rehearsal run at once.
    pub jobs: NonZeroUsize,
    /// The stage of another implementation; none: the rehearsal is all.
    pub live: Option<Live>,
}

/// A live stage with a [proxy](Stage::proxy).
#[derive(Debug)]
pub struct Live {
    /// The stage.
    pub stage: Arc<Stage>,
    /// The runtime that it lives on.
    pub runtime: tokio::runtime::Handle,
    /// How many scenarios are played at once.
    pub jobs: NonZeroUsize,
}

/// The operations that a scenario leads to, with the type of what is an event.
type Carried = BTreeSet<(System, String, Option<String>)>;

/// Hears after each play how many are done, of how many.
type Told<'t> = &'t (dyn Fn(usize, usize) + Sync);

impl WireProof<'_> {
    /// Plays the suite against every defect. `stop` ends it between two plays; what was played is in the matrix.
    ///
    /// # Errors
    /// [`Fatal`] for an unknown defect, or if no stage could be built.
    pub fn run(&self, stop: &AtomicBool, told: Told<'_>) -> Result<Matrix, Fatal> {
        let defects = self.chosen()?;
        let rehearsed = self.rehearse(&defects, stop, told)?;
        match &self.live {
            Some(live) => self.play_live(live, &defects, &rehearsed, stop, told),
            None => Ok(rehearsed),
        }
    }

    /// The defects that are asked for, except those that the declared policy makes no defects.
    fn chosen(&self) -> Result<Vec<&'static WireDefect>, Fatal> {
        let catalogue = catalogue()?;
        self.defects.iter().try_for_each(|id| wire_defect(id).map(drop))?;
        let wanted = |defect: &&WireDefect| {
            let named = self.defects.is_empty() || self.defects.contains(&defect.entry.id);
            let moot = defect.tampering == Tampering::LendToken {} && !self.rehearsal.policy.bearer_tokens;
            named && !moot
        };
        Ok(catalogue.iter().filter(wanted).collect())
    }

    fn rehearse(&self, defects: &[&WireDefect], stop: &AtomicBool, told: Told<'_>) -> Result<Matrix, Fatal> {
        let plain: Vec<usize> = (0..self.scripts.len()).collect();
        let baseline = in_parallel(&plain, self.jobs, stop, told, |script| self.rehearse_one(*script, None))?;
        let mut plays = Vec::new();
        for (row, defect) in defects.iter().enumerate() {
            for (script, outcome) in baseline.iter().enumerate() {
                let sound = outcome.as_ref().filter(|(failure, _)| failure.is_none());
                if sound.is_some_and(|(_, carried)| concerns(&defect.on, carried)) {
                    plays.push((row, script, *defect));
                }
            }
        }
        let outcomes = in_parallel(&plays, self.jobs, stop, told, |(_, script, defect)| {
            self.rehearse_one(*script, Some((*defect).clone()))
        })?;
        let known = baseline.iter().all(Option::is_some);
        let mut rows: Vec<Row> = defects.iter().map(|defect| row(defect, known)).collect();
        for ((place, _, _), outcome) in plays.iter().zip(outcomes) {
            let Some(row) = rows.get_mut(*place) else { continue };
            row.reached += 1;
            match outcome {
                Some((failure, _)) => row.kills.extend(failure),
                None => row.complete = false,
            }
        }
        let broken = baseline.into_iter().flatten().filter_map(|(failure, _)| failure).collect();
        Ok(self.matrix(rows, broken, false, stop))
    }

    fn rehearse_one(
        &self,
        script: usize,
        wire_defect: Option<WireDefect>,
    ) -> Result<(Option<Kill>, Carried), Fatal> {
        let mut rehearsal = self.rehearsal.clone();
        rehearsal.wire_defect = wire_defect;
        let played = rehearsal.play(self.script(script)?, script, Box::new(InProcessReference::default()))?;
        let violations = played.recording.violations(&played.finished.id);
        let carried = played.recording.with_records(carried);
        Ok((failure(script, &played.finished, &violations), carried))
    }

    fn play_live(
        &self,
        live: &Live,
        defects: &[&WireDefect],
        rehearsed: &Matrix,
        stop: &AtomicBool,
        told: Told<'_>,
    ) -> Result<Matrix, Fatal> {
        let proxy = live.stage.proxy.as_ref();
        let proxy = proxy.ok_or_else(|| Fatal::new(Exit::Bug, "the stage has no proxy"))?;
        let candidates: Vec<Vec<usize>> = rehearsed.rows.iter().map(candidates).collect();
        let needed: Vec<usize> =
            candidates.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let play = |script: usize, with: &str| self.live_one(live, script, with);
        let baseline = in_parallel(&needed, live.jobs, stop, told, |script| play(*script, ""))?;
        let mut broken: BTreeMap<usize, Kill> = BTreeMap::new();
        broken.extend(baseline.iter().flatten().flatten().map(|kill| (kill.scenario, kill.clone())));
        let known = baseline.iter().all(Option::is_some);
        let mut rows = Vec::new();
        for (defect, scripts) in defects.iter().zip(&candidates) {
            let mut row = row(defect, known);
            proxy.switch(Some((*defect).clone()));
            let sound: Vec<usize> =
                scripts.iter().copied().filter(|script| !broken.contains_key(script)).collect();
            for batch in sound.chunks(live.jobs.get()) {
                let outcomes =
                    in_parallel(batch, live.jobs, stop, told, |script| play(*script, &defect.entry.id))?;
                row.reached += batch.len();
                row.complete &= outcomes.iter().all(Option::is_some);
                row.kills.extend(outcomes.into_iter().flatten().flatten());
                if row.is_named() {
                    break;
                }
            }
            rows.push(row);
        }
        proxy.switch(None);
        Ok(self.matrix(rows, broken.into_values().collect(), true, stop))
    }

    /// Plays a scenario live, under identities that are its own with this defect.
    fn live_one(&self, live: &Live, script: usize, with: &str) -> Result<Option<Kill>, Fatal> {
        let mut own = self.script(script)?.clone();
        if !with.is_empty() {
            own.planned.name = format!("{} with {with}", own.planned.name);
        }
        let finished = live.runtime.block_on(runner::perform(&live.stage, &own, script));
        Ok(failure(script, &finished, &live.stage.violations(&finished.id)))
    }

    fn script(&self, script: usize) -> Result<&Script, Fatal> {
        self.scripts.get(script).ok_or_else(|| Fatal::new(Exit::Bug, "a scenario is missing"))
    }

    fn matrix(&self, rows: Vec<Row>, broken: Vec<Kill>, live: bool, stop: &AtomicBool) -> Matrix {
        Matrix {
            seed: self.rehearsal.seed,
            whole: self.whole_suite && self.defects.is_empty(),
            wire: true,
            live,
            scenarios: proven(self.scripts),
            laws: Judge::laws().iter().map(|law| law.id.to_owned()).collect(),
            rows,
            broken,
            interrupted: stop.load(std::sync::atomic::Ordering::Relaxed),
        }
    }
}

fn catalogue() -> Result<&'static [WireDefect], Fatal> {
    wire_defects::published()
        .map_err(|error| Fatal::new(Exit::Bug, format!("contracts/wire-defects.toml: {error}")))
}

/// The defect of the wire with this identifier.
///
/// # Errors
/// [`Fatal`] with the nearest identifier if there is none.
pub fn wire_defect(id: &str) -> Result<&'static WireDefect, Fatal> {
    let catalogue = catalogue()?;
    catalogue.iter().find(|defect| defect.entry.id == id).ok_or_else(|| {
        let ids = catalogue.iter().map(|defect| defect.entry.id.as_str());
        Fatal::new(Exit::Invalid, unknown_defect(id, ids, "contracts/wire-defects.toml"))
    })
}

fn row(defect: &WireDefect, complete: bool) -> Row {
    Row { defect: defect.entry.clone(), reached: 0, kills: Vec::new(), complete }
}

/// Scenarios that are worth playing live: those whose failure names the business fact first.
fn candidates(row: &Row) -> Vec<usize> {
    let (named, others): (Vec<&Kill>, Vec<&Kill>) = row.kills.iter().partition(|kill| row.names(kill));
    named.into_iter().chain(others).map(|kill| kill.scenario).take(LIVE_SCENARIOS_MAX).collect()
}

fn carried(records: &[Record]) -> Carried {
    let exchanges = records.iter().filter_map(|record| match &record.entry {
        Entry::Exchange(exchange) => Some(exchange),
        _ => None,
    });
    exchanges.map(|exchange| (exchange.to, exchange.operation.clone(), event_of(exchange))).collect()
}

fn event_of(exchange: &Exchange) -> Option<String> {
    let kind = exchange.request.get("type").and_then(serde_json::Value::as_str);
    kind.filter(|_| exchange.to == System::Middleware).map(str::to_owned)
}

fn concerns(on: &Place, carried: &Carried) -> bool {
    carried.iter().any(|(system, operation, event)| {
        *system == on.system
            && (on.operations.is_empty() || on.operations.contains(operation))
            && (on.event.is_none() || on.event == *event)
    })
}
