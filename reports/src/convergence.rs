//! How long systems disagreed: from the end of all faults to each system's last effect, over the scenarios in
//! which something went wrong. Kept as histograms, so that memory does not grow with the number of scenarios.

use std::collections::BTreeMap;

use counterproof_contracts::model::System;
use hdrhistogram::Histogram;

/// The longest time that is told apart, in milliseconds: a week.
const LONGEST_MS: u64 = 7 * 24 * 3600 * 1000;

/// How long a system took to agree with the others again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convergence {
    /// Which system.
    pub system: System,
    /// In how many scenarios it took part.
    pub scenarios: u64,
    /// Half of them took no longer, in milliseconds.
    pub p50_ms: u64,
    /// 99 in 100 of them took no longer, in milliseconds.
    pub p99_ms: u64,
    /// None took longer, in milliseconds.
    pub max_ms: u64,
}

/// Collects the times of scenarios.
#[derive(Debug, Default)]
pub(crate) struct Times(BTreeMap<System, Option<Histogram<u64>>>);

impl Times {
    /// Takes the times of a scenario that came to rest after faults.
    pub(crate) fn add(&mut self, converged_ms: &BTreeMap<System, u64>) {
        for (system, ms) in converged_ms {
            // The bounds are within what a histogram takes, so there always is one.
            let times =
                self.0.entry(*system).or_insert_with(|| Histogram::new_with_bounds(1, LONGEST_MS, 3).ok());
            if let Some(times) = times {
                times.saturating_record(*ms);
            }
        }
    }

    /// The percentiles of each system.
    pub(crate) fn report(&self) -> Vec<Convergence> {
        let row = |(system, times): (&System, &Histogram<u64>)| Convergence {
            system: *system,
            scenarios: times.len(),
            p50_ms: times.value_at_quantile(0.5),
            p99_ms: times.value_at_quantile(0.99),
            max_ms: times.max(),
        };
        self.0.iter().filter_map(|(system, times)| Some(row((system, times.as_ref()?)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_times_of_each_system() {
        let mut times = Times::default();
        for ms in 1..=100 {
            times.add(&BTreeMap::from([(System::Erp, ms), (System::Psp, 0)]));
        }
        times.add(&BTreeMap::from([(System::Erp, u64::MAX)]));
        let [erp, psp] = times.report()[..] else { panic!("two systems took part") };
        assert_eq!((erp.scenarios, erp.p50_ms, erp.p99_ms), (101, 51, 100));
        assert!(erp.max_ms >= LONGEST_MS, "a time beyond the range counts as the longest: {}", erp.max_ms);
        assert_eq!(psp, Convergence { system: System::Psp, scenarios: 100, p50_ms: 0, p99_ms: 0, max_ms: 0 });
    }
}
