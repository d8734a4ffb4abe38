//! The journal of a run while it is written: on disk line by line, judged line by line.
//!
//! Live, every scenario writes into the run's journal. In virtual time each scenario has a recording of its own
//! in memory, which the run's journal takes in as a whole when the scenario has ended.

mod convergence;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{self, BufWriter},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    faults::{DriftChange, Misfortune},
    invariants::{Judge, Violation},
    journal::{Entry, Exchange, Outcome, Record, Redactor, RunFinished, Settled, Verdict, Writer},
    model::{System, Timestamp},
    policy::Policy,
    protocol::ProblemKind,
};
use counterproof_simulators::kernel::RecordSink;

use self::convergence::Convergence;
use crate::{
    exit::{Exit, Fatal},
    identity,
    perturb::{End, Ending},
};

/// A call whose outcome its caller does not know yet, so that it will be repeated.
type Unresolved = (System, System, String, String);

/// Where records go.
enum Tape {
    /// Straight into a file, line by line: what was recorded survives a kill of this process.
    File(Writer<File>),
    /// Into a file, scenario by scenario.
    Buffered(Writer<BufWriter<File>>),
    /// Nowhere yet: they are taken in by another recording later.
    Memory(Vec<Record>),
}

/// What must be known of a scenario as long as it is under way.
#[derive(Default)]
struct Open {
    unresolved: BTreeMap<Unresolved, Timestamp>,
    /// Calls that failed when they were last made, with a key or without.
    failing: BTreeSet<Unresolved>,
    last_activity: Option<Timestamp>,
    /// When something was last recorded that is no repeat of a call which failed before and fails again.
    last_news: Option<Timestamp>,
    convergence: Convergence,
    /// How often a system refused a call, by the type of problem.
    refusals: BTreeMap<(System, String), u32>,
    /// Something was told with a code that nobody knows yet.
    told_unreadably: bool,
}

struct State {
    tape: Tape,
    path: String,
    redactor: Redactor,
    judge: Judge,
    violations: Vec<Violation>,
    doubts: Vec<Doubt>,
    repeats_within: Duration,
    open: BTreeMap<String, Open>,
    seq: u64,
    exchanges: u64,
    effects: u64,
    /// Checks by law of the recordings that were taken in.
    checks: BTreeMap<&'static str, u64>,
    broken: Option<String>,
    /// Until when some partner asks for patience.
    patience_until: Option<Timestamp>,
    /// Plays of which nothing could be told, and which do not count because others followed.
    superseded: BTreeSet<String>,
    /// How scenarios end, if that is asked for.
    endings: Option<BTreeMap<String, Ending>>,
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
    /// Begins a journal in a new file. The secrets never reach it.
    pub fn create(path: &Path, policy: Policy, secrets: &[&str]) -> Result<Self, Fatal> {
        let file = create(path)?;
        Ok(Self::onto(Tape::File(Writer::new(file)), path.display().to_string(), policy, secrets))
    }

    /// As [`create`](Self::create), for scenarios that are recorded in memory before: what is
    /// [taken in](Self::absorb) is written at once, and only then is the scenario told to have ended.
    pub fn create_for_whole_scenarios(path: &Path, policy: Policy, secrets: &[&str]) -> Result<Self, Fatal> {
        let file = create(path)?;
        let tape = Tape::Buffered(Writer::new(BufWriter::new(file)));
        Ok(Self::onto(tape, path.display().to_string(), policy, secrets))
    }

    /// A recording of one scenario in memory. The secrets never reach it.
    pub fn in_memory(policy: Policy, secrets: &[&str]) -> Self {
        Self::onto(Tape::Memory(Vec::new()), "in memory".to_owned(), policy, secrets)
    }

    /// Whether a scenario that is under way told something with a code that nobody knows yet.
    pub fn told_unreadably(&self, scenario: &str) -> bool {
        self.state().open.get(scenario).is_some_and(|open| open.told_unreadably)
    }

    /// Until when some partner asked for patience, in whatever scenario: calls of others may wait for that.
    pub fn patience_until(&self) -> Option<Timestamp> {
        self.state().patience_until
    }

    /// From now on the judge tells of no breach of these laws: see [`Judge::blind_to`].
    pub fn blind_to(&self, laws: &[String]) {
        self.state().judge.blind_to(laws.iter().cloned());
    }

    fn onto(tape: Tape, path: String, policy: Policy, secrets: &[&str]) -> Self {
        Self(Arc::new(Mutex::new(State {
            tape,
            path,
            redactor: Redactor::new(secrets),
            repeats_within: policy.retry.repeats_within(),
            judge: Judge::new(policy),
            violations: Vec::new(),
            doubts: Vec::new(),
            open: BTreeMap::new(),
            seq: 0,
            exchanges: 0,
            effects: 0,
            checks: BTreeMap::new(),
            broken: None,
            patience_until: None,
            superseded: BTreeSet::new(),
            endings: None,
        })))
    }

    /// The number of the last record; 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.state().seq
    }

    /// Records an entry at an instant, behind what is recorded already.
    pub fn record(&self, at: Timestamp, scenario: Option<String>, entry: Entry) {
        let mut state = self.state();
        let mut record = Record { seq: state.seq + 1, at, scenario, entry };
        state.append(&mut record);
    }

    /// From now on the ends of scenarios are known, also those whose records are not kept in memory.
    pub fn keep_ends(&self) {
        self.state().endings.get_or_insert_default();
    }

    /// What the systems hold of each order of a scenario. Nothing, if neither its records nor its end were kept.
    pub fn end_of(&self, scenario: &str) -> End {
        let state = self.state();
        match (&state.tape, &state.endings) {
            (_, Some(endings)) => endings.get(scenario).map(Ending::end).unwrap_or_default(),
            (Tape::Memory(records), None) => {
                let own = |record: &&Record| record.scenario.as_deref() == Some(scenario);
                End::of(records.iter().filter(own), identity::tag_of(scenario))
            }
            (Tape::File(_) | Tape::Buffered(_), None) => End::default(),
        }
    }

    /// Lets somebody look at the records that are kept in memory.
    pub fn with_records<R>(&self, look: impl FnOnce(&[Record]) -> R) -> R {
        match &self.state().tape {
            Tape::Memory(records) => look(records),
            Tape::File(_) | Tape::Buffered(_) => look(&[]),
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
            Tape::File(_) | Tape::Buffered(_) => Vec::new(),
        };
        for mut record in records {
            record.seq += offset;
            state.write(&mut record);
        }
        state.violations.extend(other.violations.drain(..).map(|violation| shifted(violation, offset)));
        let doubts: Vec<Doubt> = other.all_doubts().collect();
        state.doubts.extend(doubts);
        state.exchanges += other.exchanges;
        state.effects += other.effects;
        for (law, checks) in other.checks_by_law() {
            *state.checks.entry(law).or_default() += checks;
        }
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

    /// How often each law was checked on something.
    pub fn checks_by_law(&self) -> BTreeMap<&'static str, u64> {
        self.state().checks_by_law()
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

    /// How often a system refused calls of a scenario with a kind of problem.
    pub fn refusals(&self, scenario: &str, system: System, kind: ProblemKind) -> u32 {
        let state = self.state();
        let refusals = state.open.get(scenario).map(|open| &open.refusals);
        refusals.and_then(|refusals| refusals.get(&(system, kind.uri())).copied()).unwrap_or(0)
    }

    /// When something of a scenario was last recorded.
    pub fn last_activity(&self, scenario: &str) -> Option<Timestamp> {
        self.state().open.get(scenario)?.last_activity
    }

    /// For how long nothing of a scenario was recorded but calls that failed before and fail again.
    pub fn without_news_for(&self, scenario: &str, now: Timestamp) -> Duration {
        let last = self.state().open.get(scenario).and_then(|open| open.last_news);
        last.map_or(Duration::MAX, |last| Duration::try_from(now.duration_since(last)).unwrap_or_default())
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

    /// Waits until the journal is on the device, where it survives a loss of power. The error is the first that
    /// recording met, if any.
    pub fn flush(&self) -> Result<(), Fatal> {
        let mut state = self.state();
        if state.broken.is_none() {
            let synced = match &mut state.tape {
                Tape::File(writer) => sync(writer.output()),
                Tape::Buffered(writer) => match writer.flush() {
                    Ok(()) => sync(writer.output().get_ref()),
                    Err(error) => Err(io::Error::other(error.to_string())),
                },
                Tape::Memory(_) => Ok(()),
            };
            state.broken = synced.err().map(|error| error.to_string());
        }
        state.intact()
    }

    /// Whether everything was written so far.
    pub fn intact(&self) -> Result<(), Fatal> {
        self.state().intact()
    }
}

impl State {
    fn intact(&self) -> Result<(), Fatal> {
        match &self.broken {
            None => Ok(()),
            Some(error) => Err(Fatal::new(
                Exit::Inconclusive,
                format!(
                    "the journal {} is incomplete: {error}\n  = what was recorded before is kept; free some space and run again",
                    self.path
                ),
            )),
        }
    }

    fn checks_by_law(&self) -> BTreeMap<&'static str, u64> {
        let mut checks = self.judge.checks_by_law();
        for (law, more) in &self.checks {
            *checks.entry(law).or_default() += more;
        }
        checks
    }

    fn all_doubts(&self) -> impl Iterator<Item = Doubt> {
        let own = self.judge.broken_checks().iter().map(|broken| {
            let reason = format!("law {} could not be checked: {}", broken.invariant, broken.reason);
            (broken.scenario.clone(), reason)
        });
        let counts = |(scenario, _): &Doubt| {
            scenario.as_ref().is_none_or(|scenario| !self.superseded.contains(scenario))
        };
        self.doubts.iter().cloned().chain(own).filter(counts)
    }

    /// Takes a record: follows what is under way, judges, writes.
    fn append(&mut self, record: &mut Record) {
        // Judge and file see the same, so that the file gives the same verdict.
        self.redactor.apply(record);
        if let Some(scenario) = &record.scenario {
            self.follow(scenario, record.at, &record.entry);
        }
        let broken = self.judge.observe(record);
        self.violations.extend(broken);
        self.write(record);
    }

    /// Writes a record; a tape in memory takes it.
    fn write(&mut self, record: &mut Record) {
        self.seq = record.seq;
        // After a failure the file may end within a line; nothing may follow it.
        if self.broken.is_some() {
            return;
        }
        let written = match &mut self.tape {
            Tape::File(writer) => writer.write(record),
            Tape::Buffered(writer) => writer.write(record),
            Tape::Memory(records) => {
                records.push(std::mem::replace(record, nothing()));
                Ok(())
            }
        };
        self.broken = written.err().map(|error| error.to_string());
    }

    /// A partner asks for patience: an implementation may leave it alone for every order until then.
    fn asked_to_wait(&mut self, at: Timestamp, seconds: Option<u32>) {
        let seconds = seconds.filter(|seconds| *seconds > 0);
        let until = seconds.and_then(|seconds| at.checked_add(Duration::from_secs(u64::from(seconds))).ok());
        self.patience_until = self.patience_until.max(until);
    }

    fn disturbed(&mut self, scenario: &str, at: Timestamp) {
        if let Some(open) = self.open.get_mut(scenario) {
            open.convergence.disturbed(at);
        }
    }

    /// Counts, and keeps what is asked of a scenario that is under way.
    fn follow(&mut self, scenario: &str, at: Timestamp, entry: &Entry) {
        match entry {
            Entry::ScenarioStarted(_) => {
                self.open.insert(scenario.to_owned(), Open::default());
                if let Some(endings) = &mut self.endings {
                    endings.insert(scenario.to_owned(), Ending::new(identity::tag_of(scenario)));
                }
            }
            Entry::ScenarioFinished(finished) => {
                self.open.remove(scenario);
                if finished.again {
                    self.superseded.insert(scenario.to_owned());
                }
            }
            Entry::Exchange(exchange) => {
                self.exchanges += 1;
                self.asked_to_wait(at, exchange.retry_after_s);
                if let Some(open) = self.open.get_mut(scenario) {
                    open.last_activity = Some(at);
                    if !open.fails_again(at, exchange) {
                        open.last_news = Some(at);
                    }
                }
            }
            Entry::Effect(committed) => {
                self.effects += 1;
                if let Some(open) = self.open.get_mut(scenario) {
                    (open.last_activity, open.last_news) = (Some(at), Some(at));
                    open.convergence.committed(at, committed);
                }
                if let Some(ending) = self.endings.as_mut().and_then(|endings| endings.get_mut(scenario)) {
                    ending.observe(committed);
                }
            }
            Entry::FaultInjected(fault) => {
                let unreadable =
                    matches!(fault.misfortune, Some(Misfortune::Drift { change: DriftChange::NewCode, .. }));
                if let Some(open) = self.open.get_mut(scenario) {
                    open.told_unreadably |= unreadable;
                }
                if let Some(Misfortune::ErrorAnswer { retry_after_s, .. }) = &fault.misfortune {
                    self.asked_to_wait(at, *retry_after_s);
                }
                self.disturbed(scenario, at);
            }
            Entry::EffectLost(_) => self.disturbed(scenario, at),
            _ => {}
        }
    }
}

impl Open {
    /// Keeps what is known of a call, and tells whether it failed before and fails again.
    fn fails_again(&mut self, at: Timestamp, exchange: &Exchange) -> bool {
        if let Some(kind) = exchange.response.get("type").and_then(serde_json::Value::as_str) {
            *self.refusals.entry((exchange.to, kind.to_owned())).or_insert(0) += 1;
        }
        let repeated = exchange.outcome == Outcome::Unknown
            || exchange.response.get("retryable").and_then(serde_json::Value::as_bool).unwrap_or(false);
        // What needs no key is known by what is called.
        let named = exchange.key.as_ref().unwrap_or(&exchange.call);
        let call = (exchange.from, exchange.to, exchange.operation.clone(), named.clone());
        if !repeated {
            self.unresolved.remove(&call);
            self.failing.remove(&call);
            return false;
        }
        if exchange.key.is_some() {
            self.unresolved.insert(call.clone(), at);
        }
        !self.failing.insert(call)
    }
}

/// What is left of a record that was taken.
const fn nothing() -> Record {
    let entry = Entry::RunFinished(RunFinished { verdict: Verdict::Inconclusive, interrupted: false });
    Record { seq: 0, at: Timestamp::UNIX_EPOCH, scenario: None, entry }
}

fn create(path: &Path) -> Result<File, Fatal> {
    File::create(path).map_err(|error| {
        Fatal::new(
            Exit::Inconclusive,
            format!(
                "failed to create the journal {}: {error}\n  = name a folder that can be written to with --out",
                path.display()
            ),
        )
    })
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
        self.state().append(record);
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
    fn a_call_that_fails_again_is_activity_and_no_news() {
        let at = |second: i8| -> Timestamp { format!("2026-11-27T09:00:{second:02}Z").parse().unwrap() };
        for keyed in [true, false] {
            let mut recording = Recording::in_memory(Policy::default(), &[]);
            recording.append(&mut started("a"));
            for (second, outcome) in
                [(0, Outcome::Unknown), (1, Outcome::Ok), (2, Outcome::Unknown), (5, Outcome::Unknown)]
            {
                let mut record = lost_call("a");
                record.at = at(second);
                if let Entry::Exchange(exchange) = &mut record.entry {
                    exchange.outcome = outcome;
                    exchange.key = exchange.key.take().filter(|_| keyed);
                }
                recording.append(&mut record);
            }
            assert_eq!(recording.last_activity("a"), Some(at(5)));
            assert_eq!(recording.without_news_for("a", at(9)), Duration::from_secs(7));
            assert_eq!(recording.without_news_for("b", at(9)), Duration::MAX);
        }
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
