//! What goes wrong in every scenario of a run, whatever the scenario itself says.

use std::time::Duration;

use counterproof_contracts::faults::{CHAOS_LEVEL_MAX, Fault, Plan};

use super::{PlannedFault, Stage};

/// Faults that are laid over each scenario when it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overlay {
    /// A plan: each of its faults must happen, or the scenario proves nothing.
    pub plan: Option<Plan>,
    /// A level of chaos: whatever happens, happens.
    pub chaos: Option<u8>,
    /// Whether some scenarios are played while events of partners come twice, late and out of order.
    pub perturbed: bool,
}

impl Overlay {
    /// A single fault.
    pub fn of(fault: Fault) -> Self {
        let name = fault.name.clone();
        Self { plan: Some(Plan::new(name, vec![fault])), ..Self::default() }
    }

    /// The same with another fault.
    #[must_use]
    pub fn and(mut self, fault: Fault) -> Self {
        match &mut self.plan {
            Some(plan) => plan.faults.push(fault),
            None => return Self { plan: Self::of(fault).plan, ..self },
        }
        self
    }
}

/// By how much a level of chaos may slow down a chain of messages.
const CHAOS_DELAYS: Duration = Duration::from_secs(20);

impl Overlay {
    /// How much longer a step must wait because of it. What a plan delays, its author knows.
    pub(super) fn delays(&self) -> Duration {
        let perturbed = if self.perturbed { CHAOS_LEVEL_MAX } else { 0 };
        CHAOS_DELAYS.saturating_mul(u32::from(self.chaos.unwrap_or(0).max(perturbed)))
    }
}

impl Stage {
    /// By how much what is laid over every scenario may slow down a chain of messages.
    pub fn laid_over_delays(&self) -> Duration {
        self.overlay.delays()
    }

    /// Lays the run's faults over a scenario that begins now, and perturbs what is delivered in it if that is asked for.
    pub fn lay_overlay(&self, scenario: &str, perturbed: bool) -> Vec<PlannedFault> {
        let chaos = self.overlay.chaos.map(Plan::chaos);
        let perturbed = perturbed.then(Plan::perturbation);
        let plans = self.overlay.plan.iter().chain(&chaos).chain(&perturbed);
        plans.flat_map(|plan| &plan.faults).map(|fault| self.inject(scenario, fault)).collect()
    }
}
