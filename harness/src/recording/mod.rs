//! The journal of a run while it is written: on disk line by line, judged line by line.
//!
//! Live, every scenario writes into the run's journal. In virtual time each scenario has a recording of its own
//! in memory, which the run's journal takes in as a whole when the scenario has ended.

mod convergence;

use std::{
    collections::BTreeMap,
    fs::File,
    io::BufWriter,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    invariants::{Judge, Violation},
    journal::{Entry, Exchange, Outcome, Record, Settled, Writer},
    model::{System, Timestamp},
    policy::Policy,
};
use counterproof_simulators::kernel::RecordSink;

use self::convergence::Convergence;
use crate::exit::{Exit, Fatal};

/// A call whose outcome its caller does not know yet, so that it will be repeated.
type Unresolved = (System, System, String, String);

/// Where records go.
enum Tape {
    /// Into a file, line by line.
    File(Writer<BufWriter<File>>),
    /// Nowhere yet: they are taken in by another recording later.
    Memory(Vec<Record>),
}

/// What must be known of a scenario as long as it is under way.
#[derive(Default)]
struct Open {
    unresolved: BTreeMap<Unresolved, Timestamp>,
    last_activity: Option<Timestamp>,
    convergence: Convergence,
}

struct State {
    tape: Tape,
    path: String,
    judge: Judge,
    violations: Vec<Violation>,
    doubts: Vec<Doubt>,
    repeats_within: Duration,
    open: BTreeMap<String, Open>,
    seq: u64,
    exchanges: u64,
    effects: u64,
    checks: u64,
    broken: Option<String>,
}

/// A check that could not be carried out: in which scenario, and why.
type Doubt = (Option<String>, String);

/// A violation whose lines have other numbers in the journal that takes it in.
fn shifted(violation: Violation, offset: u64) -> Violation {
    let evidence = violation.evidence.iter().map(|seq| seq + offset).collect();
    Violation { seq: violation.seq + offset, evidence, ..violation }
}

/// The journal of a run. Clones write the same journal.
#[derive(Clone)]
pub struct Recording(Arc<Mutex<State>>);

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recording({})", self.state().path)
    }
}

/// How much was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Volume {
    /// Exchanges.
    pub exchanges: u64,
    /// Effects.
    pub effects: u64,
}

impl Recording {
    /// Begins a journal in a new file.
    pub fn create(path: &Path, policy: Policy) -> Result<Self, Fatal> {
        let file = File::create(path).map_err(|error| {
            Fatal::new(
                Exit::Inconclusive,
                format!("failed to create the journal {}: {error}\n  = name a folder that can be written to with --out", path.display()),
            )
        })?;
        let tape = Tape::File(Writer::new(BufWriter::new(file)));
        Ok(Self::onto(tape, path.display().to_string(), policy))
    }

    /// A recording of one scenario in memory.
    pub fn in_memory(policy: Policy) -> Self {
        Self::onto(Tape::Memory(Vec::new()), "in memory".to_owned(), policy)
    }

    fn onto(tape: Tape, path: String, policy: Policy) -> Self {
        Self(Arc::new(Mutex::new(State {
            tape,
            path,
            repeats_within: Duration::from_millis(
                policy.retry.timeout_ms.saturating_add(policy.retry.max_ms.saturating_mul(2)),
            ),
            judge: Judge::new(policy),
            violations: Vec::new(),
            doubts: Vec::new(),
            open: BTreeMap::new(),
            seq: 0,
            exchanges: 0,
            effects: 0,
            checks: 0,
            broken: None,
        })))
    }

    /// The number of the last record; 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.state().seq
    }

    /// Records an entry at an instant, behind what is recorded already.
    pub fn record(&self, at: Timestamp, scenario: Option<String>, entry: Entry) {
        let mut state = self.state();
        let record = Record { seq: state.seq + 1, at, scenario, entry };
        state.append(&record);
    }

    /// Lets somebody look at the records that are kept in memory.
    pub fn with_records<R>(&self, look: impl FnOnce(&[Record]) -> R) -> R {
        match &self.state().tape {
            Tape::Memory(records) => look(records),
            Tape::File(_) => look(&[]),
        }
    }

    /// Takes in the recording of a scenario that has ended: its records get the next numbers, and what was
    /// judged there is not judged again.
    pub fn absorb(&self, scenario: &Self) {
        let mut other = scenario.state();
        let mut state = self.state();
        let offset = state.seq;
        let records = match &mut other.tape {
            Tape::Memory(records) => std::mem::take(records),
            Tape::File(_) => Vec::new(),
        };
        for mut record in records {
            record.seq += offset;
            state.write(&record);
        }
        state.violations.extend(other.violations.drain(..).map(|violation| shifted(violation, offset)));
        let doubts: Vec<Doubt> = other.all_doubts().collect();
        state.doubts.extend(doubts);
        state.exchanges += other.exchanges;
        state.effects += other.effects;
        state.checks += other.all_checks();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Laws that a scenario broke so far.
    pub fn violations(&self, scenario: &str) -> Vec<Violation> {
        let state = self.state();
        state
            .violations
            .iter()
            .filter(|violation| violation.scenario.as_deref() == Some(scenario))
            .cloned()
            .collect()
    }

    /// Every law that was broken so far, in the order of the journal.
    pub fn all_violations(&self) -> Vec<Violation> {
        self.state().violations.clone()
    }

    /// Whether every law would hold if the scenario came to rest now; nothing is recorded.
    pub fn would_hold(&self, scenario: &str, settled: &Settled) -> bool {
        let entry = Entry::Settled(settled.clone());
        let at = Timestamp::UNIX_EPOCH;
        self.state().judge.holds_at_rest(&Record {
            seq: u64::MAX,
            at,
            scenario: Some(scenario.to_owned()),
            entry,
        })
    }

    /// Checks that could not be carried out, in words; those of a scenario, or all.
    pub fn doubts(&self, scenario: Option<&str>) -> Vec<String> {
        let state = self.state();
        let doubts = state.all_doubts();
        let concerned = doubts.filter(|(of, _)| scenario.is_none() || of.as_deref() == scenario);
        concerned.map(|(_, reason)| reason).collect()
    }

    /// How often laws were checked.
    pub fn checks(&self) -> u64 {
        self.state().all_checks()
    }

    /// Calls of a scenario that will be repeated, because their caller does not know their outcome. One that
    /// was not repeated for longer than the declared pauses was given up, or repeated as something else.
    pub fn unresolved(&self, scenario: &str, now: Timestamp) -> Vec<String> {
        let state = self.state();
        let within = state.repeats_within;
        let alive =
            |at: &Timestamp| Duration::try_from(now.duration_since(*at)).is_ok_and(|age| age < within);
        let calls = state.open.get(scenario).into_iter().flat_map(|open| &open.unresolved);
        calls
            .filter(|(_, at)| alive(at))
            .map(|((from, to, operation, _), _)| format!("{from} will repeat {to}.{operation}"))
            .collect()
    }

    /// When something of a scenario was last recorded.
    pub fn last_activity(&self, scenario: &str) -> Option<Timestamp> {
        self.state().open.get(scenario)?.last_activity
    }

    /// How long each system of a scenario that is under way worked on after faults, in milliseconds.
    pub fn converged_ms(&self, scenario: &str) -> BTreeMap<System, u64> {
        self.state().open.get(scenario).map_or_else(BTreeMap::new, |open| open.convergence.report())
    }

    /// Faults of a scenario have ended.
    pub fn healed(&self, scenario: &str, at: Timestamp) {
        self.state().disturbed(scenario, at);
    }

    /// How much was recorded.
    pub fn volume(&self) -> Volume {
        let state = self.state();
        Volume { exchanges: state.exchanges, effects: state.effects }
    }

    /// Writes out what is buffered. The error is the first that recording met, if any.
    pub fn flush(&self) -> Result<(), Fatal> {
        let mut state = self.state();
        if let Tape::File(writer) = &mut state.tape
            && let Err(error) = writer.flush()
        {
            let error = error.to_string();
            state.broken.get_or_insert(error);
        }
        match &state.broken {
            None => Ok(()),
            Some(error) => Err(Fatal::new(
                Exit::Inconclusive,
                format!(
                    "the journal {} is incomplete: {error}\n  = what was recorded before is kept; free some space and run again",
                    state.path
                ),
            )),
        }
    }
}

impl State {
    fn all_checks(&self) -> u64 {
        self.checks + self.judge.checks_by_law().values().sum::<u64>()
    }

    fn all_doubts(&self) -> impl Iterator<Item = Doubt> {
        let own = self.judge.broken_checks().iter().map(|broken| {
            let reason = format!("law {} could not be checked: {}", broken.invariant, broken.reason);
            (broken.scenario.clone(), reason)
        });
        self.doubts.iter().cloned().chain(own)
    }

    /// Takes a record: follows what is under way, judges, writes.
    fn append(&mut self, record: &Record) {
        if let Some(scenario) = &record.scenario {
            self.follow(scenario, record.at, &record.entry);
        }
        let broken = self.judge.observe(record);
        self.violations.extend(broken);
        self.write(record);
    }

    fn write(&mut self, record: &Record) {
        self.seq = record.seq;
        let written = match &mut self.tape {
            Tape::File(writer) => writer.write(record),
            Tape::Memory(records) => {
                records.push(record.clone());
                Ok(())
            }
        };
        if let Err(error) = written {
            let error = error.to_string();
            self.broken.get_or_insert(error);
        }
    }

    fn disturbed(&mut self, scenario: &str, at: Timestamp) {
        if let Some(open) = self.open.get_mut(scenario) {
            open.convergence.disturbed(at);
        }
    }

    /// Counts, and keeps what is asked of a scenario that is under way.
    fn follow(&mut self, scenario: &str, at: Timestamp, entry: &Entry) {
        match entry {
            Entry::ScenarioStarted(_) => drop(self.open.insert(scenario.to_owned(), Open::default())),
            Entry::ScenarioFinished(_) => drop(self.open.remove(scenario)),
            Entry::Exchange(exchange) => {
                self.exchanges += 1;
                if let Some(open) = self.open.get_mut(scenario) {
                    open.last_activity = Some(at);
                    open.track(at, exchange);
                }
            }
            Entry::Effect(committed) => {
                self.effects += 1;
                if let Some(open) = self.open.get_mut(scenario) {
                    open.last_activity = Some(at);
                    open.convergence.committed(at, committed);
                }
            }
            Entry::FaultInjected(_) => self.disturbed(scenario, at),
            _ => {}
        }
    }
}

impl Open {
    fn track(&mut self, at: Timestamp, exchange: &Exchange) {
        let Some(key) = exchange.key.clone() else { return };
        let call = (exchange.from, exchange.to, exchange.operation.clone(), key);
        let repeated = exchange.outcome == Outcome::Unknown
            || exchange.response.get("retryable").and_then(serde_json::Value::as_bool).unwrap_or(false);
        if repeated {
            self.unresolved.insert(call, at);
        } else {
            self.unresolved.remove(&call);
        }
    }
}

impl RecordSink for Recording {
    fn append(&mut self, record: &Record) {
        self.state().append(record);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use serde_json::{Value, json};

    use super::*;

    fn record(scenario: &str, entry: Value) -> Record {
        let mut record = json!({ "seq": 1, "at": "2026-11-27T09:00:00Z", "scenario": scenario });
        record.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
        serde_json::from_value(record).unwrap()
    }

    fn started(scenario: &str) -> Record {
        let entry = json!({
            "kind": "scenario_started", "feature_path": "a.feature", "feature": "A", "name": "a", "line": 1,
            "tags": [], "steps_planned": 1,
        });
        record(scenario, entry)
    }

    fn finished(scenario: &str) -> Record {
        let entry = json!({
            "kind": "scenario_finished", "verdict": "pass", "steps_executed": 1, "assertions": 1, "duration_ms": 1,
        });
        record(scenario, entry)
    }

    fn lost_call(scenario: &str) -> Record {
        let entry = json!({
            "kind": "exchange", "from": "middleware", "to": "erp", "operation": "createSalesOrder",
            "call": "POST /v1/sales-orders", "key": "k-1", "attempt": 1, "started_at": "2026-11-27T09:00:00Z",
            "request": null, "response": null, "outcome": "unknown",
        });
        record(scenario, entry)
    }

    #[test]
    fn a_scenario_is_followed_from_its_beginning_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut recording = Recording::create(&folder.path().join("run.ndjson"), Policy::default()).unwrap();
        recording.append(&started("a"));
        recording.append(&lost_call("a"));
        let now = "2026-11-27T09:00:00Z".parse().unwrap();
        assert_eq!(recording.unresolved("a", now), ["middleware will repeat erp.createSalesOrder"]);
        assert_eq!(recording.last_activity("a"), Some(now));
        recording.append(&finished("a"));
        recording.append(&lost_call("a"));
        assert_eq!(recording.unresolved("a", now), [""; 0]);
        assert_eq!(recording.state().open.len(), 0);
        assert_eq!(recording.volume(), Volume { exchanges: 2, effects: 0 });
    }
}
