//! One line of a journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Effect;
use crate::{
    faults::{Link, Misfortune},
    model::{CorrelationId, OrderNumber, Sku, System, Timestamp},
    policy::Policy,
    protocol::FieldError,
    requirements::Coverage,
};

/// Version of the journal's format. A reader refuses another major version.
pub const FORMAT: &str = "counterproof.journal/1.0";

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Rises by one with each line, from 1.
    pub seq: u64,
    /// When it was recorded, on the run's clock.
    pub at: Timestamp,
    /// The scenario that it belongs to; absent for the run itself and for quarantined traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What is recorded.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What a line records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// First line.
    RunStarted(Box<RunStarted>),
    /// A scenario that was selected is not played. After the first line.
    ScenarioOmitted(ScenarioOmitted),
    /// A scenario begins.
    ScenarioStarted(ScenarioStarted),
    /// A step of a scenario ended.
    StepFinished(StepFinished),
    /// Something passed over a link.
    Exchange(Box<Exchange>),
    /// A simulator committed something.
    Effect(Box<Committed>),
    /// A simulator lost what it had committed, because it was restored to how it was before. One line for each.
    EffectLost(Box<Committed>),
    /// A fault happened.
    FaultInjected(FaultInjected),
    /// The scenario is at rest: nothing is under way, and everything can be compared.
    Settled(Settled),
    /// A scenario ended; its verdict.
    ScenarioFinished(ScenarioFinished),
    /// How much of what is required the run exercised. Before the last line.
    Coverage(Coverage),
    /// Last line of a complete journal.
    RunFinished(RunFinished),
}

/// The whole input of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// [`FORMAT`].
    pub format: String,
    /// Version of Counterproof.
    pub version: String,
    /// Seed.
    pub seed: u64,
    /// `reference` or a URL.
    pub target: String,
    /// What the retailer declared.
    pub policy: Policy,
    /// What else was asked for: with it, the run can be played again.
    #[serde(default)]
    pub input: RunInput,
}

/// What a run was asked for beside seed, target and policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunInput {
    /// In virtual time the instant at which every scenario began; absent for a live run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_start: Option<Timestamp>,
    /// Feature files and folders; the built-in pack if none is named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// The tag expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<String>,
    /// The fault plan that was laid over every scenario.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub faults: Value,
    /// How much went wrong by chance, from 1 to 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chaos: Option<u8>,
    /// How often every scenario is played, each time with the next seed; absent for once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// Whether every scenario was played again with a crash at every point of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub crash_everywhere: bool,
    /// How often every scenario was played again with its deliveries perturbed; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub perturb: Option<u32>,
    /// How often a scenario of which nothing could be told was played again; absent for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u8>,
}

/// A scenario that was selected and cannot be played on this target or clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioOmitted {
    /// Path of the feature file.
    pub feature_path: String,
    /// Name of the feature.
    pub feature: String,
    /// Name of the scenario, with the values of its example row.
    pub name: String,
    /// Line in the feature file.
    pub line: u32,
    /// Why, as a clause.
    pub why: String,
}

/// A scenario begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioStarted {
    /// Path of the feature file.
    pub feature_path: String,
    /// Name of the feature.
    pub feature: String,
    /// Name of the scenario, with the values of its example row.
    pub name: String,
    /// Line in the feature file.
    pub line: u32,
    /// Tags without `@`.
    pub tags: Vec<String>,
    /// How many steps are planned.
    pub steps_planned: u32,
    /// The seed that it is played with, where that is not the run's: it is played several times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
}

/// A step ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepFinished {
    /// `Given`, `When`, `Then`, `And` …
    pub keyword: String,
    /// The sentence.
    pub text: String,
    /// Line in the feature file.
    pub line: u32,
    /// How it ended.
    pub outcome: StepOutcome,
    /// What was expected and what was seen, when it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How many facts the step asserted.
    pub assertions: u32,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepOutcome {
    /// It did what it says.
    Passed,
    /// The implementation did not do what the step says.
    Failed,
    /// The rig could not do what the step says.
    Inconclusive,
}

/// What the caller of an exchange knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It had its effect.
    Ok,
    /// It certainly had none.
    Fail,
    /// It may have had its effect: time-out, reset, 5xx.
    Unknown,
}

/// Something that passed over a link, seen by the simulator at its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// Who called.
    pub from: System,
    /// Who was called.
    pub to: System,
    /// `operationId`; `unknown` where no operation fits.
    pub operation: String,
    /// Method and path as called.
    pub call: String,
    /// The order, where the exchange names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderNumber>,
    /// The SKU, where the exchange names one and no order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    /// Idempotency key, or the event's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Which attempt with this key on this link it is, from 1.
    pub attempt: u32,
    /// Correlation id that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationId>,
    /// Causation id that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// What was sent; null where there was no readable body.
    pub request: Value,
    /// HTTP status that was answered; absent where no answer arrived or was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Seconds that the answer asked to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// What was answered; null where there was no body.
    pub response: Value,
    /// What the caller knows.
    pub outcome: Outcome,
    /// Whether the answer had been stored for the same key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
    /// Why no answer arrived, or which fault changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the recorder found out about the shape of both documents.
    #[serde(default, skip_serializing_if = "Checked::is_blank")]
    pub checked: Checked,
}

/// Where documents of an exchange break their schemas, as far as the recorder has validated them. What it has
/// not, whoever judges the journal validates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Places in the request; empty: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Vec<FieldError>>,
    /// Places in the answer; empty: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Vec<FieldError>>,
}

impl Checked {
    /// Whether nothing was validated.
    const fn is_blank(&self) -> bool {
        self.request.is_none() && self.response.is_none()
    }
}

/// A committed effect with its circumstances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Committed {
    /// Who committed it.
    pub system: System,
    /// The order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderNumber>,
    /// Idempotency key of the call that caused it; absent where the system acted by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Correlation id of the call that caused it, or the root's that the system started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<CorrelationId>,
    /// Whether the system acted by itself (a customer, a clerk, a driver) and not for a call.
    pub spontaneous: bool,
    /// Whether the same call had committed it before, and the system had lost it: nothing new.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// What was committed.
    #[serde(flatten)]
    pub effect: Effect,
}

/// A fault happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultInjected {
    /// Which fault, as a plan names it.
    pub fault: String,
    /// On whom.
    pub system: System,
    /// On which operation or event type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Of which order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderNumber>,
    /// Between whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// On the message with which idempotency key or event id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// On which of its attempts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub misfortune: Option<Misfortune>,
}

impl Committed {
    /// Whether it is what another was, under the same key: numbers and instants that the system gives may differ.
    pub fn repeats(&self, other: &Self) -> bool {
        let event = |effect: &Effect| match effect {
            Effect::EventRaised { event_type, subject, .. } => Some((event_type.clone(), subject.clone())),
            _ => None,
        };
        self.system == other.system
            && self.key == other.key
            && std::mem::discriminant(&self.effect) == std::mem::discriminant(&other.effect)
            && event(&self.effect) == event(&other.effect)
    }
}

impl FaultInjected {
    /// A fault on a system, of which nothing else is known.
    pub fn new(fault: impl Into<String>, system: System) -> Self {
        Self {
            fault: fault.into(),
            system,
            operation: None,
            order: None,
            link: None,
            key: None,
            attempt: None,
            misfortune: None,
        }
    }
}

/// The scenario is at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Whether rest was reached within the bound.
    pub at_rest: bool,
    /// How long it took from the end of all faults, in milliseconds of the run's clock.
    pub waited_ms: u64,
    /// How long each system worked on after something had gone wrong, or had stopped to, and before somebody
    /// acted anew, in milliseconds of the run's clock: how long systems disagreed at the longest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub converged_ms: BTreeMap<System, u64>,
    /// Systems whose messages were lost for good, on purpose: systems cannot agree then, so no law at rest is judged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut_off: Vec<System>,
    /// What was still open when the bound was reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
}

/// The three verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything that should hold was seen to hold.
    Pass,
    /// The rig could not tell. Never a pass.
    Inconclusive,
    /// The implementation is wrong.
    Fail,
}

/// A scenario ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioFinished {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where it is not a pass: one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Steps that were executed.
    pub steps_executed: u32,
    /// Facts that were asserted.
    pub assertions: u32,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// Nothing could be told, so it is played again with other identities: that play's verdict counts, and not this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// The run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinished {
    /// The verdict over all scenarios.
    pub verdict: Verdict,
    /// Whether it was interrupted; then not all scenarios ran.
    pub interrupted: bool,
}
