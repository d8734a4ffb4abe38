//! The reference implementation with somebody on its wires who sends broken copies of whatever passes.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use counterproof::target::{Implementation, InProcessReference, Surroundings};
use counterproof_contracts::{
    model::System,
    protocol::{OPERATIONS, Operation, Problem, ProblemKind},
    shape,
};
use counterproof_middleware::door::store::{MemoryStore, Store as _};
use counterproof_simulators::kernel::Network;
use http::{Request, Response};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    flaws::{self, Copy, Expected},
    timeless,
};

/// The reference, probed.
pub(crate) struct Probe {
    store: Arc<MemoryStore>,
    inner: InProcessReference,
    spoiler: Option<Arc<Spoiler>>,
}

/// What the reference keeps.
pub(crate) struct Kept(Arc<MemoryStore>);

impl Kept {
    /// Every document, and how often it is there. Answers are left out: they are kept for what was refused, too. Of
    /// what happens at the same instant, either may stand first in the audit trail.
    pub(crate) fn documents(&self) -> BTreeMap<String, u32> {
        let mut documents = BTreeMap::new();
        for (key, value) in self.0.scan("").unwrap() {
            let mut value: Value = serde_json::from_slice(&value).unwrap();
            let text = match key.split_once('/').unwrap_or_default() {
                ("answer", _) => continue,
                ("audit", rest) => {
                    value["sequence"] = Value::Null;
                    format!("audit/{} {value}", rest.split('/').next().unwrap_or_default())
                }
                _ => format!("{key} {value}"),
            };
            *documents.entry(timeless(&text)).or_default() += 1;
        }
        documents
    }
}

impl Probe {
    pub(crate) fn new(spoiler: Option<Arc<Spoiler>>) -> Self {
        let store = Arc::<MemoryStore>::default();
        let inner = InProcessReference::over(Arc::clone(&store) as Arc<_>);
        Self { store, inner, spoiler }
    }

    pub(crate) fn kept(&self) -> Kept {
        Kept(Arc::clone(&self.store))
    }
}

impl Implementation for Probe {
    fn start(&mut self, mut surroundings: Surroundings) -> Result<Network, String> {
        let Some(spoiler) = self.spoiler.clone() else { return self.inner.start(surroundings) };
        let secret = surroundings.secret.clone();
        surroundings.network = probed(Arc::clone(&spoiler), secret.clone(), surroundings.network);
        Ok(probed(spoiler, secret, self.inner.start(surroundings)?))
    }

    fn kill(&mut self) {
        self.inner.kill();
    }
}

/// A network on which each request follows broken copies of itself.
fn probed(spoiler: Arc<Spoiler>, secret: String, to: Network) -> Network {
    Network::new(tower::service_fn(move |request: Request<Bytes>| {
        let (spoiler, secret, to) = (Arc::clone(&spoiler), secret.clone(), to.clone());
        async move {
            for (operation, request) in spoiler.calls(&request, &secret) {
                for copy in spoiler.copies(operation, &request, &secret) {
                    let answer = to.clone().oneshot(copy.request.clone()).await;
                    spoiler.judge(operation, &copy, answer.map_err(|error| error.to_string()));
                }
            }
            to.oneshot(request).await
        }
    }))
}

/// The operation that a request asks for.
fn meant(request: &Request<Bytes>) -> Option<Operation> {
    let system: System = request.uri().host()?.strip_suffix(".internal")?.replace('-', "_").parse().ok()?;
    let mut here = OPERATIONS.iter().copied().filter(|operation| operation.system == system);
    here.find(|operation| {
        operation.method.as_str() == request.method().as_str()
            && operation.match_path(request.uri().path()).is_some()
    })
}

/// Makes broken copies, and looks at how they are answered.
pub(crate) struct Spoiler {
    runner: Mutex<TestRunner>,
    /// Operations that no story calls, as long as they were not called here.
    uncalled: Mutex<Vec<Operation>>,
    refused: Mutex<BTreeMap<String, u32>>,
    complaints: Mutex<Vec<String>>,
}

impl Spoiler {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let bytes = seed.to_le_bytes().repeat(4);
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let runner = Mutex::new(TestRunner::new_with_rng(Config::default(), rng));
        let uncalled = Mutex::new(flaws::UNCALLED.to_vec());
        Arc::new(Self { runner, uncalled, refused: Mutex::default(), complaints: Mutex::default() })
    }

    /// A call, and before it calls to the same system that no story makes.
    fn calls(&self, request: &Request<Bytes>, secret: &str) -> Vec<(Operation, Request<Bytes>)> {
        let Some(operation) = meant(request) else { return Vec::new() };
        let mut uncalled = self.uncalled.lock().unwrap();
        let here = uncalled.extract_if(.., |other| other.system == operation.system);
        let mut calls: Vec<_> = here.map(|other| (other, flaws::call(other, request, secret))).collect();
        calls.push((operation, request.clone()));
        calls
    }

    fn copies(&self, operation: Operation, request: &Request<Bytes>, secret: &str) -> Vec<Copy> {
        flaws::copies(&mut self.runner.lock().unwrap(), operation, request, secret)
    }

    fn judge(&self, operation: Operation, copy: &Copy, answer: Result<Response<Bytes>, String>) {
        let judged = answer.and_then(|answer| refused_well(operation, copy, &answer));
        match judged {
            Ok(()) => *self.refused.lock().unwrap().entry(operation.to_string()).or_default() += 1,
            Err(complaint) => {
                self.complaints.lock().unwrap().push(format!("{operation}, {}: {complaint}", copy.flaw));
            }
        }
    }

    /// How many copies of each operation were refused as they should.
    pub(crate) fn refused(&self) -> BTreeMap<String, u32> {
        self.refused.lock().unwrap().clone()
    }

    /// What was not refused, or not well.
    pub(crate) fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap().clone()
    }
}

/// A refusal has the status that fits, and says in the contract's form what is wrong and where.
fn refused_well(operation: Operation, copy: &Copy, answer: &Response<Bytes>) -> Result<(), String> {
    let (status, text) = (answer.status().as_u16(), String::from_utf8_lossy(answer.body()));
    let complain = |why: &str| Err(format!("{why}: {status} {text}"));
    if !(400..500).contains(&status) {
        return complain("it was not refused");
    }
    if answer.headers().get("content-type").is_none_or(|media| media != Problem::MEDIA_TYPE) {
        return complain("it is no problem document");
    }
    let Ok(body) = serde_json::from_slice::<Value>(answer.body()) else {
        return complain("the problem cannot be read");
    };
    // What is no operation is declared by none.
    let elsewhere = matches!(copy.expected, Expected::Kinds([ProblemKind::UnknownOperation]));
    if !elsewhere && !shape::response_errors(operation, status, &body).is_empty() {
        return complain("the operation does not declare this");
    }
    if !shape::document_errors("problem", &body).is_empty() {
        return complain("the problem breaks its schema");
    }
    let problem: Problem = serde_json::from_value(body).map_err(|error| error.to_string())?;
    let placed =
        problem.errors.iter().all(|error| error.pointer.is_empty() || error.pointer.starts_with('/'));
    match copy.expected {
        Expected::Kinds(kinds) if problem.problem_kind().is_none_or(|kind| !kinds.contains(&kind)) => {
            complain("it was refused for another reason")
        }
        Expected::Place if problem.errors.is_empty() || !placed || problem.status != 422 => {
            complain("no place is named")
        }
        _ if problem.retryable => complain("it may be tried again"),
        _ => Ok(()),
    }
}
