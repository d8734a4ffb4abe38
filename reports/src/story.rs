//! The story of a run, folded from its journal: what every format tells.
//!
//! The fold trusts verdicts only downwards: a scenario with a violation is a FAIL whatever was recorded, one
//! without a beginning or an end is INCONCLUSIVE, and so is a run without scenarios or without an end.
//!
//! It keeps what a report prints: evidence only while a scenario is open, steps only where one did not pass.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    invariants::Violation,
    journal::{
        Entry, Exchange, Record, RunInput, RunStarted, ScenarioFinished, ScenarioOmitted, ScenarioStarted,
        StepFinished, StepOutcome, Verdict,
    },
    model::{System, Timestamp},
    requirements::Coverage,
};

use crate::{
    Convergence, Link, Measured, What,
    convergence::Times,
    metrics::{Meter, missed},
};

/// How many different calls of no scenario are told one by one.
const STRANGERS_MAX: usize = 200;

/// How much the laws looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LawTally {
    /// How many laws there are.
    pub laws: usize,
    /// How often a law was checked on something.
    pub checks: u64,
}

/// A violation with the journal lines that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The violation.
    pub violation: Violation,
    /// Its evidence, in order. Empty where the journal holds none for it.
    pub chain: Vec<Link>,
}

/// A step of a scenario.
pub type StepReport = StepFinished;

/// What is told of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioReport {
    /// The scenario's part of all identifiers.
    pub id: String,
    /// Path of the feature file; empty where the scenario never began.
    pub feature_path: String,
    /// Name of the feature.
    pub feature: String,
    /// Name, with the values of its example row.
    pub name: String,
    /// Line in the feature file, from 1; 0 where the scenario never began.
    pub line: u32,
    /// Tags without `@`.
    pub tags: Vec<String>,
    /// The seed that it was played with, where that is not the run's.
    pub seed: Option<u64>,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not a pass: one sentence each.
    pub reasons: Vec<String>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// Steps that were executed, in order; none are kept of a scenario that passed.
    pub steps: Vec<StepReport>,
    /// How many facts were asserted.
    pub assertions: u32,
    /// Laws that were broken, in the order of the journal.
    pub violations: Vec<Finding>,
    /// How many messages passed.
    pub exchanges: u64,
}

impl ScenarioReport {
    /// The step that did not pass.
    pub fn failed_step(&self) -> Option<&StepReport> {
        self.steps.iter().find(|step| step.outcome != StepOutcome::Passed)
    }

    /// What `counterproof run` takes to run this scenario: `path:line`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.feature_path, self.line)
    }

    /// Whether it is another play of the same scenario.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        (&self.feature_path, self.line, &self.name) == (&other.feature_path, other.line, &other.name)
    }

    /// Where the scenario began; the identifier where it never did.
    pub(crate) fn origin(&self) -> String {
        if self.feature_path.is_empty() { self.id.clone() } else { self.place() }
    }

    /// The business sentence that a failure is told with first.
    pub fn sentence(&self) -> Option<&str> {
        let violation = self.violations.first().map(|finding| finding.violation.sentence.as_str());
        let step = || self.failed_step().and_then(|step| step.message.as_deref()?.lines().next());
        violation.or_else(|| self.reasons.first().map(String::as_str)).or_else(step)
    }
}

/// What is told of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunReport {
    /// Version of Counterproof.
    pub version: String,
    /// Seed.
    pub seed: u64,
    /// `reference` or a URL.
    pub target: String,
    /// What else was asked for.
    pub input: RunInput,
    /// The run's folder, where the journal is told from one.
    pub folder: Option<String>,
    /// Every scenario, by feature file and line.
    pub scenarios: Vec<ScenarioReport>,
    /// Scenarios that were selected and not played.
    pub omitted: Vec<ScenarioOmitted>,
    /// How many repetitions of scenarios passed; they are counted only.
    pub repetitions: u64,
    /// Plays of which nothing could be told and which were followed by others, in the order of their ends.
    pub superseded: Vec<ScenarioReport>,
    /// Violations that belong to no scenario.
    pub violations: Vec<Violation>,
    /// How many laws there are.
    pub laws: usize,
    /// How often a law was checked on something.
    pub checks: u64,
    /// How many messages passed.
    pub exchanges: u64,
    /// How often something went wrong on purpose.
    pub faults: u64,
    /// How long each system took to agree with the others again after faults.
    pub convergence: Vec<Convergence>,
    /// How much of what is required was exercised; empty where the journal does not say.
    pub coverage: Coverage,
    /// Business metrics, by metric and channel.
    pub metrics: Vec<Measured>,
    /// Declared thresholds that were missed, a sentence each.
    pub missed: Vec<String>,
    /// Traffic that belongs to no scenario, a sentence each.
    pub quarantined: Vec<String>,
    /// The run was interrupted, or its journal has no end.
    pub incomplete: bool,
    /// The verdict over all.
    pub verdict: Verdict,
}

impl RunReport {
    /// The story of a whole journal with the violations that a judge found in it.
    pub fn from_records<'r>(
        records: impl IntoIterator<Item = &'r Record>,
        violations: impl IntoIterator<Item = Violation>,
        tally: LawTally,
    ) -> Self {
        let mut story = Story::default();
        for violation in violations {
            story.accuse(violation);
        }
        for record in records {
            story.observe(record);
        }
        story.finish(tally)
    }

    /// How many scenarios have a verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.scenarios.iter().filter(|scenario| scenario.verdict == verdict).count()
    }

    /// Every violation, of scenarios and of none.
    pub fn all_violations(&self) -> impl Iterator<Item = &Violation> {
        let of_scenarios = self.scenarios.iter().flat_map(|scenario| &scenario.violations);
        of_scenarios.map(|finding| &finding.violation).chain(&self.violations)
    }
}

/// A scenario that is under way, with all that may become evidence.
#[derive(Debug)]
struct Draft {
    report: ScenarioReport,
    start: Timestamp,
    links: BTreeMap<u64, Link>,
    faulted: bool,
    converged_ms: BTreeMap<System, u64>,
}

/// Folds a journal into a [`RunReport`], record by record. Holds evidence of open scenarios only.
#[derive(Debug, Default)]
pub struct Story {
    run: Option<RunStarted>,
    open: BTreeMap<String, Draft>,
    closed: Vec<ScenarioReport>,
    omitted: Vec<ScenarioOmitted>,
    repetitions: u64,
    superseded: Vec<ScenarioReport>,
    accused: BTreeMap<String, Vec<Violation>>,
    loose: Vec<Violation>,
    exchanges: u64,
    faults: u64,
    times: Times,
    meter: Meter,
    coverage: Coverage,
    strangers: BTreeMap<String, u64>,
    /// Calls of no scenario that are counted only.
    further_strangers: u64,
    end: Option<(Verdict, bool)>,
}

impl Story {
    /// Takes a violation. Told with its evidence when the scenario has not ended in the story yet.
    pub fn accuse(&mut self, violation: Violation) {
        match violation.scenario.clone() {
            Some(scenario) => self.accused.entry(scenario).or_default().push(violation),
            None => self.loose.push(violation),
        }
    }

    /// Takes the next record. Returns the scenario that ended with it.
    pub fn observe(&mut self, record: &Record) -> Option<&ScenarioReport> {
        self.meter.observe(record);
        match (&record.entry, &record.scenario) {
            (Entry::RunStarted(run), _) => self.run = Some(RunStarted::clone(run)),
            (Entry::ScenarioOmitted(omitted), _) => self.omitted.push(omitted.clone()),
            (Entry::Coverage(coverage), _) => self.coverage = coverage.clone(),
            (Entry::RunFinished(end), _) => self.end = Some((end.verdict, end.interrupted)),
            (Entry::ScenarioStarted(started), Some(id)) => {
                self.open.insert(id.clone(), Draft::new(id, started, record.at));
            }
            (Entry::ScenarioFinished(finished), Some(id)) => {
                self.close(id, finished);
                return self.closed.last().filter(|closed| closed.id == *id);
            }
            (Entry::Exchange(exchange), None) => self.quarantine(exchange),
            (_, Some(id)) => self.follow(id, record),
            (_, None) => {}
        }
        None
    }

    /// Ends the story.
    pub fn finish(mut self, tally: LawTally) -> RunReport {
        let unfinished: Vec<String> = self.open.keys().cloned().collect();
        for id in unfinished {
            self.close(&id, &never_ended("the scenario began and did not come to its end"));
        }
        self.tell_late_accusations();
        self.closed.sort_by(|a, b| (&a.feature_path, a.line, &a.id).cmp(&(&b.feature_path, b.line, &b.id)));
        let (verdict, incomplete) = (self.verdict(), self.is_incomplete());
        let (run, metrics) = (self.run, self.meter.report());
        let thresholds = run.as_ref().map_or_else(Vec::new, |run| run.policy.thresholds.clone());
        RunReport {
            version: run.as_ref().map_or_else(String::new, |run| run.version.clone()),
            seed: run.as_ref().map_or(0, |run| run.seed),
            target: run.as_ref().map_or_else(String::new, |run| run.target.clone()),
            input: run.map_or_else(RunInput::default, |run| run.input),
            folder: None,
            scenarios: self.closed,
            omitted: self.omitted,
            repetitions: self.repetitions,
            superseded: self.superseded,
            violations: self.loose,
            laws: tally.laws,
            checks: tally.checks,
            exchanges: self.exchanges,
            faults: self.faults,
            convergence: self.times.report(),
            coverage: self.coverage,
            missed: missed(&metrics, &thresholds),
            metrics,
            quarantined: strangers(self.strangers, self.further_strangers),
            incomplete,
            verdict,
        }
    }

    fn verdict(&self) -> Verdict {
        let scenarios = self.closed.iter().map(|scenario| scenario.verdict);
        let loose = self.loose.iter().map(|_| Verdict::Fail);
        let recorded = self.end.map_or(Verdict::Inconclusive, |(verdict, _)| verdict);
        let vacuous = (self.closed.is_empty() || self.is_incomplete()).then_some(Verdict::Inconclusive);
        scenarios.chain(loose).chain(vacuous).fold(recorded, Verdict::max)
    }

    fn is_incomplete(&self) -> bool {
        self.end.is_none_or(|(_, interrupted)| interrupted)
    }

    fn follow(&mut self, id: &str, record: &Record) {
        let is_exchange = matches!(record.entry, Entry::Exchange(_));
        let is_fault = matches!(record.entry, Entry::FaultInjected(_));
        self.exchanges += u64::from(is_exchange);
        self.faults += u64::from(is_fault);
        let Some(draft) = self.open.get_mut(id) else { return };
        draft.report.exchanges += u64::from(is_exchange);
        draft.faulted |= is_fault;
        if let Entry::Settled(settled) = &record.entry {
            draft.converged_ms = if settled.at_rest { settled.converged_ms.clone() } else { BTreeMap::new() };
        }
        if let Entry::StepFinished(step) = &record.entry {
            draft.report.steps.push(step.clone());
        } else if let Some(link) = Link::of(record, draft.start) {
            draft.links.insert(record.seq, link);
        }
    }

    fn quarantine(&mut self, exchange: &Exchange) {
        self.exchanges += 1;
        if exchange.operation == "readHealth" {
            return;
        }
        let what = format!("{} called {}: {}", exchange.from, exchange.to, exchange.call);
        if let Some(times) = self.strangers.get_mut(&what) {
            *times += 1;
        } else if self.strangers.len() < STRANGERS_MAX {
            self.strangers.insert(what, 1);
        } else {
            self.further_strangers += 1;
        }
    }

    fn close(&mut self, id: &str, finished: &ScenarioFinished) {
        let draft = self.open.remove(id).unwrap_or_else(|| Draft::never_began(id));
        if draft.faulted {
            self.times.add(&draft.converged_ms);
        }
        let violations = self.accused.remove(id).unwrap_or_default();
        let report = draft.finish(finished, violations);
        if report.seed.is_some() && report.verdict == Verdict::Pass {
            self.repetitions += 1;
        } else if finished.again && report.verdict == Verdict::Inconclusive {
            self.superseded.push(report);
        } else {
            self.closed.push(report);
        }
    }

    /// Violations that came after the end of their scenario, or whose scenario the journal does not know.
    fn tell_late_accusations(&mut self) {
        for (id, violations) in std::mem::take(&mut self.accused) {
            match self.closed.iter_mut().rfind(|scenario| scenario.id == id) {
                Some(scenario) => {
                    scenario.verdict = Verdict::Fail;
                    let findings =
                        violations.into_iter().map(|violation| Finding { violation, chain: Vec::new() });
                    scenario.violations.extend(findings);
                }
                None => self.loose.extend(violations),
            }
        }
    }
}

impl Draft {
    fn new(id: &str, started: &ScenarioStarted, start: Timestamp) -> Self {
        let report = ScenarioReport {
            id: id.to_owned(),
            feature_path: started.feature_path.clone(),
            feature: started.feature.clone(),
            name: started.name.clone(),
            line: started.line,
            tags: started.tags.clone(),
            seed: started.seed,
            verdict: Verdict::Inconclusive,
            reasons: Vec::new(),
            duration_ms: 0,
            steps: Vec::new(),
            assertions: 0,
            violations: Vec::new(),
            exchanges: 0,
        };
        Self { report, start, links: BTreeMap::new(), faulted: false, converged_ms: BTreeMap::new() }
    }

    fn never_began(id: &str) -> Self {
        let started = ScenarioStarted {
            feature_path: String::new(),
            feature: String::new(),
            name: id.to_owned(),
            line: 0,
            tags: Vec::new(),
            steps_planned: 0,
            seed: None,
        };
        Self::new(id, &started, Timestamp::UNIX_EPOCH)
    }

    fn finish(self, finished: &ScenarioFinished, mut violations: Vec<Violation>) -> ScenarioReport {
        let Self { mut report, links, .. } = self;
        violations.sort_by_key(|violation| violation.seq);
        let vacuous = if report.feature_path.is_empty() { Verdict::Inconclusive } else { Verdict::Pass };
        report.verdict = if violations.is_empty() { finished.verdict.max(vacuous) } else { Verdict::Fail };
        if report.verdict == Verdict::Pass {
            report.steps = Vec::new();
        }
        report.reasons.clone_from(&finished.reasons);
        report.duration_ms = finished.duration_ms;
        report.assertions = finished.assertions;
        report.violations = violations
            .into_iter()
            .map(|violation| Finding { chain: chain(&violation, &links), violation })
            .collect();
        report
    }
}

/// The evidence of a violation, with the line at which the law broke.
fn chain(violation: &Violation, links: &BTreeMap<u64, Link>) -> Vec<Link> {
    let mut wanted: BTreeSet<u64> = violation.evidence.iter().copied().collect();
    wanted.insert(violation.seq);
    let mut chain: Vec<Link> = wanted.iter().filter_map(|seq| links.get(seq)).cloned().collect();
    // A call is recorded when it ends; it is told where it began, before what it caused.
    chain.sort_by_key(|link| (link.offset_ms, matches!(link.what, What::Booking { .. }), link.seq));
    chain
}

fn never_ended(reason: &str) -> ScenarioFinished {
    ScenarioFinished {
        verdict: Verdict::Inconclusive,
        reasons: vec![reason.to_owned()],
        steps_executed: 0,
        assertions: 0,
        duration_ms: 0,
        again: false,
    }
}

fn strangers(known: BTreeMap<String, u64>, further: u64) -> Vec<String> {
    let told = known.into_iter().map(|(what, times)| times_said(what, times));
    told.chain((further > 0).then(|| format!("{further} further calls"))).collect()
}

fn times_said(what: String, times: u64) -> String {
    if times == 1 { what } else { format!("{what} ({times} times)") }
}
