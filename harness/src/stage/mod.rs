//! Where a run takes place: simulators, journal, clock, and the implementation between them.

mod build;
mod overlay;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    faults::Fault,
    invariants::Violation,
    journal::{Entry, FaultInjected},
    model::{
        CorrelationId, LineState, Order, OrderChangeResult, OrderNumber, OrderStatus, ReturnAuthorization,
        RevisedPromise, Shipment, Sku, System,
    },
    policy::{DegradationPolicy, Rate},
    protocol::{CancellationStatus, DeadLetter, DeadLetterList, Problem, middleware},
};
use counterproof_simulators::{
    channel::Channel,
    kernel::{BusinessKey, Kernel, RuleId, Scene, Setting},
    landscape::{Landscape, Served},
    proxy::{Proxy, Relays},
    world::World,
};
use tokio::sync::watch;

pub use build::{LivePlan, VirtualPlan};
pub use overlay::Overlay;

use crate::{
    clock::Clock,
    exit::{Exit, Fatal},
    identity,
    recording::Recording,
    target::Running,
    world::StepError,
};

/// Secret that signs events where nothing else is configured: for loopback only.
pub const DEVELOPMENT_SECRET: &str = "whsec_Y291bnRlcnByb29mLWRldmVsb3BtZW50";

/// Where a run takes place.
pub struct Stage {
    /// Seed of the run.
    pub seed: u64,
    /// Whether what is played here was played before with another seed.
    pub repetition: bool,
    /// Tells runs apart that meet the same stored state; 0 for an implementation that starts empty.
    pub epoch: u64,
    /// Time.
    pub clock: Clock,
    /// How long a step waits for what it expects.
    pub patience: Duration,
    /// How long what is under way may take to arrive before faults end.
    pub drain_within: Duration,
    /// How long rest may take.
    pub settle_within: Duration,
    /// The longest pause that the implementation declares between two attempts at a call.
    pub longest_pause: Duration,
    /// Within which time the implementation has repeated a call that failed, as it declares.
    pub repeats_within: Duration,
    /// What channels may sell while partners are impaired.
    pub degradation: DegradationPolicy,
    /// How fast the implementation says that it calls partners.
    pub rates: BTreeMap<System, Rate>,
    /// The journal.
    pub recording: Recording,
    /// What simulators share.
    pub kernel: Kernel,
    /// The simulators.
    pub landscape: Landscape,
    /// The retail world.
    pub world: Arc<World>,
    /// What stands between implementation and simulators and tampers with messages, where somebody asked for it.
    pub proxy: Option<Proxy>,
    /// Where it listens.
    _relays: Option<Relays>,
    overlay: Overlay,
    not_restarted: Mutex<Option<String>>,
    /// Systems that refuse connections, and which scenario wants it.
    refusing: Mutex<BTreeMap<System, String>>,
    running: tokio::sync::Mutex<Option<Running>>,
    served: tokio::sync::Mutex<Option<Served>>,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage(seed {})", self.seed)
    }
}

impl Stage {
    /// Records an entry.
    pub fn record(&self, scenario: Option<&str>, entry: Entry) {
        self.kernel.recorder().record(scenario.map(str::to_owned), entry);
    }

    /// Records an entry if `may` says so, with nothing recorded between the answer and the entry; whether it did.
    pub fn record_if(&self, may: impl FnOnce() -> bool, scenario: Option<&str>, entry: Entry) -> bool {
        self.kernel.recorder().record_if(may, scenario.map(str::to_owned), entry)
    }

    /// Waits until something was recorded or delivered since `changes` was last marked, or for `pause`.
    pub fn changes(&self) -> Changes {
        Changes { records: self.kernel.recorder().subscribe(), work: self.kernel.work_changes() }
    }

    /// An identity belongs to a scenario.
    pub fn claim(&self, scenario: &str, key: BusinessKey) -> Result<(), StepError> {
        let registry = self.kernel.registry();
        registry.register(key, scenario).map_err(|taken| StepError::rig(format!("{taken}")))
    }

    /// Laws that a scenario broke so far.
    pub fn violations(&self, scenario: &str) -> Vec<Violation> {
        self.recording.violations(scenario)
    }

    /// Faults of a scenario that were planned and never happened, in words.
    pub fn never_happened(&self, plans: &[PlannedFault]) -> Vec<String> {
        plans
            .iter()
            .filter(|plan| plan.rules.iter().all(|rule| self.kernel.faults().is_unmet(*rule)))
            .map(|plan| format!("the fault {:?} was planned and never happened", plan.name))
            .collect()
    }

    /// How often planned faults happened, all together.
    pub fn happened(&self, plans: &[PlannedFault]) -> u64 {
        plans.iter().flat_map(|plan| &plan.rules).map(|rule| self.kernel.faults().fired(*rule)).sum()
    }

    /// Plans a fault for a scenario. Its window is reckoned from now.
    pub fn inject(&self, scenario: &str, fault: &Fault) -> PlannedFault {
        let tag = identity::tag_of(scenario);
        let number_of = |ordinal| identity::order_number(tag, ordinal);
        let began = self.kernel.clock().elapsed();
        let setting = Setting { scenario, tag, began, seed: self.seed, number_of: &number_of };
        let rule = self.kernel.inject(fault, &setting);
        PlannedFault { system: fault.link.system, name: fault.name.clone(), rules: vec![rule] }
    }

    /// Ends a system's faults for a scenario; what they held goes on.
    pub fn lift(&self, scenario: &str, system: System) {
        self.kernel.lift_system(scenario, system);
    }

    /// Ends all faults of a scenario, except permanent ones, and delivers what they held back.
    pub fn heal(&self, scenario: &str) {
        self.kernel.lift(scenario);
    }

    /// Lets a channel act.
    pub fn with_channel<R>(
        &self,
        system: System,
        root: &Root,
        action: impl FnOnce(&mut Channel, &mut Scene<'_>) -> R,
    ) -> Option<R> {
        let (order, correlation) = (&root.order, root.correlation.clone());
        Some(match system {
            System::Storefront => self.landscape.storefront.act(order, correlation, action),
            System::Marketplace => self.landscape.marketplace.act(order, correlation, action),
            System::Pos => {
                self.landscape.pos.act(order, correlation, |pos, scene| action(pos.as_mut(), scene))
            }
            System::CustomerService => {
                self.landscape
                    .customer_service
                    .act(order, correlation, |service, scene| action(service.as_mut(), scene))
            }
            _ => return None,
        })
    }

    /// Units of a SKU that a channel offers; `None` if it was never told.
    pub fn offered(&self, system: System, sku: &Sku) -> Option<i64> {
        match system {
            System::Storefront => self.landscape.storefront.look(|channel| channel.offers(sku)),
            System::Marketplace => self.landscape.marketplace.look(|channel| channel.offers(sku)),
            System::Pos => self.landscape.pos.look(|pos| pos.as_ref().offers(sku)),
            _ => None,
        }
    }

    /// Looks at what a channel shows of an order.
    pub fn channel_view(&self, system: System, order: &OrderNumber) -> ChannelView {
        let look = |channel: &Channel| ChannelView::of(channel, order);
        match system {
            System::Storefront => self.landscape.storefront.look(look),
            System::Marketplace => self.landscape.marketplace.look(look),
            System::Pos => self.landscape.pos.look(|pos| look(pos.as_ref())),
            System::CustomerService => self.landscape.customer_service.look(|service| look(service.as_ref())),
            _ => ChannelView::default(),
        }
    }

    /// A system reads an order from the implementation. Whether it got an answer that the contract knows.
    pub async fn look_up(&self, system: System, order: &OrderNumber, root: &Root) -> bool {
        let parameters = [order.as_str()];
        let answer = self
            .kernel
            .read_middleware(system, middleware::READ_ORDER, &parameters, Some(order), &root.correlation)
            .await;
        answer.is_ok_and(|(status, _)| status < 500)
    }

    /// Customer service reads the audit trail of an order, so that the judge sees whether it only grows. An implementation
    /// that has none shows none.
    pub async fn read_audit_trail(&self, order: &OrderNumber, root: &Root) {
        let (reader, trail, parameters) =
            (System::CustomerService, middleware::READ_AUDIT_TRAIL, [order.as_str()]);
        let reading = self.kernel.read_middleware(reader, trail, &parameters, Some(order), &root.correlation);
        drop(reading.await);
    }

    /// A system refuses every connection, for whomever, until it [takes them again](Self::take_connections).
    pub async fn refuse_connections(&self, scenario: &str, system: System) -> Result<(), StepError> {
        self.refusing().insert(system, scenario.to_owned());
        self.turn(system, true).await?;
        let name = format!("the {} refuses connections", system.title());
        self.record(Some(scenario), Entry::FaultInjected(FaultInjected::new(&name, system)));
        Ok(())
    }

    /// Systems that refuse connections for a scenario take them again: one, or all. Whether there was any.
    pub async fn take_connections(&self, scenario: &str, only: Option<System>) -> Result<bool, StepError> {
        let shut: Vec<System> = {
            let mut refusing = self.refusing();
            let wanted =
                |system: &System, of: &mut String| of == scenario && only.is_none_or(|only| only == *system);
            refusing.extract_if(.., wanted).map(|(system, _)| system).collect()
        };
        for system in &shut {
            self.turn(*system, false).await?;
        }
        Ok(!shut.is_empty())
    }

    async fn turn(&self, system: System, shut: bool) -> Result<(), StepError> {
        self.landscape.refuse(system, shut);
        match self.served.lock().await.as_ref() {
            Some(served) => served.refuse(system, shut).await.map_err(|error| {
                StepError::rig(format!("the gate of the {} cannot be turned: {error}", system.title()))
            }),
            None => Ok(()),
        }
    }

    fn refusing(&self) -> std::sync::MutexGuard<'_, BTreeMap<System, String>> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A system looks at the implementation's dead letters on behalf of an order.
    ///
    /// # Errors
    /// What was answered instead.
    pub async fn dead_letters(&self, system: System, root: &Root) -> Result<Vec<DeadLetter>, String> {
        let order = Some(&root.order);
        let answer = self
            .kernel
            .read_middleware(system, middleware::LIST_DEAD_LETTERS, &[], order, &root.correlation)
            .await;
        let (status, body) = answer.map_err(|error| error.to_string())?;
        serde_json::from_value::<DeadLetterList>(body)
            .map(|list| list.items)
            .map_err(|error| format!("status {status} came: {error}"))
    }

    /// Kills the implementation without warning and starts it again.
    pub async fn kill_and_restart(&self) -> Result<(), Fatal> {
        match self.running.lock().await.as_mut() {
            Some(running) => running.kill_and_restart().await,
            None => Err(Fatal::new(Exit::Bug, "the implementation was stopped before")),
        }
    }

    /// Lets faults kill the implementation. One that does not come up again leaves a doubt.
    fn allow_crashes(self: &Arc<Self>) {
        let stage = Arc::downgrade(self);
        self.kernel.set_crash(Arc::new(move || {
            let stage = stage.clone();
            Box::pin(async move {
                let Some(stage) = stage.upgrade() else { return };
                if let Err(fatal) = stage.kill_and_restart().await {
                    *stage.not_restarted.lock().unwrap_or_else(PoisonError::into_inner) = Some(fatal.message);
                }
            })
        }));
    }

    /// Why the implementation did not come up again after a fault had killed it.
    pub fn not_restarted(&self) -> Option<String> {
        self.not_restarted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the implementation and the simulators; the journal goes on.
    pub async fn close(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.stop().await;
        }
        self.kernel.shutdown().await;
        if let Some(served) = self.served.lock().await.take() {
            served.shutdown().await;
        }
    }
}

/// A chain of messages that somebody in a scenario starts, about an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// The order.
    pub order: OrderNumber,
    /// Identifier of the chain.
    pub correlation: CorrelationId,
}

/// A fault that was planned, to ask later whether it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFault {
    /// On whom.
    pub system: System,
    name: String,
    rules: Vec<RuleId>,
}

impl PlannedFault {
    /// Faults that are one for whoever planned them: it happened if one of them did.
    pub fn together(name: &str, parts: Vec<Self>) -> Option<Self> {
        let system = parts.first()?.system;
        let rules = parts.into_iter().flat_map(|part| part.rules).collect();
        Some(Self { system, name: name.to_owned(), rules })
    }
}

/// Tells of records and of deliveries.
#[derive(Debug)]
pub struct Changes {
    records: watch::Receiver<u64>,
    work: watch::Receiver<u64>,
}

impl Changes {
    /// What happened until now is known.
    pub fn mark_unchanged(&mut self) {
        self.records.mark_unchanged();
        self.work.mark_unchanged();
    }

    /// Waits for something that is not known yet, for so long at the most. Whether there was something.
    pub async fn within(&mut self, limit: Duration) -> bool {
        let changed = async {
            tokio::select! {
                biased;
                changed = self.records.changed() => changed.is_ok(),
                changed = self.work.changed() => changed.is_ok(),
            }
        };
        tokio::time::timeout(limit, changed).await.unwrap_or(false)
    }
}

/// What a channel shows of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelView {
    /// Whether the submission was acknowledged.
    pub acknowledged: bool,
    /// Whether the middleware has answered anything about the order, be it a refusal.
    pub answered: bool,
    /// The status that it shows.
    pub status: Option<OrderStatus>,
    /// Units that it shows as canceled.
    pub canceled: u32,
    /// Units that it shows as waiting for stock.
    pub backordered: u32,
    /// The order as it holds it to be in force.
    pub order: Option<Order>,
    /// What became of the last wish to change the order.
    pub change: Option<OrderChangeResult>,
    /// Units of each line, as it shows them.
    pub lines: Vec<LineState>,
    /// Lines that it shows to arrive later than was promised.
    pub promises: Vec<RevisedPromise>,
    /// Parcels that it shows.
    pub shipments: Vec<Shipment>,
    /// Return authorizations that it was given.
    pub returns: Vec<ReturnAuthorization>,
    /// Whether the last cancellation was refused.
    pub cancellation_refused: bool,
    /// The last refusal.
    pub problem: Option<Problem>,
}

impl ChannelView {
    fn of(channel: &Channel, order: &OrderNumber) -> Self {
        let shown = channel.shown(order);
        Self {
            acknowledged: channel.acknowledgment(order).is_some(),
            answered: channel.acknowledgment(order).is_some() || channel.problem(order).is_some(),
            status: shown.map(|update| update.status),
            canceled: shown.map_or(0, |update| update.lines.iter().map(|line| line.canceled).sum()),
            backordered: shown.map_or(0, |update| update.lines.iter().map(|line| line.backordered).sum()),
            order: channel.order(order).cloned(),
            change: channel.last_change(order).cloned(),
            lines: shown.map_or_else(Vec::new, |update| update.lines.clone()),
            promises: shown.map_or_else(Vec::new, |update| update.promises.clone()),
            shipments: shown.map_or_else(Vec::new, |update| update.shipments.clone()),
            returns: channel.returns(order).to_vec(),
            cancellation_refused: channel
                .cancellations(order)
                .last()
                .is_some_and(|cancellation| cancellation.status == CancellationStatus::Refused),
            problem: channel.problem(order).cloned(),
        }
    }
}
