//! Scripted partners for tests of execution and of the HTTP interface: a network without sockets.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use counterproof_contracts::{
    model::{OrderView, SalesChannel, System, Timestamp},
    policy::Policy,
    protocol::{
        DeadLetter, DeadLetterList, OPERATIONS, Operation, Problem, ProblemKind, Tokens,
        marketplace::LIST_ORDERS, percent_decode, signature::Secret,
    },
};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use serde_json::{Value, json};
use tower::{ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    App, Parts,
    door::{
        chance::Chance,
        clock::Clock,
        network::{CallError, Network},
        store::{MemoryStore, Store},
    },
};

/// What happens to a call instead of a good answer.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// Nothing is ever answered.
    Silence,
    /// The connection breaks.
    Break,
    /// This status, and what to wait.
    Status(u16, Option<u32>),
    /// This body with status 200 or 201.
    Garbage(&'static str),
    /// A definite refusal.
    Refuse(ProblemKind),
    /// This status with this document.
    Answer(u16, Value),
    /// A good answer after this span.
    Late(Duration),
    /// This document with status 200 after this span.
    LateAnswer(Duration, Value),
}

/// A call that reached a partner.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) operation: Operation,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
    pub(crate) at: Timestamp,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// All partners at once.
#[derive(Clone)]
pub(crate) struct Partners {
    clock: Clock,
    script: Arc<Mutex<BTreeMap<&'static str, VecDeque<Script>>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    kill: Arc<Mutex<Option<(usize, App)>>>,
    pages: Arc<Mutex<BTreeMap<String, Value>>>,
}

impl Partners {
    /// The next calls of an operation meet this; later ones are answered well.
    pub(crate) fn script(&self, operation: &'static str, script: impl IntoIterator<Item = Script>) {
        self.script.lock().unwrap().entry(operation).or_default().extend(script);
    }

    /// From now on, whoever asks a feed with a cursor, `-` for none, gets this page.
    pub(crate) fn page(&self, cursor: &str, items: &[Value], next: &str) {
        let page = json!({ "items": items, "next_cursor": next, "lag_ms": 0 });
        self.pages.lock().unwrap().insert(cursor.to_owned(), page);
    }

    fn page_at(&self, cursor: &str) -> Value {
        let page = self.pages.lock().unwrap().get(cursor).cloned();
        page.unwrap_or_else(|| json!({ "items": [], "next_cursor": cursor, "lag_ms": 0 }))
    }

    /// Kills the middleware while the call with this number is at its partner.
    pub(crate) fn kill_at(&self, call: usize, app: &App) {
        *self.kill.lock().unwrap() = Some((call, app.clone()));
    }

    /// All calls, in order.
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Calls of an operation, in order.
    pub(crate) fn calls(&self, operation: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.operation.id == operation).cloned().collect()
    }

    /// Calls of a partner, in order.
    pub(crate) fn of(&self, partner: &str) -> Vec<Seen> {
        self.all().into_iter().filter(|seen| seen.operation.system.name() == partner).collect()
    }

    pub(crate) fn keys(&self, operation: &str) -> Vec<String> {
        self.calls(operation).iter().map(|seen| seen.header("idempotency-key").to_owned()).collect()
    }

    async fn meet(self, request: Request<Bytes>) -> Result<Response<Bytes>, CallError> {
        let system: System = request.uri().host().unwrap().parse().unwrap();
        let operation = OPERATIONS
            .iter()
            .copied()
            .find(|operation| {
                operation.system == system
                    && operation.method.as_str() == request.method().as_str()
                    && operation.match_path(request.uri().path()).is_some()
            })
            .unwrap();
        let parameters = operation.match_path(request.uri().path()).unwrap();
        let body: Value = match request.uri().query() {
            Some(query) => asked(query),
            None => serde_json::from_slice(request.body()).unwrap(),
        };
        let errors = counterproof_contracts::shape::request_errors(operation, &body);
        assert!(errors.is_empty(), "{operation}: {errors:?}");
        let seen =
            Seen { operation, headers: request.headers().clone(), body: body.clone(), at: self.clock.now() };
        self.seen.lock().unwrap().push(seen);
        if let Some((_, app)) = self.kill.lock().unwrap().take_if(|(call, _)| *call == self.all().len()) {
            app.kill();
        }
        let script = self.script.lock().unwrap().get_mut(operation.id).and_then(VecDeque::pop_front);
        let answer =
            |status: u16, body: String| Response::builder().status(status).body(Bytes::from(body)).unwrap();
        if let Some(Script::Late(span)) = script {
            self.clock.sleep(span).await;
        }
        match script {
            Some(Script::Silence) => std::future::pending().await,
            Some(Script::Break) => Err(CallError::Connection("reset".to_owned())),
            Some(Script::Status(status, wait)) => {
                let mut answer = answer(status, "<html>no JSON</html>".to_owned());
                if let Some(seconds) = wait {
                    answer.headers_mut().insert("retry-after", seconds.into());
                }
                Ok(answer)
            }
            Some(Script::Garbage(text)) => Ok(answer(operation.success, text.to_owned())),
            Some(Script::Refuse(kind)) => {
                let problem = Problem::new(kind, "as told");
                Ok(answer(problem.status, serde_json::to_string(&problem).unwrap()))
            }
            Some(Script::LateAnswer(span, document)) => {
                self.clock.sleep(span).await;
                Ok(answer(200, document.to_string()))
            }
            Some(Script::Answer(status, document)) => Ok(answer(status, document.to_string())),
            Some(Script::Late(_)) | None => {
                let parameter = parameters.first().map_or("", |(_, value)| value.as_str());
                let good = match body["cursor"].as_str() {
                    cursor if operation == LIST_ORDERS => self.page_at(cursor.unwrap_or("-")),
                    _ => good_answer(operation, parameter, body),
                };
                let errors =
                    counterproof_contracts::shape::response_errors(operation, operation.success, &good);
                assert!(errors.is_empty(), "{operation}: {errors:?}");
                Ok(answer(operation.success, good.to_string()))
            }
        }
    }
}

/// What stands in a query, as a document.
fn asked(query: &str) -> Value {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), percent_decode(value).unwrap())).collect()
}

/// What a well-behaved partner answers, in the contract's shape.
fn good_answer(operation: Operation, parameter: &str, mut body: Value) -> Value {
    match operation.id {
        "quoteTax" => {
            let lines: Vec<Value> = body["lines"].as_array().unwrap().iter().map(quoted).collect();
            let total: i64 = lines
                .iter()
                .flat_map(|line| line["taxes"][0]["unit_amounts"].as_array().unwrap())
                .map(|amount| amount.as_i64().unwrap())
                .sum();
            json!({ "order_number": body["order_number"], "lines": lines,
                "total_tax": { "amount": total, "currency": "EUR" } })
        }
        "authorizePayment" => merge(
            body,
            json!({ "authorization_id": "auth-1", "status": "authorized",
            "expires_at": "2027-01-01T00:00:00Z" }),
        ),
        "voidAuthorization" => json!({ "authorization_id": parameter, "order_number": body["order_number"],
            "tender_id": "T1", "amount": { "amount": 1, "currency": "EUR" }, "status": "voided",
            "expires_at": "2027-01-01T00:00:00Z" }),
        "createReservation" => {
            for line in body["lines"].as_array_mut().unwrap() {
                line["node_id"] = json!("dc-north");
            }
            merge(body, json!({ "reservation_id": "res-1" }))
        }
        "createSalesOrder" => merge(body, json!({ "erp_document": "SO-1" })),
        "postInvoice" | "postCreditMemo" => merge(body, json!({ "erp_document": "DOC-1" })),
        "createLabel" | "createReturnLabel" => json!({ "order_number": body["order_number"],
            "parcel_ref": body["parcel_ref"], "carrier": "DHL", "tracking_number": "TRK-1" }),
        "capturePayment" => merge(body, json!({ "capture_id": "cap-1", "authorization_id": parameter })),
        "postStockCount" => {
            json!({ "node_id": body["node_id"], "sku": body["sku"], "on_hand": body["quantity"],
            "reserved": 0, "not_sellable": 0 })
        }
        "refundPayment" => merge(body, json!({ "provider_reference": "re-1", "status": "pending" })),
        _ => body,
    }
}

fn quoted(line: &Value) -> Value {
    let taxes: Vec<i64> = line["unit_amounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|amount| counterproof_contracts::allocation::tax_of(amount.as_i64().unwrap(), 190_000, true))
        .collect();
    json!({ "line_id": line["line_id"], "taxes": [{ "jurisdiction": "DE", "tax_type": "vat",
        "rate_ppm": 190_000, "unit_amounts": taxes }] })
}

fn merge(mut body: Value, mut more: Value) -> Value {
    body.as_object_mut().unwrap().append(more.as_object_mut().unwrap());
    body
}

pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn tokens() -> Tokens {
    Tokens::of(&Secret::parse(SECRET).unwrap())
}

/// The `authorization` header of a caller.
pub(crate) fn bearer(caller: System) -> String {
    tokens().get(caller).unwrap().header()
}

/// Who calls by default: whoever may.
fn usual_caller(path: &str) -> System {
    match path {
        "/v1/orders" => System::Storefront,
        "/v1/return-receipts" | "/v1/batches" => System::Pos,
        _ => System::CustomerService,
    }
}

/// A middleware among scripted partners, on the paused clock.
pub(crate) struct Rig {
    pub(crate) app: App,
    pub(crate) partners: Partners,
    pub(crate) clock: Clock,
}

impl Rig {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryStore::default()))
    }

    pub(crate) fn over(store: Arc<dyn Store>) -> Self {
        Self::with(store, crate::CALLS_PER_PARTNER_MAX)
    }

    /// One that calls a partner so many times at once.
    pub(crate) fn with(store: Arc<dyn Store>, calls_per_partner_max: usize) -> Self {
        let clock = Clock::starting_at("2026-11-27T08:00:00Z".parse().unwrap());
        let partners = Partners {
            clock,
            script: Arc::default(),
            seen: Arc::default(),
            kill: Arc::default(),
            pages: Arc::default(),
        };
        let app = Self::open_with(store, &partners, (calls_per_partner_max, Policy::default()));
        let rig = Self { app, partners, clock };
        rig.app.start();
        rig
    }

    pub(crate) fn open(store: Arc<dyn Store>, partners: &Partners) -> App {
        Self::open_with(store, partners, (crate::CALLS_PER_PARTNER_MAX, Policy::default()))
    }

    pub(crate) fn open_with(
        store: Arc<dyn Store>,
        partners: &Partners,
        (calls_per_partner_max, policy): (usize, Policy),
    ) -> App {
        let network: Network = {
            let partners = partners.clone();
            BoxCloneSyncService::new(tower::service_fn(move |request| partners.clone().meet(request)))
        };
        App::open(Parts {
            store,
            network,
            clock: partners.clock,
            chance: Chance::seeded(1),
            policy,
            secret: Secret::parse(SECRET).unwrap(),
            tokens: tokens(),
            partners: System::PARTNERS
                .into_iter()
                .map(|system| (system, format!("http://{system}")))
                .collect(),
            give_up_after: Duration::from_mins(15),
            calls_per_partner_max,
            defects: crate::Defects::default(),
        })
        .unwrap()
    }

    /// Lets a span pass; everything that can happen in it happens.
    pub(crate) async fn pass(&self, span: Duration) {
        self.clock.sleep(span).await;
    }

    /// Sends a request; one that does not say who calls bears the token of somebody who may.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> (u16, HeaderMap, Value) {
        let usual = bearer(usual_caller(request.uri().path()));
        request.headers_mut().entry(AUTHORIZATION).or_insert_with(|| usual.parse().unwrap());
        let response = self.app.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        (parts.status.as_u16(), parts.headers, body)
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let (status, _, body) = self.send(Request::get(path).body(Body::empty()).unwrap()).await;
        (status, body)
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> (u16, HeaderMap, Value) {
        let channel = serde_json::from_value::<SalesChannel>(body["sales_channel"].clone());
        let caller = channel.map_or_else(|_| usual_caller(path), SalesChannel::system);
        self.post_as(caller, path, key, body).await
    }

    pub(crate) async fn post_as(
        &self,
        caller: System,
        path: &str,
        key: &str,
        body: &Value,
    ) -> (u16, HeaderMap, Value) {
        let request = Request::post(path)
            .header(AUTHORIZATION, bearer(caller))
            .header("idempotency-key", key)
            .header("correlation-id", "corr-1")
            .body(Body::from(body.to_string()))
            .unwrap();
        self.send(request).await
    }

    pub(crate) async fn submit(
        &self,
        key: &str,
        order: &counterproof_contracts::model::Order,
    ) -> (u16, Value) {
        let (status, _, body) = self.post("/v1/orders", key, &serde_json::to_value(order).unwrap()).await;
        (status, body)
    }

    pub(crate) async fn order(&self) -> OrderView {
        serde_json::from_value(self.get("/v1/orders/W-1").await.1).unwrap()
    }

    pub(crate) async fn letters(&self) -> Vec<DeadLetter> {
        let list: DeadLetterList = serde_json::from_value(self.get("/v1/dead-letters").await.1).unwrap();
        list.items
    }

    pub(crate) async fn replay(&self, id: &str) -> u16 {
        let path =
            format!("/v1/dead-letters/{}/replays", counterproof_contracts::protocol::percent_encode(id));
        self.send(Request::post(path).body(Body::empty()).unwrap()).await.0
    }

    /// Delivers a signed event.
    pub(crate) async fn deliver(&self, event: &Value) -> (u16, Value) {
        let body = event.to_string();
        let seconds = self.clock.now().as_second();
        let signature = Secret::parse(SECRET).unwrap().sign("msg-1", seconds, body.as_bytes());
        let request = Request::post("/v1/events")
            .header("webhook-id", "msg-1")
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(Body::from(body))
            .unwrap();
        let (status, _, body) = self.send(request).await;
        (status, body)
    }
}
