//! Building a stage: live over sockets, or in virtual time in this process. What differs is the clock, the
//! network and where the implementation comes from; everything else is the same.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use counterproof_contracts::{
    model::{System, Timestamp},
    policy::Policy,
    protocol::{Tokens, signature::Secret},
    wire_defects::WireDefect,
};
use counterproof_simulators::{
    kernel::{self, DeliveryPolicy, Kernel, KernelParts, Network, Recorder},
    landscape::{Landscape, Served},
    proxy::{Proxy, Relays},
    world::World,
};

use super::{Overlay, Stage};
use crate::{
    clock::Clock,
    exit::{Exit, Fatal},
    recording::Recording,
    target::{
        Entrance, Implementation, InProcess, Reference, ReferenceConfig, Running, Surroundings, Target,
        partner_variables, probe, token_variables,
    },
};

/// What a live stage is built from.
#[derive(Debug)]
pub struct LivePlan {
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
    /// With which callers prove who they are.
    pub tokens: Tokens,
    /// How long a step waits for what it expects, beside the declared retries.
    pub patience: Duration,
    /// What goes wrong in every scenario.
    pub overlay: Overlay,
    /// Whether a [proxy](Stage::proxy) stands between implementation and simulators.
    pub proxied: bool,
}

/// What a stage in virtual time is built from. It is built on the runtime on which it is played.
pub struct VirtualPlan<'a> {
    /// Seed of the run.
    pub seed: u64,
    /// Whether what is played here was played before with another seed.
    pub repetition: bool,
    /// The instant at which the scenario begins.
    pub starts_at: Timestamp,
    /// What the retailer declares.
    pub policy: Policy,
    /// The secret that events are signed with.
    pub secret: &'a str,
    /// How long a step waits for what it expects, beside the declared retries.
    pub patience: Duration,
    /// What goes wrong, whatever the scenario says.
    pub overlay: Overlay,
    /// The retail world.
    pub world: &'a Arc<World>,
    /// What a proxy between implementation and simulators does to messages.
    pub wire_defect: Option<WireDefect>,
}

/// How long what is under way may take to arrive before faults end: where time costs something, and where not.
const DRAIN_SHORTLY: Duration = Duration::from_secs(3);
const DRAIN_FREELY: Duration = Duration::from_secs(10);

struct Parts {
    seed: u64,
    repetition: bool,
    epoch: u64,
    clock: Clock,
    patience: Duration,
    policy: Policy,
    overlay: Overlay,
    recording: Recording,
    kernel: Kernel,
    landscape: Landscape,
    world: Arc<World>,
    proxy: Option<Proxy>,
}

impl Parts {
    fn stage(self, running: Running, served: Option<Served>, relays: Option<Relays>) -> Arc<Stage> {
        let patience = self.patience + self.policy.retry.repeats_within() + self.overlay.delays();
        let killable = !matches!(running, Running::Foreign(_));
        let stage = Arc::new(Stage {
            seed: self.seed,
            repetition: self.repetition,
            epoch: self.epoch,
            clock: self.clock,
            patience,
            drain_within: if matches!(running, Running::InProcess(_)) { DRAIN_FREELY } else { DRAIN_SHORTLY },
            settle_within: patience + self.policy.retry.settles_within(),
            longest_pause: Duration::from_millis(self.policy.retry.max_ms),
            repeats_within: self.policy.retry.repeats_within(),
            degradation: self.policy.degradation,
            rates: self.policy.rates,
            recording: self.recording,
            kernel: self.kernel,
            landscape: self.landscape,
            world: self.world,
            overlay: self.overlay,
            proxy: self.proxy,
            _relays: relays,
            not_restarted: Mutex::default(),
            refusing: Mutex::default(),
            running: tokio::sync::Mutex::new(Some(running)),
            served: tokio::sync::Mutex::new(served),
        });
        if killable {
            stage.allow_crashes();
        }
        stage
    }
}

impl Stage {
    /// Builds a live stage that writes into a journal: simulators, then the implementation, which must become
    /// ready.
    pub async fn live(plan: LivePlan, recording: Recording) -> Result<Arc<Self>, Fatal> {
        let clock = Clock::system();
        let world = World::embedded().map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
        let network = kernel::live(Duration::from_millis(plan.policy.retry.timeout_ms))
            .map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
        let kernel = kernel(
            &plan.policy,
            secret(&plan.secret)?,
            plan.tokens.clone(),
            (network.clone(), clock),
            &recording,
        );
        let landscape = Landscape::new(&kernel, &world);
        let unreachable = |error: String| Fatal::new(Exit::Inconclusive, error);
        let simulators_port = if plan.proxied { None } else { plan.first_port };
        let served =
            landscape.listen(None, simulators_port).await.map_err(|error| unreachable(error.to_string()))?;
        let (mut proxy, mut relays) = (None, None);
        if plan.proxied {
            let between = Proxy::new(kernel_clock(&clock), secret(&plan.secret)?, plan.tokens.clone());
            let listening = between.listen(&served.addresses(), plan.first_port, &network).await;
            relays = Some(listening.map_err(|error| unreachable(error.to_string()))?);
            proxy = Some(between);
        }
        let epoch = match plan.target {
            Target::Reference => 0,
            Target::Url(_) => u64::try_from(clock.base().as_millisecond()).unwrap_or(1),
        };
        let addresses =
            relays.as_ref().map_or_else(|| served.addresses(), |relays| relays.addresses().clone());
        let running = start(&plan, &clock, partner_variables(&addresses)).await?;
        let mut base_url = running.base_url();
        if let (Some(proxy), Some(relays)) = (&proxy, &mut relays) {
            let front = proxy.listen_before_implementation(relays, &base_url, &network).await;
            base_url = front.map_err(|error| unreachable(error.to_string()))?;
        }
        kernel.set_middleware(&base_url);
        let LivePlan { seed, policy, patience, overlay, .. } = plan;
        let parts = Parts {
            seed,
            repetition: false,
            epoch,
            clock,
            patience,
            policy,
            overlay,
            recording,
            kernel,
            landscape,
            world,
            proxy,
        };
        Ok(parts.stage(running, Some(served), relays))
    }

    /// Builds a stage in virtual time around an implementation in this process. It has a recording of its own.
    ///
    /// # Errors
    /// [`Fatal`] if the implementation does not start, or the secret is none.
    pub fn in_virtual_time(
        plan: VirtualPlan<'_>,
        implementation: Box<dyn Implementation>,
    ) -> Result<Arc<Self>, Fatal> {
        let VirtualPlan {
            seed,
            repetition,
            starts_at,
            policy,
            secret,
            patience,
            overlay,
            world,
            wire_defect,
        } = plan;
        let clock = Clock::starting_at(starts_at);
        let parsed = self::secret(secret)?;
        let tokens = Tokens::of(&parsed);
        let hidden: Vec<&str> = tokens.iter().map(|(_, token)| token.reveal()).chain([secret]).collect();
        let recording = Recording::in_memory(policy.clone(), &hidden);
        let entrance = Entrance::default();
        let proxy = wire_defect.map(|defect| {
            let proxy = Proxy::new(kernel_clock(&clock), parsed.clone(), tokens.clone());
            proxy.switch(Some(defect));
            proxy
        });
        let to_implementation = match &proxy {
            Some(proxy) => proxy.before(System::Middleware, entrance.network()),
            None => entrance.network(),
        };
        let kernel = kernel(&policy, parsed, tokens.clone(), (to_implementation, clock), &recording);
        kernel.allow_restorations();
        let landscape = Landscape::new(&kernel, world);
        let partners =
            System::PARTNERS.into_iter().map(|system| (system, Landscape::base_url(system))).collect();
        let surroundings = Surroundings {
            partners,
            network: match &proxy {
                Some(proxy) => proxy.before_partners(landscape.network()),
                None => landscape.network(),
            },
            now: starts_at,
            seed,
            policy: policy.clone(),
            secret: secret.to_owned(),
            tokens,
        };
        let running = InProcess::start(implementation, surroundings, entrance).map_err(|reason| {
            Fatal::new(Exit::Inconclusive, format!("the implementation did not start: {reason}"))
        })?;
        kernel.set_middleware(InProcess::BASE_URL);
        let world = Arc::clone(world);
        let parts = Parts {
            seed,
            repetition,
            epoch: 0,
            clock,
            patience,
            policy,
            overlay,
            recording,
            kernel,
            landscape,
            world,
            proxy,
        };
        Ok(parts.stage(Running::InProcess(Box::new(running)), None, None))
    }
}

fn secret(text: &str) -> Result<Secret, Fatal> {
    Secret::parse(text).map_err(|error| {
        Fatal::new(
            Exit::Invalid,
            format!("{error}\n  = set COUNTERPROOF_WEBHOOK_SECRET to `whsec_` and base64"),
        )
    })
}

fn kernel_clock(clock: &Clock) -> kernel::Clock {
    kernel::Clock::starting_at(clock.base())
}

fn kernel(
    policy: &Policy,
    secret: Secret,
    tokens: Tokens,
    (network, clock): (Network, Clock),
    recording: &Recording,
) -> Kernel {
    let clock = kernel_clock(&clock);
    let recorder = Recorder::continuing(clock, recording.last_seq(), Box::new(recording.clone()));
    let pace = policy.retry;
    let policy = DeliveryPolicy {
        answer_within: Duration::from_millis(pace.timeout_ms),
        first_wait: Duration::from_millis(pace.initial_ms),
        longest_wait: Duration::from_millis(pace.max_ms),
        ..DeliveryPolicy::default()
    };
    Kernel::new(KernelParts { clock, network, recorder, secret, tokens, policy })
}

async fn start(plan: &LivePlan, clock: &Clock, partners: Vec<(String, String)>) -> Result<Running, Fatal> {
    match &plan.target {
        Target::Url(url) => {
            probe(url, clock).await?;
            Ok(Running::Foreign(url.clone()))
        }
        Target::Reference => {
            let config = ReferenceConfig {
                folder: absolute(&plan.folder)?,
                listen: (std::net::Ipv4Addr::LOCALHOST, 0).into(),
                partners: partners.into_iter().chain(token_variables(&plan.tokens)).collect(),
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
