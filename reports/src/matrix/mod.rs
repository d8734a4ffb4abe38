//! The matrix of a proof: which scenario saw which defect, and which law named it.
//!
//! A suite that cannot fail proves nothing. So it is run against defects on purpose, and the matrix says what it
//! missed: a defect that nobody saw, a law that names none, a scenario that could be left out.

mod html;
mod markdown;
mod terminal;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::defects::CataloguedDefect;
use serde::{Deserialize, Serialize};

/// A scenario of the suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenScenario {
    /// Path of the feature file.
    pub path: String,
    /// Line in it.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// Requirements that it covers and no other scenario.
    pub covers_alone: Vec<String>,
}

/// How a scenario saw a defect: what fails without the defect is never played with one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kill {
    /// Which scenario, by its place among all.
    pub scenario: usize,
    /// Laws that were broken, each once, in the order of the table of laws; none where a step alone failed.
    pub laws: Vec<String>,
    /// What was told first.
    pub reason: String,
}

/// What became of a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A law that names the business fact saw it.
    Killed,
    /// It was seen, but by no law that names the business fact.
    Misnamed,
    /// Nobody saw it.
    Survived,
    /// The proof was interrupted before.
    Unknown,
}

/// One defect and who saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// What it is.
    pub defect: CataloguedDefect,
    /// Scenarios that it can change at all: only these are played with it.
    pub reached: usize,
    /// Scenarios that failed with it.
    pub kills: Vec<Kill>,
    /// Whether all of them were played.
    pub complete: bool,
}

impl Row {
    /// What became of it.
    pub fn fate(&self) -> Fate {
        if self.is_named() {
            Fate::Killed
        } else if !self.complete {
            Fate::Unknown
        } else if self.kills.is_empty() {
            Fate::Survived
        } else {
            Fate::Misnamed
        }
    }

    /// Whether a law that names the business fact was broken there.
    pub fn names(&self, kill: &Kill) -> bool {
        kill.laws.iter().any(|law| self.defect.laws.contains(law))
    }

    /// Whether a law that names the business fact saw the defect.
    pub fn is_named(&self) -> bool {
        self.kills.iter().any(|kill| self.names(kill))
    }

    /// How many scenarios each law failed, the most frequent first.
    pub fn laws(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for law in self.kills.iter().flat_map(|kill| &kill.laws) {
            *counts.entry(law).or_default() += 1;
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        counts
    }
}

/// Who saw what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Matrix {
    /// Seed that all scenarios were played with.
    pub seed: u64,
    /// Whether the suite as a whole was played against the whole catalogue: only then can laws and scenarios be said to
    /// do nothing.
    pub whole: bool,
    /// Whether the defects are those that a proxy gives: too few to say of a law or a scenario that it does nothing.
    #[serde(default)]
    pub wire: bool,
    /// Whether what sees a defect was played with it live, around the implementation that was judged.
    #[serde(default)]
    pub live: bool,
    /// Every scenario, in the order of planning.
    pub scenarios: Vec<ProvenScenario>,
    /// Every law that is judged.
    pub laws: Vec<String>,
    /// Every defect, in the order of the catalogue.
    pub rows: Vec<Row>,
    /// Scenarios that fail without any defect, with the reason: they prove nothing.
    pub broken: Vec<Kill>,
    /// Whether the proof was ended early.
    pub interrupted: bool,
}

impl Matrix {
    /// Laws that saw no defect.
    pub fn idle_laws(&self) -> Vec<&str> {
        let busy: BTreeSet<&String> =
            self.rows.iter().flat_map(|row| &row.kills).flat_map(|kill| &kill.laws).collect();
        self.laws.iter().filter(|law| !busy.contains(law)).map(String::as_str).collect()
    }

    /// Scenarios that saw no defect and cover no requirement that no other covers.
    pub fn idle_scenarios(&self) -> Vec<&ProvenScenario> {
        let busy: BTreeSet<usize> =
            self.rows.iter().flat_map(|row| &row.kills).map(|kill| kill.scenario).collect();
        let idle = |(index, scenario): &(usize, &ProvenScenario)| {
            !busy.contains(index) && scenario.covers_alone.is_empty()
        };
        self.scenarios.iter().enumerate().filter(idle).map(|(_, scenario)| scenario).collect()
    }

    /// What is wrong with the suite, a sentence each; empty: it can fail where it should.
    pub fn findings(&self) -> Vec<String> {
        let mut findings: Vec<String> = self
            .broken
            .iter()
            .map(|kill| format!("{} fails without any defect: {}", self.place(kill.scenario), kill.reason))
            .collect();
        // A part of the suite need not reach every defect, but one of them.
        let in_reach = self.whole || self.rows.iter().all(|row| row.reached == 0);
        for row in self.rows.iter().filter(|row| in_reach || row.reached > 0) {
            let expected = row.defect.laws.join(" or ");
            match row.fate() {
                Fate::Survived => findings.push(format!(
                    "{} survives: {} played with it, {expected} should have seen it",
                    row.defect.id,
                    counted(row.reached, "scenario")
                )),
                Fate::Misnamed => findings.push(format!(
                    "{} is not named: {} failed, but {expected} did not see it",
                    row.defect.id,
                    counted(row.kills.len(), "scenario")
                )),
                Fate::Killed | Fate::Unknown => {}
            }
        }
        if self.whole && !self.wire && !self.interrupted {
            let idle = self.idle_laws();
            findings.extend(idle.iter().map(|law| format!("law {law} sees no defect of the catalogue")));
            findings.extend(self.idle_scenarios().iter().map(|scenario| {
                format!(
                    "{}:{} sees no defect and covers nothing alone: {}",
                    scenario.path, scenario.line, scenario.name
                )
            }));
        }
        findings
    }

    fn place(&self, scenario: usize) -> String {
        self.scenarios
            .get(scenario)
            .map_or_else(String::new, |scenario| format!("{}:{}", scenario.path, scenario.line))
    }

    /// How many defects met each fate: killed, misnamed, survived, unknown.
    fn tally(&self) -> [usize; 4] {
        let count = |fate| self.rows.iter().filter(|row| row.fate() == fate).count();
        [Fate::Killed, Fate::Misnamed, Fate::Survived, Fate::Unknown].map(count)
    }
}

fn counted(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
