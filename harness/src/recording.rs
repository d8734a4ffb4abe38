//! The journal of a run while it is written: on disk line by line, judged line by line.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    invariants::{Judge, Violation},
    journal::{Entry, Exchange, Outcome, Record, Redactor, Settled, Writer},
    model::{System, Timestamp},
    policy::Policy,
};
use counterproof_simulators::kernel::RecordSink;

use crate::exit::{Exit, Fatal};

/// A call whose outcome its caller does not know yet, so that it will be repeated.
type Unresolved = (System, System, String, String);

/// What must be known of a scenario as long as it is under way.
#[derive(Default)]
struct Open {
    unresolved: BTreeMap<Unresolved, Timestamp>,
    last_activity: Option<Timestamp>,
}

struct State {
    /// Straight into the file: what was recorded survives a kill of this process.
    writer: Writer<File>,
    path: String,
    redactor: Redactor,
    judge: Judge,
    violations: Vec<Violation>,
    repeats_within: Duration,
    open: BTreeMap<String, Open>,
    exchanges: u64,
    effects: u64,
    broken: Option<String>,
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
    /// Begins a journal in a new file. The secrets never reach it.
    pub fn create(path: &Path, policy: Policy, secrets: &[&str]) -> Result<Self, Fatal> {
        let file = File::create(path).map_err(|error| {
            Fatal::new(
                Exit::Inconclusive,
                format!("failed to create the journal {}: {error}\n  = name a folder that can be written to with --out", path.display()),
            )
        })?;
        Ok(Self(Arc::new(Mutex::new(State {
            writer: Writer::new(file),
            path: path.display().to_string(),
            redactor: Redactor::new(secrets),
            repeats_within: Duration::from_millis(
                policy.retry.timeout_ms.saturating_add(policy.retry.max_ms.saturating_mul(2)),
            ),
            judge: Judge::new(policy),
            violations: Vec::new(),
            open: BTreeMap::new(),
            exchanges: 0,
            effects: 0,
            broken: None,
        }))))
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
        let broken = state.judge.broken_checks().iter();
        broken
            .filter(|broken| scenario.is_none() || broken.scenario.as_deref() == scenario)
            .map(|broken| format!("law {} could not be checked: {}", broken.invariant, broken.reason))
            .collect()
    }

    /// How often laws were checked.
    pub fn checks(&self) -> u64 {
        self.state().judge.checks_by_law().values().sum()
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

    /// How much was recorded.
    pub fn volume(&self) -> Volume {
        let state = self.state();
        Volume { exchanges: state.exchanges, effects: state.effects }
    }

    /// Waits until the journal is on the device, where it survives a loss of power. The error is the first that
    /// recording met, if any.
    pub fn flush(&self) -> Result<(), Fatal> {
        let mut state = self.state();
        if state.broken.is_none() {
            state.broken = sync(state.writer.output()).err().map(|error| error.to_string());
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
            Entry::Effect(_) => {
                self.effects += 1;
                if let Some(open) = self.open.get_mut(scenario) {
                    open.last_activity = Some(at);
                }
            }
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

/// Waits for the device. A pipe has none, which is no error.
fn sync(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

impl RecordSink for Recording {
    fn append(&mut self, record: &mut Record) {
        let mut state = self.state();
        // Judge and file see the same, so that the file gives the same verdict.
        state.redactor.apply(record);
        if let Some(scenario) = &record.scenario {
            state.follow(scenario, record.at, &record.entry);
        }
        let broken = state.judge.observe(record);
        state.violations.extend(broken);
        // After a failure the file may end within a line; nothing may follow it.
        if state.broken.is_none() {
            state.broken = state.writer.write(record).err().map(|error| error.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use serde_json::{Value, json};

    use super::*;

    fn record(scenario: &str, entry: &Value) -> Record {
        let mut record = json!({ "seq": 1, "at": "2026-11-27T09:00:00Z", "scenario": scenario });
        record.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
        serde_json::from_value(record).unwrap()
    }

    fn started(scenario: &str) -> Record {
        let entry = json!({
            "kind": "scenario_started", "feature_path": "a.feature", "feature": "A", "name": "a", "line": 1,
            "tags": [], "steps_planned": 1,
        });
        record(scenario, &entry)
    }

    fn finished(scenario: &str) -> Record {
        let entry = json!({
            "kind": "scenario_finished", "verdict": "pass", "steps_executed": 1, "assertions": 1, "duration_ms": 1,
        });
        record(scenario, &entry)
    }

    fn lost_call(scenario: &str) -> Record {
        let entry = json!({
            "kind": "exchange", "from": "middleware", "to": "erp", "operation": "createSalesOrder",
            "call": "POST /v1/sales-orders", "key": "k-1", "attempt": 1, "started_at": "2026-11-27T09:00:00Z",
            "request": null, "response": null, "outcome": "unknown",
        });
        record(scenario, &entry)
    }

    #[test]
    fn a_scenario_is_followed_from_its_beginning_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut recording =
            Recording::create(&folder.path().join("run.ndjson"), Policy::default(), &[]).unwrap();
        recording.append(&mut started("a"));
        recording.append(&mut lost_call("a"));
        let now = "2026-11-27T09:00:00Z".parse().unwrap();
        assert_eq!(recording.unresolved("a", now), ["middleware will repeat erp.createSalesOrder"]);
        assert_eq!(recording.last_activity("a"), Some(now));
        recording.append(&mut finished("a"));
        recording.append(&mut lost_call("a"));
        assert_eq!(recording.unresolved("a", now), [""; 0]);
        assert_eq!(recording.state().open.len(), 0);
        assert_eq!(recording.volume(), Volume { exchanges: 2, effects: 0 });
    }

    #[test]
    fn a_record_is_in_the_file_before_anybody_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ndjson");
        let mut recording = Recording::create(&path, Policy::default(), &[]).unwrap();
        for count in 1..=3 {
            recording.append(&mut lost_call("a"));
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!((text.lines().count(), text.ends_with('\n')), (count, true), "without a flush");
        }
        recording.flush().unwrap();
    }

    #[test]
    fn judge_and_file_see_what_was_redacted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ndjson");
        let secret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQ=";
        let mut recording = Recording::create(&path, Policy::default(), &[secret]).unwrap();
        let mut record = lost_call("a");
        if let Entry::Exchange(exchange) = &mut record.entry {
            exchange.call = format!("POST /v1/{secret}");
            exchange.operation = "unknown".to_owned();
        }
        recording.append(&mut record);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("c2VjcmV0") && text.contains("redacted-secret"), "{text}");
        let sentences = format!("{:?}", recording.all_violations());
        assert!(sentences.contains("redacted-secret") && !sentences.contains("c2VjcmV0"), "{sentences}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_makes_the_run_inconclusive_and_says_why() {
        let mut recording = Recording::create(Path::new("/dev/full"), Policy::default(), &[]).unwrap();
        recording.append(&mut started("a"));
        recording.append(&mut lost_call("a"));
        let fatal = recording.flush().unwrap_err();
        assert_eq!(fatal.exit, Exit::Inconclusive);
        let message = fatal.message;
        assert!(
            message.contains("the journal /dev/full is incomplete") && message.contains("space"),
            "{message}"
        );
        assert_eq!(recording.volume().exchanges, 1, "what happens is judged and counted still");
    }
}
