//! `counterproof check`: a recorded journal judged again, with the contracts alone.

use std::{collections::BTreeSet, fs::File, io::BufReader};

use counterproof_contracts::{
    invariants::{Judge, Violation},
    journal::{Entry, Record, Verdict, read_until_break},
    policy::Policy,
};
use counterproof_reports::{LawTally, Story};

use super::CheckArgs;
use crate::exit::{Exit, Fatal};

/// Folds the journal through the laws twice: once to find what was broken, once to tell it with its evidence.
pub(super) fn check(args: &CheckArgs) -> Result<Exit, Fatal> {
    let path = if args.journal.is_dir() { args.journal.join("run.ndjson") } else { args.journal.clone() };
    let open = || {
        File::open(&path).map(BufReader::new).map_err(|error| {
            Fatal::new(
                Exit::Invalid,
                format!(
                    "failed to read the journal {}: {error}\n  = name a run.ndjson, or the folder of a run",
                    path.display()
                ),
            )
        })
    };
    let mut again = Again::default();
    let broken_at = read_until_break(open()?, |record| again.observe(&record));
    let Some(judge) = again.judge else {
        let why = broken_at.map_or_else(
            || "it is empty".to_owned(),
            |broken| format!("line {}: {}", broken.line, broken.reason),
        );
        return Err(Fatal::new(Exit::Invalid, format!("{} is no journal: {why}", path.display())));
    };
    let mut story = Story::default();
    again.violations.iter().cloned().for_each(|violation| story.accuse(violation));
    read_until_break(open()?, |record| {
        story.observe(&record);
    });
    let mut run =
        story.finish(LawTally { laws: Judge::laws().len(), checks: judge.checks_by_law().values().sum() });
    let broken = !again.violations.is_empty();
    let superseded = |scenario: &Option<String>| {
        scenario.as_ref().is_some_and(|scenario| again.superseded.contains(scenario))
    };
    let unchecked = judge.broken_checks().iter().any(|broken| !superseded(&broken.scenario));
    let doubtful = !again.complete || broken_at.is_some() || unchecked;
    let recorded =
        run.scenarios.iter().map(|scenario| scenario.verdict).max().unwrap_or(Verdict::Inconclusive);
    run.verdict = recorded.max(match (broken, doubtful) {
        (true, _) => Verdict::Fail,
        (false, true) => Verdict::Inconclusive,
        (false, false) => Verdict::Pass,
    });
    let exit = super::gate::with_thresholds(&run, super::gate::exit(run.verdict, false));
    super::print(&format!("journal {}\n", path.display()))?;
    super::gate::tell(&run, exit)?;
    if let Some(broken_at) = broken_at {
        super::print(&format!(
            "the journal breaks off at line {}: {}; everything before was judged\n",
            broken_at.line, broken_at.reason
        ))?;
    } else if !again.complete {
        super::print(
            "the journal has no last line: the run was ended before its time; everything recorded was judged\n",
        )?;
    }
    Ok(exit)
}

/// The judge, from the first line on.
#[derive(Default)]
struct Again {
    judge: Option<Judge>,
    violations: Vec<Violation>,
    complete: bool,
    /// Plays of which nothing could be told, and which do not count because others followed.
    superseded: BTreeSet<String>,
}

impl Again {
    fn observe(&mut self, record: &Record) {
        if let Entry::RunStarted(started) = &record.entry {
            self.judge = Some(Judge::new(started.policy.clone()));
        }
        self.complete |= matches!(record.entry, Entry::RunFinished(_));
        if let (Entry::ScenarioFinished(finished), Some(scenario)) = (&record.entry, &record.scenario)
            && finished.again
        {
            self.superseded.insert(scenario.clone());
        }
        let judge = self.judge.get_or_insert_with(|| Judge::new(Policy::default()));
        self.violations.extend(judge.observe(record));
    }
}
