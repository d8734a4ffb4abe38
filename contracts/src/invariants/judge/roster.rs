//! Which scenarios are under way, and what was told of each.

use std::collections::HashSet;

use super::super::books::Map;
use crate::{
    journal::{Entry, Record},
    model::OrderNumber,
};

/// What was told of a scenario, and how much was looked at.
#[derive(Debug, Default)]
pub(super) struct Docket {
    pub(super) told: HashSet<(&'static str, Option<OrderNumber>, String)>,
    pub(super) checks: u64,
}

/// Which scenarios are under way.
#[derive(Debug, Default)]
pub(super) struct Roster {
    open: Map<String, Docket>,
    /// What was told of no scenario.
    loose: Docket,
    /// Whether the journal says when scenarios begin and end; a bare history of effects does not.
    announced: bool,
    /// Records of scenarios that were not under way.
    pub(super) late: u64,
}

impl Roster {
    /// Whether a record may be judged; counts it if not.
    pub(super) fn admits(&mut self, record: &Record) -> bool {
        let Some(name) = record.scenario.as_deref() else { return true };
        match &record.entry {
            Entry::ScenarioStarted(_) => {
                self.announced = true;
                self.begin(name);
                true
            }
            Entry::ScenarioFinished(_) => {
                self.announced = true;
                self.open.contains_key(name)
            }
            _ if self.open.contains_key(name) => true,
            Entry::Exchange(_)
            | Entry::Effect(_)
            | Entry::EffectLost(_)
            | Entry::FaultInjected(_)
            | Entry::Settled(_) => {
                self.late += u64::from(self.announced);
                if !self.announced {
                    self.begin(name);
                }
                !self.announced
            }
            _ => false,
        }
    }

    fn begin(&mut self, name: &str) {
        self.open.entry(name.to_owned()).or_default();
    }

    /// A scenario has finished.
    pub(super) fn end(&mut self, name: &str) {
        self.open.remove(name);
    }

    /// What was told of a scenario, or of none.
    pub(super) fn docket(&mut self, scenario: Option<&str>) -> &mut Docket {
        match scenario.and_then(|name| self.open.get_mut(name)) {
            Some(docket) => docket,
            None => &mut self.loose,
        }
    }

    /// How often laws were checked on something in a scenario that is under way.
    pub(super) fn checks(&self, scenario: &str) -> u64 {
        self.open.get(scenario).map_or(0, |docket| docket.checks)
    }

    /// How many entries all maps hold together.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        let Self { open, loose, announced: _, late: _ } = self;
        open.values().map(|docket| 1 + docket.told.len()).sum::<usize>() + loose.told.len()
    }
}
