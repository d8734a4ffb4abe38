//! An implementation in the same process, for virtual time: the trait to put one's own Rust service on stage,
//! and the reference behind it.
//!
//! It gets everything through its surroundings: partners through a `tower::Service`, time from tokio's clock,
//! which stands still until nothing is left to do. It must not open sockets, start threads or read the
//! machine's clock; what it waits for outside tokio cannot be waited for here.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use counterproof_contracts::{
    model::{System, Timestamp},
    policy::Policy,
    protocol::{Tokens, signature::Secret},
};
use counterproof_middleware::{App, CALLS_PER_PARTNER_MAX, Defects, GIVE_UP_AFTER, Parts, door};
use counterproof_simulators::kernel::{Network, NetworkError, Signal, in_process};
use tower::ServiceExt as _;

/// What an implementation finds around it when it starts.
#[derive(Clone)]
pub struct Surroundings {
    /// Base URL of each partner, without a slash at its end.
    pub partners: BTreeMap<System, String>,
    /// The way to the partners: takes any request to one of those addresses.
    pub network: Network,
    /// The instant that is now; later instants are this one and what has passed on tokio's clock.
    pub now: Timestamp,
    /// Seed for whatever the implementation leaves to chance.
    pub seed: u64,
    /// What the retailer declares.
    pub policy: Policy,
    /// What events are signed with (`whsec_…`).
    pub secret: String,
    /// With which callers prove who they are.
    pub tokens: Tokens,
}

impl std::fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Surroundings(at {}, seed {})", self.now, self.seed)
    }
}

/// An implementation in Rust that is put on stage in the same process, in virtual time.
///
/// One value lives through one scenario. [`start`](Self::start) is called at the beginning and again after each
/// [`kill`](Self::kill); whatever would survive a `kill -9` (a database) stays in the value between the two.
/// All calls come from one thread, on a tokio runtime whose clock is paused: pauses and time-outs pass at
/// once when nothing else is left to do. Equal seeds must give equal runs, so nothing may depend on the order of a
/// hash map, on an unbiased `select!` or on the machine's clock.
///
/// ```
/// use counterproof::target::{Implementation, Surroundings};
/// use counterproof_simulators::kernel::{Network, Payload, in_process};
///
/// /// Says that it is well, and knows nothing else.
/// struct Ready;
///
/// impl Implementation for Ready {
///     fn start(&mut self, _surroundings: Surroundings) -> Result<Network, String> {
///         Ok(in_process(tower::service_fn(|request: http::Request<Payload>| async move {
///             let status = if request.uri().path() == "/healthz" { 200 } else { 503 };
///             let body = http_body_util::Full::new(bytes::Bytes::from_static(b"{}"));
///             Ok::<_, std::convert::Infallible>(http::Response::builder().status(status).body(body).unwrap_or_default())
///         })))
///     }
///
///     fn kill(&mut self) {}
/// }
///
/// let scripts = counterproof::virtual_time::pack("not @virtual")?;
/// let rehearsal = counterproof::virtual_time::Rehearsal::new(7)?;
/// let played = rehearsal.play(&scripts[0], 0, Box::new(Ready))?;
/// // It answers 503 to every order, so the scenario does not pass.
/// assert_ne!(played.finished.result.verdict, counterproof_contracts::journal::Verdict::Pass);
/// # Ok::<(), counterproof::exit::Fatal>(())
/// ```
pub trait Implementation: Send {
    /// Starts, or starts again over what was kept, and gives the service that takes requests at any host.
    ///
    /// # Errors
    /// Why it cannot start, as a sentence: the run is INCONCLUSIVE then.
    fn start(&mut self, surroundings: Surroundings) -> Result<Network, String>;

    /// Dies like a killed process: whatever it does ends at once, at whatever point it is, and what was not kept
    /// is lost. Requests that are under way end without an answer.
    fn kill(&mut self);
}

/// The reference implementation, over a store in memory.
#[derive(Default)]
pub struct InProcessReference {
    store: Option<Arc<dyn door::store::Store>>,
    app: Option<App>,
    defects: Defects,
}

impl std::fmt::Debug for InProcessReference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InProcessReference(running {})", self.app.is_some())
    }
}

impl InProcessReference {
    /// The reference over another store: one that fails or forgets, for example.
    pub fn over(store: Arc<dyn door::store::Store>) -> Self {
        Self { store: Some(store), ..Self::default() }
    }

    /// The reference with a defect, to show that a suite sees it.
    pub fn with(defects: Defects) -> Self {
        Self { defects, ..Self::default() }
    }
}

impl Implementation for InProcessReference {
    fn start(&mut self, surroundings: Surroundings) -> Result<Network, String> {
        let store = self.store.get_or_insert_with(|| Arc::new(door::store::MemoryStore::default()));
        let app = App::open(Parts {
            store: Arc::clone(store),
            network: partners(surroundings.network),
            clock: door::clock::Clock::starting_at(surroundings.now),
            chance: door::chance::Chance::seeded(surroundings.seed),
            policy: surroundings.policy,
            secret: Secret::parse(&surroundings.secret).map_err(|error| error.to_string())?,
            tokens: surroundings.tokens,
            partners: surroundings.partners,
            give_up_after: GIVE_UP_AFTER,
            calls_per_partner_max: CALLS_PER_PARTNER_MAX,
            defects: self.defects.clone(),
        })
        .map_err(|error| error.to_string())?;
        app.start();
        let service = in_process(app.router());
        self.app = Some(app);
        Ok(service)
    }

    fn kill(&mut self) {
        if let Some(app) = self.app.take() {
            app.kill();
        }
    }
}

/// The partners as the reference knows a network.
fn partners(network: Network) -> door::network::Network {
    door::network::Network::new(tower::service_fn(move |request| {
        let network = network.clone();
        async move {
            network.oneshot(request).await.map_err(|error| match error {
                NetworkError::TimedOut { .. } => door::network::CallError::Timeout,
                NetworkError::Oversize => door::network::CallError::AnswerTooLarge,
                other => door::network::CallError::Connection(other.to_string()),
            })
        }
    }))
}

/// An implementation that is running in this process, and the place where requests to it go.
pub struct InProcess {
    implementation: Box<dyn Implementation>,
    surroundings: Surroundings,
    began: tokio::time::Instant,
    entrance: Entrance,
}

/// Where requests to an implementation in this process go: refused while it is dead, and cut off when it dies.
#[derive(Clone, Default)]
pub struct Entrance(Arc<Life>);

#[derive(Default)]
struct Life {
    /// Counts lives, and holds the service of the present one.
    now: Mutex<(u64, Option<Network>)>,
    ended: Signal,
}

impl Entrance {
    /// The entrance as a network of one host.
    pub fn network(&self) -> Network {
        let entrance = self.clone();
        Network::new(tower::service_fn(move |request| {
            let life = Arc::clone(&entrance.0);
            let (number, open) = life.now().clone();
            async move {
                let Some(network) = open else {
                    return Err(NetworkError::Refused("the implementation is dead".to_owned()));
                };
                tokio::select! {
                    biased;
                    () = life.ended.until(|| (life.now().0 != number).then_some(())) => {
                        Err(NetworkError::Reset("the implementation died".to_owned()))
                    }
                    answer = network.oneshot(request) => answer,
                }
            }
        }))
    }

    fn set(&self, service: Option<Network>) {
        let mut now = self.0.now();
        *now = (now.0 + 1, service);
        drop(now);
        self.0.ended.tell();
    }
}

impl Life {
    fn now(&self) -> MutexGuard<'_, (u64, Option<Network>)> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InProcess({:?})", self.surroundings)
    }
}

impl InProcess {
    /// How long a killed implementation takes to be back.
    const RESTART: Duration = Duration::from_secs(1);

    /// Where it is said to be.
    pub const BASE_URL: &'static str = "http://middleware.internal";

    /// Starts an implementation behind an entrance.
    pub fn start(
        mut implementation: Box<dyn Implementation>,
        surroundings: Surroundings,
        entrance: Entrance,
    ) -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the restart tells how much has passed since the start"
        )]
        let began = tokio::time::Instant::now();
        let service = implementation.start(surroundings.clone())?;
        entrance.set(Some(service));
        Ok(Self { implementation, surroundings, began, entrance })
    }

    /// Kills it and starts it again, a second of virtual time later.
    pub async fn kill_and_restart(&mut self) -> Result<(), String> {
        self.kill();
        let clock = crate::clock::Clock::starting_at(self.surroundings.now);
        clock.sleep(Self::RESTART).await;
        let now = self.surroundings.now.saturating_add(self.began.elapsed()).unwrap_or(self.surroundings.now);
        let service = self.implementation.start(Surroundings { now, ..self.surroundings.clone() })?;
        self.entrance.set(Some(service));
        Ok(())
    }

    /// Ends it.
    pub fn kill(&mut self) {
        self.entrance.set(None);
        self.implementation.kill();
    }
}
