//! How long systems go on working after something went wrong, until they have nothing more to do or until
//! somebody acts anew.

use std::{collections::BTreeMap, time::Duration};

use counterproof_contracts::{
    journal::Committed,
    model::{System, Timestamp},
};

/// Follows one scenario from fault to fault.
#[derive(Debug, Default)]
pub(super) struct Convergence {
    longest: BTreeMap<System, u64>,
    /// When something last went wrong, or stopped to.
    since: Option<Timestamp>,
    /// Somebody acted since: what follows is no consequence of the fault.
    over: bool,
}

impl Convergence {
    /// Something went wrong, or what went wrong has ended.
    pub(super) fn disturbed(&mut self, at: Timestamp) {
        self.since = Some(at);
        self.over = false;
    }

    /// A system committed something.
    pub(super) fn committed(&mut self, at: Timestamp, committed: &Committed) {
        let Some(since) = self.since else { return };
        self.over |= committed.spontaneous;
        let longest = self.longest.entry(committed.system).or_insert(0);
        if !self.over {
            let passed = Duration::try_from(at.duration_since(since)).unwrap_or_default();
            *longest = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(*longest);
        }
    }

    /// How long each system worked on at the longest, in milliseconds.
    pub(super) fn report(&self) -> BTreeMap<System, u64> {
        self.longest.clone()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use serde_json::json;

    use super::*;

    fn committed(system: &str, spontaneous: bool) -> Committed {
        serde_json::from_value(json!({
            "system": system, "spontaneous": spontaneous,
            "effect": "stock_opened", "node_id": "N", "sku": "S", "quantity": 1,
        }))
        .unwrap()
    }

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).unwrap()
    }

    #[test]
    fn time_runs_from_the_last_fault_to_the_last_effect_before_somebody_acts() {
        let mut convergence = Convergence::default();
        convergence.committed(at(5), &committed("erp", false));
        assert_eq!(convergence.report(), BTreeMap::new(), "nothing went wrong yet");
        convergence.disturbed(at(100));
        convergence.disturbed(at(200));
        convergence.committed(at(250), &committed("erp", false));
        convergence.committed(at(900), &committed("pos", true));
        convergence.committed(at(950), &committed("erp", false));
        assert_eq!(convergence.report(), BTreeMap::from([(System::Erp, 50), (System::Pos, 0)]));
        convergence.disturbed(at(1000));
        convergence.committed(at(1020), &committed("erp", false));
        convergence.committed(at(1030), &committed("pos", false));
        assert_eq!(convergence.report(), BTreeMap::from([(System::Erp, 50), (System::Pos, 30)]));
    }
}
