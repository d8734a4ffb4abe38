//! A proxy between an implementation and the systems around it that tampers with messages on purpose: any implementation behaves
//! as if it had a defect, so that a team can show that its gate would have caught it.
//!
//! It knows operations by method and path, as the contract publishes them, and lets everything else pass untouched. What it
//! does is data: [`WireDefect`].

mod relay;
mod tamper;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use counterproof_contracts::{
    model::System,
    protocol::{OPERATIONS, Operation, Tokens, middleware, signature::Secret},
    wire_defects::WireDefect,
};
use http::{Request, Response, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

pub use relay::{RelayError, Relays};

use crate::{
    kernel::{Clock, Network, NetworkError},
    landscape::Landscape,
};

/// A proxy. Clones are the same one.
///
/// ```
/// use counterproof_contracts::{model::System, protocol::{Tokens, signature::Secret}};
/// use counterproof_simulators::{kernel::{Clock, Network, NetworkError}, proxy::Proxy};
///
/// let secret = Secret::parse("whsec_c2VjcmV0")?;
/// let proxy = Proxy::new(Clock::live(), secret, Tokens::default());
/// let psp = Network::new(tower::service_fn(|_| async { Err(NetworkError::Refused("closed".to_owned())) }));
/// let tampered = proxy.before(System::Psp, psp);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Proxy(Arc<Shared>);

struct Shared {
    clock: Clock,
    secret: Secret,
    tokens: Tokens,
    active: Mutex<Option<Arc<Active>>>,
}

/// The defect that is switched on, and what it must remember.
struct Active {
    defect: WireDefect,
    /// It shows in each message of so many that it concerns, as a race would.
    every: NonZeroU32,
    met: AtomicU32,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    /// Attempts by idempotency key.
    attempts: BTreeMap<String, u32>,
    /// For each order and operation the key of the first intent, and how it was answered.
    first: BTreeMap<(String, &'static str), (String, StatusCode, Value)>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let active = self.active();
        write!(f, "Proxy({})", active.as_ref().map_or("passes all", |active| &active.defect.entry.id))
    }
}

impl Proxy {
    /// A proxy that lets everything pass. The secret signs events and the tokens are lent to callers where a defect says so.
    pub fn new(clock: Clock, secret: Secret, tokens: Tokens) -> Self {
        Self(Arc::new(Shared { clock, secret, tokens, active: Mutex::default() }))
    }

    /// From now on messages have this defect, or none.
    pub fn switch(&self, defect: Option<WireDefect>) {
        self.switch_every(NonZeroU32::MIN, defect);
    }

    /// From now on each n-th message that the defect concerns has it, beginning with the first.
    pub fn switch_every(&self, every: NonZeroU32, defect: Option<WireDefect>) {
        let active = |defect| Active { defect, every, met: AtomicU32::new(0), memory: Mutex::default() };
        *lock(&self.0.active) = defect.map(|defect| Arc::new(active(defect)));
    }

    fn active(&self) -> Option<Arc<Active>> {
        lock(&self.0.active).clone()
    }

    /// The proxy before a system that is reached through a network.
    pub fn before(&self, system: System, network: Network) -> Network {
        let proxy = self.clone();
        Network::new(tower::service_fn(move |request| proxy.clone().pass(system, network.clone(), request)))
    }

    /// The proxy before all partners of a [landscape's network](Landscape::network).
    pub fn before_partners(&self, network: Network) -> Network {
        let proxy = self.clone();
        Network::new(tower::service_fn(move |request: Request<Bytes>| {
            let system = request.uri().host().and_then(Landscape::system_at);
            let (proxy, network) = (proxy.clone(), network.clone());
            async move {
                match system {
                    Some(system) => proxy.pass(system, network, request).await,
                    None => network.oneshot(request).await,
                }
            }
        }))
    }

    async fn pass(
        self,
        to: System,
        network: Network,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, NetworkError> {
        let met = self.active().and_then(|active| Some((active.meets(to, &request)?, active)));
        let met = met.filter(|(_, active)| active.shows());
        match met {
            Some((operation, active)) => {
                tamper::Message { proxy: &self, active: &active, operation, network }.tamper(request).await
            }
            None => network.oneshot(request).await,
        }
    }
}

impl Active {
    /// Whether it is the turn of a message that the defect concerns.
    fn shows(&self) -> bool {
        self.met.fetch_add(1, Ordering::Relaxed).is_multiple_of(self.every.get())
    }

    /// The operation that a request asks for, if the defect concerns it.
    fn meets(&self, to: System, request: &Request<Bytes>) -> Option<Operation> {
        let on = &self.defect.on;
        if on.system != to {
            return None;
        }
        let operation = OPERATIONS.iter().find(|operation| {
            operation.system == to
                && operation.method.as_str() == request.method().as_str()
                && operation.match_path(request.uri().path()).is_some()
        })?;
        let is_named = on.operations.is_empty() || on.operations.iter().any(|named| named == operation.id);
        // Who asks whether it is there is no caller that could be mistaken for another.
        let has_effects = operation.id != middleware::READ_HEALTH.id;
        let is_event = on.event.as_ref().is_none_or(|event| {
            let body: Option<Value> = serde_json::from_slice(request.body()).ok();
            body.is_some_and(|body| body.get("type").and_then(Value::as_str) == Some(event))
        });
        (is_named && has_effects && is_event).then_some(*operation)
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
