//! Judges a recorded journal as a whole.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::{Deserialize, Serialize};

use super::{BrokenCheck, Judge, Violation};
use crate::{
    journal::{
        Break, Entry, Record, ScenarioStarted, Settled, StepFinished, StepOutcome, Verdict, read_until_break,
    },
    policy::Policy,
};

/// What a journal shows of a scenario, judged anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioReport {
    /// The scenario's key in the journal.
    pub scenario: String,
    /// Feature, name, place.
    pub started: ScenarioStarted,
    /// The verdict that the records give.
    pub verdict: Verdict,
    /// The verdict that the run wrote down; absent where it never ended.
    pub recorded: Option<Verdict>,
    /// Nothing could be told, and another play followed: it does not count unless a law was broken.
    pub superseded: bool,
    /// Why it is not a pass: one sentence each.
    pub reasons: Vec<String>,
    /// Steps that were executed.
    pub steps_executed: u32,
    /// Facts that steps asserted.
    pub assertions: u32,
    /// How often laws were checked on something.
    pub checks: u64,
    /// Laws that were broken.
    pub violations: Vec<Violation>,
    /// The last time that rest was awaited.
    pub settled: Option<Settled>,
}

/// What a journal shows, judged anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgeReport {
    /// The worst verdict; a journal that breaks off, or in which nothing happened, is inconclusive.
    pub verdict: Verdict,
    /// Scenarios, in the order in which they started.
    pub scenarios: Vec<ScenarioReport>,
    /// Broken laws of no scenario.
    pub unattributed: Vec<Violation>,
    /// Checks that could not tell.
    pub broken_checks: Vec<BrokenCheck>,
    /// How often each law was checked on something.
    pub checks_by_law: BTreeMap<&'static str, u64>,
    /// How many records were judged.
    pub records: u64,
    /// How many records belong to no scenario and no known order.
    pub quarantined: u64,
    /// How many records came for a scenario that was not under way.
    pub late: u64,
    /// Whether the journal says that its run ended.
    pub complete: bool,
    /// Where it cannot be read further.
    pub found_break: Option<Break>,
}

/// Reads a journal and judges it by the policy that it was recorded under. What comes after a break is not
/// judged; everything before it is.
pub fn judge_journal<R: BufRead>(input: R) -> JudgeReport {
    let mut bench = Hearing::default();
    let found_break = read_until_break(input, |record| bench.hear(&record));
    bench.close(found_break)
}

/// A scenario as far as it was read.
#[derive(Default)]
struct Open {
    order: u64,
    started: Option<ScenarioStarted>,
    recorded: Option<Verdict>,
    failed: Vec<String>,
    inconclusive: Vec<String>,
    steps_executed: u32,
    assertions: u32,
    violations: Vec<Violation>,
    settled: Option<Settled>,
    /// How often laws were checked, once it ended.
    checks: Option<u64>,
    /// It was played again.
    again: bool,
}

/// A journal as far as it was read.
struct Hearing {
    judge: Judge,
    scenarios: BTreeMap<String, Open>,
    unattributed: Vec<Violation>,
    records: u64,
    complete: bool,
}

impl Default for Hearing {
    fn default() -> Self {
        Self {
            judge: Judge::new(Policy::default()),
            scenarios: BTreeMap::new(),
            unattributed: Vec::new(),
            records: 0,
            complete: false,
        }
    }
}

impl Hearing {
    fn hear(&mut self, record: &Record) {
        self.records += 1;
        match &record.entry {
            Entry::RunStarted(start) => self.judge = Judge::new(start.policy.clone()),
            Entry::RunFinished(end) => self.complete = !end.interrupted,
            _ => {}
        }
        if let Some(name) = &record.scenario {
            let checks = self.judge.checks(name);
            self.note(name, record, checks);
        }
        for violation in self.judge.observe(record) {
            match violation.scenario.as_ref().and_then(|name| self.scenarios.get_mut(name)) {
                Some(open) => open.violations.push(violation),
                None => self.unattributed.push(violation),
            }
        }
    }

    fn note(&mut self, name: &str, record: &Record, checks: u64) {
        let next = self.scenarios.len() as u64;
        let open =
            self.scenarios.entry(name.to_owned()).or_insert_with(|| Open { order: next, ..Open::default() });
        match &record.entry {
            Entry::ScenarioStarted(started) => open.started = Some(started.clone()),
            Entry::StepFinished(step) => open.step(step),
            Entry::Settled(settled) => open.settled = Some(settled.clone()),
            Entry::ScenarioFinished(finished) => {
                open.recorded = Some(finished.verdict);
                open.again = finished.again;
                open.checks.get_or_insert(checks);
            }
            _ => {}
        }
    }

    fn close(self, found_break: Option<Break>) -> JudgeReport {
        let superseded = |broken: &BrokenCheck| {
            broken.scenario.as_ref().and_then(|name| self.scenarios.get(name)).is_some_and(|open| open.again)
        };
        let broken_checks: Vec<BrokenCheck> =
            self.judge.broken_checks().iter().filter(|broken| !superseded(broken)).cloned().collect();
        let mut open: Vec<(String, Open)> = self.scenarios.into_iter().collect();
        open.sort_by_key(|(_, scenario)| scenario.order);
        let scenarios: Vec<ScenarioReport> =
            open.into_iter().map(|(name, scenario)| scenario.close(name, &self.judge)).collect();
        let counted = scenarios.iter().filter(|scenario| !scenario.superseded);
        let mut verdict = counted.map(|scenario| scenario.verdict).max().unwrap_or(Verdict::Inconclusive);
        if found_break.is_some() || !self.complete || !broken_checks.is_empty() {
            verdict = verdict.max(Verdict::Inconclusive);
        }
        if !self.unattributed.is_empty() {
            verdict = Verdict::Fail;
        }
        JudgeReport {
            verdict,
            scenarios,
            unattributed: self.unattributed,
            broken_checks,
            checks_by_law: self.judge.checks_by_law(),
            records: self.records,
            quarantined: self.judge.quarantined(),
            late: self.judge.late(),
            complete: self.complete,
            found_break,
        }
    }
}

impl Open {
    fn step(&mut self, step: &StepFinished) {
        self.steps_executed += 1;
        self.assertions += step.assertions;
        let message = step.message.as_deref().unwrap_or("no reason given");
        let sentence = format!("line {}: {} {}: {message}", step.line, step.keyword.trim(), step.text);
        match step.outcome {
            StepOutcome::Passed => {}
            StepOutcome::Failed => self.failed.push(sentence),
            StepOutcome::Inconclusive => self.inconclusive.push(sentence),
        }
    }

    /// What keeps the scenario from a verdict, apart from its steps.
    fn doubts(&self, broken: &[&BrokenCheck]) -> Vec<String> {
        let mut doubts = self.inconclusive.clone();
        let planned = self.started.as_ref().map_or(0, |started| started.steps_planned);
        if self.started.is_none() {
            doubts.push("the journal does not say how the scenario began".to_owned());
        }
        if self.steps_executed < planned {
            doubts.push(format!("{} of {planned} steps were executed", self.steps_executed));
        }
        if self.assertions == 0 {
            doubts.push("no step asserted anything".to_owned());
        }
        match &self.settled {
            None => doubts.push("the scenario never came to rest".to_owned()),
            Some(settled) if !settled.at_rest => {
                doubts.push(format!("the scenario did not come to rest; open: {}", settled.open.join(", ")));
            }
            Some(_) => {}
        }
        doubts.extend(
            broken
                .iter()
                .map(|broken| format!("{} could not be checked: {}", broken.invariant, broken.reason)),
        );
        doubts
    }

    fn close(self, name: String, judge: &Judge) -> ScenarioReport {
        let broken: Vec<&BrokenCheck> = judge
            .broken_checks()
            .iter()
            .filter(|broken| broken.scenario.as_deref() == Some(name.as_str()))
            .collect();
        let doubts = self.doubts(&broken);
        let mut reasons: Vec<String> =
            self.violations.iter().map(|violation| violation.sentence.clone()).collect();
        reasons.extend(self.failed);
        let verdict = if !reasons.is_empty() {
            Verdict::Fail
        } else if doubts.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        reasons.extend(doubts);
        ScenarioReport {
            checks: self.checks.unwrap_or_else(|| judge.checks(&name)),
            started: self.started.unwrap_or_else(unknown_start),
            scenario: name,
            verdict,
            recorded: self.recorded,
            superseded: self.again && verdict == Verdict::Inconclusive,
            reasons,
            steps_executed: self.steps_executed,
            assertions: self.assertions,
            violations: self.violations,
            settled: self.settled,
        }
    }
}

/// Stands for a beginning that the journal does not hold.
const fn unknown_start() -> ScenarioStarted {
    ScenarioStarted {
        feature_path: String::new(),
        feature: String::new(),
        name: String::new(),
        line: 0,
        tags: Vec::new(),
        steps_planned: 0,
        seed: None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use super::*;
    use crate::{
        invariants::testing::{History, Life, lives},
        journal::{FORMAT, RunFinished, RunInput, RunStarted, ScenarioFinished, Writer},
        model::Timestamp,
    };

    fn step(outcome: StepOutcome, assertions: u32) -> Entry {
        Entry::StepFinished(StepFinished {
            keyword: "Then".to_owned(),
            text: "the customer has the money".to_owned(),
            line: 7,
            outcome,
            message: (outcome != StepOutcome::Passed).then(|| "the customer has nothing".to_owned()),
            assertions,
        })
    }

    fn start() -> [Entry; 2] {
        [
            Entry::RunStarted(Box::new(RunStarted {
                format: FORMAT.to_owned(),
                version: "0.1.0".to_owned(),
                seed: 1,
                target: "reference".to_owned(),
                policy: Policy::default(),
                input: RunInput::default(),
            })),
            Entry::ScenarioStarted(ScenarioStarted {
                feature_path: "orders.feature".to_owned(),
                feature: "Orders".to_owned(),
                name: "An order".to_owned(),
                line: 3,
                tags: Vec::new(),
                steps_planned: 1,
                seed: None,
            }),
        ]
    }

    /// A journal with a history, one step, and an end.
    fn journal(history: &History, step: Entry) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        let at = Timestamp::UNIX_EPOCH;
        let name = || Some("S-1".to_owned());
        let [run, scenario] = start();
        writer.append(at, None, run).unwrap();
        writer.append(at, name(), scenario).unwrap();
        for record in history.records() {
            writer.append(record.at, record.scenario, record.entry).unwrap();
        }
        writer.append(at, name(), step).unwrap();
        let finished = ScenarioFinished {
            verdict: Verdict::Pass,
            reasons: Vec::new(),
            steps_executed: 1,
            assertions: 1,
            duration_ms: 1,
            again: false,
        };
        writer.append(at, name(), Entry::ScenarioFinished(finished)).unwrap();
        let end = RunFinished { verdict: Verdict::Pass, interrupted: false };
        writer.append(at, None, Entry::RunFinished(end)).unwrap();
        writer.into_inner().unwrap()
    }

    fn settled(mut history: History) -> History {
        history.settle();
        history
    }

    #[test]
    fn a_correct_history_passes_and_says_how_much_was_checked() {
        let report =
            judge_journal(journal(&settled(History::shipped()), step(StepOutcome::Passed, 1)).as_slice());
        assert_eq!(report.verdict, Verdict::Pass);
        let scenario = report.scenarios.first().unwrap();
        assert_eq!(
            (scenario.verdict, scenario.recorded, scenario.reasons.len()),
            (Verdict::Pass, Some(Verdict::Pass), 0)
        );
        assert!(scenario.checks > 20, "{}", scenario.checks);
    }

    #[test]
    fn a_violation_fails_what_the_run_called_a_pass() {
        let mut history = Life::default().returned(1);
        history.refund("F-2", "R-1", "C-1", 4_990);
        history.settle();
        let report = judge_journal(journal(&history, step(StepOutcome::Passed, 1)).as_slice());
        assert_eq!(report.verdict, Verdict::Fail);
        let scenario = report.scenarios.first().unwrap();
        assert_eq!((scenario.verdict, scenario.recorded), (Verdict::Fail, Some(Verdict::Pass)));
        assert!(scenario.reasons.first().unwrap().contains("refunded twice"), "{:?}", scenario.reasons);
    }

    /// The records of two journals of one scenario each as one run: of the first nothing could be told, so the second followed.
    fn played_again(first: &[u8], second: &[u8]) -> Vec<u8> {
        let records = |bytes: &[u8], name: &str| -> Vec<Record> {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let text = text.replace("\"scenario\":\"S-1\"", &format!("\"scenario\":\"{name}\""));
            text.replace("W-17", &format!("W-{name}"))
                .lines()
                .map(|line| serde_json::from_str(line).unwrap())
                .collect()
        };
        let (mut first, second) = (records(first, "P-1"), records(second, "P-2"));
        assert!(matches!(first.pop().unwrap().entry, Entry::RunFinished(_)));
        if let Entry::ScenarioFinished(finished) = &mut first.last_mut().unwrap().entry {
            finished.again = true;
        }
        let mut writer = Writer::new(Vec::new());
        for record in first.into_iter().chain(second.into_iter().skip(1)) {
            writer.append(record.at, record.scenario, record.entry).unwrap();
        }
        writer.into_inner().unwrap()
    }

    #[test]
    fn of_two_plays_the_first_counts_only_if_a_law_was_broken_in_it() {
        let sound = settled(History::shipped());
        let told = journal(&sound, step(StepOutcome::Passed, 1));
        let untold = journal(&sound, step(StepOutcome::Inconclusive, 1));
        let report = judge_journal(played_again(&untold, &told).as_slice());
        let superseded: Vec<bool> = report.scenarios.iter().map(|scenario| scenario.superseded).collect();
        assert_eq!((report.verdict, superseded), (Verdict::Pass, vec![true, false]));
        assert_eq!(judge_journal(played_again(&untold, &untold).as_slice()).verdict, Verdict::Inconclusive);
        let mut broken = Life::default().returned(1);
        broken.refund("F-2", "R-1", "C-1", 4_990);
        let broken = journal(&settled(broken), step(StepOutcome::Inconclusive, 1));
        assert_eq!(judge_journal(played_again(&broken, &told).as_slice()).verdict, Verdict::Fail);
    }

    #[test]
    fn a_failed_step_fails_and_whatever_proves_nothing_is_inconclusive() {
        let verdict = |history: &History, step: Entry| {
            judge_journal(journal(history, step).as_slice()).scenarios.first().unwrap().verdict
        };
        let sound = settled(History::shipped());
        assert_eq!(verdict(&sound, step(StepOutcome::Failed, 1)), Verdict::Fail);
        assert_eq!(verdict(&sound, step(StepOutcome::Inconclusive, 1)), Verdict::Inconclusive);
        assert_eq!(verdict(&sound, step(StepOutcome::Passed, 0)), Verdict::Inconclusive);
        assert_eq!(verdict(&History::shipped(), step(StepOutcome::Passed, 1)), Verdict::Inconclusive);
    }

    #[test]
    fn nothing_is_inconclusive() {
        let report = judge_journal(&b""[..]);
        assert_eq!((report.verdict, report.records), (Verdict::Inconclusive, 0));
    }

    proptest! {
        #[test]
        fn a_journal_that_breaks_off_is_judged_up_to_there_and_never_passes(life in lives(), place in any::<prop::sample::Index>()) {
            let bytes = journal(&settled(life.history()), step(StepOutcome::Passed, 1));
            let report = judge_journal(bytes.get(..place.index(bytes.len() - 1)).unwrap());
            prop_assert_eq!(report.verdict, Verdict::Inconclusive);
        }
    }
}
