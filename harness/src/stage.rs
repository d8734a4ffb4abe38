//! Where a run takes place: simulators, journal, clock, and the implementation between them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use counterproof_contracts::{
    invariants::Violation,
    journal::{Entry, FORMAT, RunFinished, RunStarted, Verdict},
    model::{CorrelationId, OrderNumber, OrderStatus, ReturnAuthorization, Shipment, System},
    policy::{Policy, RetryPolicy},
    protocol::{CancellationStatus, Problem, middleware, signature::Secret},
};
use counterproof_simulators::{
    channel::Channel,
    kernel::{self, Action, BusinessKey, DeliveryPolicy, Kernel, KernelParts, Recorder, Rule, RuleId, Scene},
    landscape::{Landscape, Served},
    world::World,
};

use tokio::sync::watch;

use crate::{
    clock::Clock,
    exit::{Exit, Fatal},
    recording::Recording,
    target::{Reference, ReferenceConfig, Running, Target, partner_variables, probe},
    world::StepError,
};

/// Secret that signs events where nothing else is configured: for loopback only.
pub const DEVELOPMENT_SECRET: &str = "whsec_Y291bnRlcnByb29mLWRldmVsb3BtZW50";

/// What a stage is built from.
#[derive(Debug)]
pub struct Plan {
    /// Seed of the run.
    pub seed: u64,
    /// The implementation.
    pub target: Target,
    /// The run's folder.
    pub folder: PathBuf,
    /// What the retailer declares.
    pub policy: Policy,
    /// First port of the simulators; any free ones where it is absent.
    pub first_port: Option<u16>,
    /// The secret that events are signed with.
    pub secret: String,
    /// How long a step waits for what it expects, beside the declared retries.
    pub patience: Duration,
}

/// Where a run takes place.
pub struct Stage {
    /// Seed of the run.
    pub seed: u64,
    /// Tells runs apart that meet the same stored state; 0 for an implementation that starts empty.
    pub epoch: u64,
    /// Time.
    pub clock: Clock,
    /// How long a step waits for what it expects.
    pub patience: Duration,
    /// How long rest may take.
    pub settle_within: Duration,
    /// The journal.
    pub recording: Recording,
    /// What simulators share.
    pub kernel: Kernel,
    /// The simulators.
    pub landscape: Landscape,
    /// The retail world.
    pub world: Arc<World>,
    running: tokio::sync::Mutex<Option<Running>>,
    served: tokio::sync::Mutex<Option<Served>>,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stage(seed {})", self.seed)
    }
}

/// How long an implementation may take beyond that, because it repeats calls as it declares.
fn retries(policy: &Policy) -> Duration {
    let RetryPolicy { max_ms, timeout_ms, .. } = policy.retry;
    Duration::from_millis(max_ms.saturating_mul(2).saturating_add(timeout_ms))
}

impl Stage {
    /// Builds the stage: journal, simulators, then the implementation, which must become ready.
    pub async fn build(plan: Plan) -> Result<Arc<Self>, Fatal> {
        let clock = Clock::system();
        let world = World::embedded().map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
        let recording =
            Recording::create(&plan.folder.join("run.ndjson"), plan.policy.clone(), &[&plan.secret])?;
        let kernel = kernel(&plan, &recording, clock)?;
        let landscape = Landscape::new(&kernel, &world);
        let served = landscape
            .listen(None, plan.first_port)
            .await
            .map_err(|error| Fatal::new(Exit::Inconclusive, error.to_string()))?;
        let epoch = match plan.target {
            Target::Reference => 0,
            Target::Url(_) => u64::try_from(clock.base().as_millisecond()).unwrap_or(1),
        };
        kernel.recorder().record(
            None,
            Entry::RunStarted(RunStarted {
                format: FORMAT.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                seed: plan.seed,
                target: plan.target.to_string(),
                policy: plan.policy.clone(),
            }),
        );
        let patience = plan.patience + retries(&plan.policy);
        let running = start(&plan, &clock, partner_variables(&served.addresses())).await?;
        kernel.set_middleware(&running.base_url());
        Ok(Arc::new(Self {
            seed: plan.seed,
            epoch,
            clock,
            patience,
            settle_within: patience + plan.patience,
            recording,
            kernel,
            landscape,
            world,
            running: tokio::sync::Mutex::new(Some(running)),
            served: tokio::sync::Mutex::new(Some(served)),
        }))
    }

    /// Records an entry.
    pub fn record(&self, scenario: Option<&str>, entry: Entry) {
        self.kernel.recorder().record(scenario.map(str::to_owned), entry);
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
            .filter(|plan| plan.rules.iter().all(|rule| self.kernel.faults().fired(*rule) == 0))
            .map(|plan| format!("the fault {:?} was planned and never happened", plan.name))
            .collect()
    }

    /// How often planned faults happened, all together.
    pub fn happened(&self, plans: &[PlannedFault]) -> u64 {
        plans.iter().flat_map(|plan| &plan.rules).map(|rule| self.kernel.faults().fired(*rule)).sum()
    }

    /// Plans a fault for orders.
    pub fn inject(&self, fault: &Fault, orders: &[OrderNumber]) -> PlannedFault {
        let rule = |order: &OrderNumber| Rule {
            name: fault.name.clone(),
            system: fault.system,
            operation: fault.operation.map(str::to_owned),
            order: order.clone(),
            attempts: 1..=fault.attempts,
            action: fault.action,
        };
        let rules = orders.iter().map(|order| self.kernel.faults().add(rule(order))).collect();
        PlannedFault { system: fault.system, name: fault.name.clone(), rules }
    }

    /// Ends a system's faults for orders; what they held goes on.
    pub fn lift(&self, orders: &[OrderNumber], system: System) {
        for order in orders {
            self.kernel.lift_system(order, system);
        }
    }

    /// Ends all faults of orders and delivers what they held back.
    pub fn heal(&self, orders: &[OrderNumber]) {
        orders.iter().for_each(|order| self.kernel.lift(order));
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

    /// Kills the implementation without warning and starts it again.
    pub async fn kill_and_restart(&self) -> Result<(), Fatal> {
        match self.running.lock().await.as_mut() {
            Some(running) => running.kill_and_restart().await,
            None => Err(Fatal::new(Exit::Bug, "the implementation was stopped before")),
        }
    }

    /// Ends the run: the implementation, the simulators, the journal.
    pub async fn close(&self, verdict: Verdict, interrupted: bool) -> Result<(), Fatal> {
        if let Some(running) = self.running.lock().await.take() {
            running.stop().await;
        }
        self.kernel.shutdown().await;
        if let Some(served) = self.served.lock().await.take() {
            served.shutdown().await;
        }
        self.record(None, Entry::RunFinished(RunFinished { verdict, interrupted }));
        self.recording.flush()
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

/// A fault as a step plans it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its name in journal and report.
    pub name: String,
    /// On whom.
    pub system: System,
    /// On which `operationId` or type of event; all where none is named.
    pub operation: Option<&'static str>,
    /// Up to which attempt of a call.
    pub attempts: u32,
    /// What goes wrong.
    pub action: Action,
}

/// A fault that was planned, to ask later whether it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFault {
    /// On whom.
    pub system: System,
    name: String,
    rules: Vec<RuleId>,
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
    /// The status that it shows.
    pub status: Option<OrderStatus>,
    /// Units that it shows as canceled.
    pub canceled: u32,
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
            status: shown.map(|update| update.status),
            canceled: shown.map_or(0, |update| update.lines.iter().map(|line| line.canceled).sum()),
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

fn kernel(plan: &Plan, recording: &Recording, clock: Clock) -> Result<Kernel, Fatal> {
    let secret = Secret::parse(&plan.secret).map_err(|error| {
        Fatal::new(
            Exit::Invalid,
            format!("{error}\n  = set COUNTERPROOF_WEBHOOK_SECRET to `whsec_` and base64"),
        )
    })?;
    let timeout = Duration::from_millis(plan.policy.retry.timeout_ms);
    let network = kernel::live(timeout).map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
    let clock = kernel::Clock::starting_at(clock.base());
    let recorder = Recorder::new(clock, Box::new(recording.clone()));
    let pace = plan.policy.retry;
    let policy = DeliveryPolicy {
        answer_within: timeout,
        first_wait: Duration::from_millis(pace.initial_ms),
        longest_wait: Duration::from_millis(pace.max_ms),
        ..DeliveryPolicy::default()
    };
    Ok(Kernel::new(KernelParts { clock, network, recorder, secret, policy }))
}

async fn start(plan: &Plan, clock: &Clock, partners: Vec<(String, String)>) -> Result<Running, Fatal> {
    match &plan.target {
        Target::Url(url) => {
            probe(url, clock).await?;
            Ok(Running::Foreign(url.clone()))
        }
        Target::Reference => {
            let config = ReferenceConfig {
                folder: absolute(&plan.folder)?,
                listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
                partners,
                webhook_secret: plan.secret.clone(),
                policy: plan.policy.clone(),
            };
            Ok(Running::Reference(Box::new(Reference::start(config).await?)))
        }
    }
}

fn absolute(folder: &Path) -> Result<PathBuf, Fatal> {
    std::path::absolute(folder).map_err(|error| {
        Fatal::new(Exit::Inconclusive, format!("failed to find {}: {error}", folder.display()))
    })
}
