//! What all simulators share: the core's trait, serving, the outbox, faults and the journal tap.
//!
//! A [`Kernel`] belongs to one run; a [`Simulator`] serves one core on it, over sockets or in process. Pure
//! cores know none of this. The kernel records and delivers; it judges nothing.

mod alarms;
mod body;
mod bounded;
mod clock;
mod core;
mod crash;
mod delivery;
mod faults;
mod gate;
mod idempotency;
mod listen;
mod message;
mod mishap;
mod network;
mod outbox;
mod past;
mod recorder;
mod registry;
mod reply;
mod restore;
mod routing;
mod seats;
mod sender;
mod serve;
mod signal;
mod simulator;
mod tasks;
#[cfg(test)]
mod tests;
mod visit;
mod waiting;
mod wire;
mod work;

use std::{
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use counterproof_contracts::{
    faults::{Break, Fault, Misfortune, Moment, Plan},
    journal::{Entry, FaultInjected},
    model::{System, Timestamp},
    protocol::{Tokens, signature::Secret},
};
use tokio::sync::{Semaphore, watch};

pub use self::core::*;
pub use clock::Clock;
pub use crash::CrashHandler;
pub use faults::{Faults, Rule, RuleId, RuleReport, Setting, swizzle_clog};
pub use listen::{CONNECTIONS_MAX, ListenError, Listening};
pub use network::{Network, NetworkError, in_process, live};
pub use recorder::{Line, RecordSink, Recorder};
pub use registry::{BusinessKey, KeyTaken, QUARANTINED_MAX, Quarantine, Registry, Subject};
pub use serve::{ConnectionLost, Endpoint};
pub use signal::Signal;
pub use simulator::Simulator;
pub use wire::Payload;

use self::{
    bounded::Bounded,
    faults::{Place, Strike},
    idempotency::Digest,
    outbox::Outbox,
    seats::Seats,
    tasks::Tasks,
    waiting::Overtaken,
    wire::Broken,
    work::Work,
};

/// How many requests to the middleware are under way at once.
const SENDS_MAX: usize = 64;
/// For how many intents the number of attempts is remembered.
const ATTEMPTS_MAX: usize = 500_000;

/// How patiently messages to the middleware are repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryPolicy {
    /// How long an answer may take.
    pub answer_within: Duration,
    /// How long to wait before the first repetition; doubled with each.
    pub first_wait: Duration,
    /// The longest wait; a longer `Retry-After` is honored up to an hour.
    pub longest_wait: Duration,
    /// After how long a message is given up.
    pub give_up_after: Duration,
}

impl Default for DeliveryPolicy {
    /// Answers within 10 s; waits 200 ms to 30 s; gives up after a day.
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(10),
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
            give_up_after: Duration::from_hours(24),
        }
    }
}

/// What a kernel is made of.
pub struct KernelParts {
    /// The run's clock.
    pub clock: Clock,
    /// The way to the middleware.
    pub network: Network,
    /// The journal tap.
    pub recorder: Recorder,
    /// What events are signed with.
    pub secret: Secret,
    /// With which systems prove who they are when they call the middleware.
    pub tokens: Tokens,
    /// How patiently messages are repeated.
    pub policy: DeliveryPolicy,
}

/// What the simulators of a run share. Clones are the same kernel.
#[derive(Clone)]
pub struct Kernel(Arc<Shared>);

struct Shared {
    parts: KernelParts,
    registry: Registry,
    faults: Faults,
    outbox: Outbox,
    work: Work,
    tasks: Tasks,
    middleware: RwLock<Option<String>>,
    crash: RwLock<Option<CrashHandler>>,
    attempts: Mutex<Bounded<Digest, u32>>,
    overtaken: Overtaken,
    sends: Semaphore,
    large_bodies: Semaphore,
    seats: Seats,
}

impl Kernel {
    /// A kernel without middleware: what is to be delivered waits until
    /// [`set_middleware`](Self::set_middleware) says where to.
    ///
    /// # Panics
    /// Outside a tokio runtime: deliveries run on the runtime on which the kernel is made.
    pub fn new(parts: KernelParts) -> Self {
        Self(Arc::new(Shared {
            parts,
            registry: Registry::default(),
            faults: Faults::default(),
            outbox: Outbox::default(),
            work: Work::new(),
            tasks: Tasks::here(),
            middleware: RwLock::new(None),
            crash: RwLock::new(None),
            attempts: Mutex::new(Bounded::new(ATTEMPTS_MAX)),
            overtaken: Overtaken::default(),
            sends: Semaphore::new(SENDS_MAX),
            large_bodies: Semaphore::new(body::LARGE_BODIES_MAX),
            seats: Seats::new(CONNECTIONS_MAX),
        }))
    }

    /// The run's clock.
    pub fn clock(&self) -> &Clock {
        &self.0.parts.clock
    }

    /// How long an answer may take before its caller gives up.
    pub fn answer_within(&self) -> Duration {
        self.0.parts.policy.answer_within
    }

    /// The journal tap.
    pub fn recorder(&self) -> &Recorder {
        &self.0.parts.recorder
    }

    /// Whose traffic it is.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The faults.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Says where the middleware is: `http://127.0.0.1:8080`, with or without a path.
    pub fn set_middleware(&self, base_url: &str) {
        let base_url = base_url.trim_end_matches('/').to_owned();
        *self.0.middleware.write().unwrap_or_else(PoisonError::into_inner) = Some(base_url);
    }

    /// What is under way for a scenario: undelivered events, calls without an answer, whatever a fault
    /// holds. With `None`, what is under way at all.
    pub fn open_work(&self, scenario: Option<&str>) -> Vec<String> {
        self.0.work.list(scenario)
    }

    /// Tells of each change of the open work.
    pub fn work_changes(&self) -> watch::Receiver<u64> {
        self.0.work.subscribe()
    }

    /// Lays a plan over a scenario: one rule for each of its faults, in their order.
    pub fn lay(&self, plan: &Plan, setting: &Setting<'_>) -> Vec<RuleId> {
        plan.faults.iter().map(|fault| self.inject(fault, setting)).collect()
    }

    /// Lays one fault over a scenario.
    pub fn inject(&self, fault: &Fault, setting: &Setting<'_>) -> RuleId {
        self.faults().add(Rule::of(fault, setting))
    }

    /// Lays chaos of a level over every link of a scenario.
    pub fn lay_chaos(&self, level: u8, setting: &Setting<'_>) -> Vec<RuleId> {
        self.lay(&Plan::chaos(level), setting)
    }

    /// Says that all that the simulators hold belongs to one scenario. Without this no system is restored to how
    /// it was: others would lose what is theirs.
    pub fn allow_restorations(&self) {
        self.faults().allow_restorations();
    }

    /// A system keeps earlier states from now on, because it will be [restored](Simulator::restore).
    pub fn keep_states(&self, system: System) {
        self.faults().keep_states(system);
    }

    /// Ends the holds of a scenario: what they held goes on.
    pub fn release(&self, scenario: &str) {
        self.end_rules(scenario, |rule| matches!(rule.fault.misfortune, Misfortune::Hold { .. }));
    }

    /// Ends all faults of a scenario except permanent ones: what they held goes on.
    pub fn lift(&self, scenario: &str) {
        self.end_rules(scenario, |_| true);
    }

    /// Ends the faults of one system for a scenario except permanent ones and chaos: what they held goes on.
    pub fn lift_system(&self, scenario: &str, system: System) {
        self.end_rules(scenario, |rule| rule.fault.link.system == system && !rule.is_chaos());
    }

    fn end_rules(&self, scenario: &str, which: impl Fn(&Rule) -> bool) {
        self.faults().end(scenario, which);
        outbox::release(self);
    }

    /// The names of a scenario's faults that did not happen. A scenario that was to meet them proves nothing.
    pub fn never_happened(&self, scenario: &str) -> Vec<String> {
        let unmet = self.faults().report().into_iter();
        let unmet = unmet.filter(|report| report.is_unmet() && report.rule.scenario == scenario);
        unmet.map(|report| report.rule.fault.name).collect()
    }

    /// Systems whose messages a permanent fault of a scenario has swallowed.
    pub fn cut_off(&self, scenario: &str) -> Vec<System> {
        self.faults().cut_off(scenario).into_iter().collect()
    }

    /// Ends all deliveries and everything that is held. What is open stays undone.
    pub async fn shutdown(&self) {
        self.0.tasks.shutdown().await;
        self.0.outbox.clear();
    }

    /// How a message breaks on its way.
    fn broken(&self, how: Break, ms: u64) -> Broken {
        Broken { how, lasts: Duration::from_millis(ms), clock: *self.clock() }
    }

    fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Counts an attempt of an intent: 1 for the first.
    fn count_attempt(&self, intent: Digest) -> u32 {
        let mut attempts = self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = attempts.get_mut(&intent) {
            *count = count.saturating_add(1);
            return *count;
        }
        attempts.insert(intent, 1, 1);
        1
    }

    /// Which fault a message meets at a moment, if any. It has not happened yet.
    fn look(&self, place: Option<&Place>, moment: Moment) -> Option<Strike> {
        self.faults().look(place?, moment, self.clock().elapsed())
    }

    /// Which fault a message meets at a moment, if any; it happens.
    fn strike(&self, place: Option<&Place>, moment: Moment) -> Option<Strike> {
        let strike = self.look(place, moment)?;
        self.happens(&strike, place?).then_some(strike)
    }

    /// Counts and records that a fault happens to a message. Whether it may: a crash does once only.
    fn happens(&self, strike: &Strike, place: &Place) -> bool {
        if !self.faults().count(strike) {
            return false;
        }
        let fault = injected(strike, place);
        self.recorder().record(place.scenario.clone(), Entry::FaultInjected(fault));
        true
    }
}

/// What the journal says of a fault that happened.
fn injected(strike: &Strike, place: &Place) -> FaultInjected {
    let clock = matches!(strike.misfortune, Misfortune::ClockSkew { .. });
    FaultInjected {
        fault: strike.name.clone(),
        system: place.link.system,
        operation: (!clock).then(|| place.operation.clone()),
        order: Some(place.order.clone()),
        link: Some(place.link),
        key: (!clock).then(|| place.key.clone()),
        attempt: Some(place.attempt),
        misfortune: Some(strike.misfortune.clone()),
    }
}
