//! Copies of a call, each broken in one way.

use bytes::Bytes;
use counterproof_contracts::{
    model::System,
    protocol::{
        BODY_BYTES_MAX, JSON_DEPTH_MAX, Method, Operation, ProblemKind, Tokens, erp, header, middleware, psp,
        signature::{self, Secret},
        stored_value, tax,
    },
    shape::{self, EventShape},
};
use http::{HeaderValue, Request, header::AUTHORIZATION};
use proptest::{prelude::*, sample::select, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};

/// A broken copy of a call.
pub(crate) struct Copy {
    /// What is wrong with it.
    pub(crate) flaw: String,
    pub(crate) request: Request<Bytes>,
    pub(crate) expected: Expected,
}

/// How a copy is to be refused.
pub(crate) enum Expected {
    /// As a problem of one of these kinds.
    Kinds(&'static [ProblemKind]),
    /// With 422 and the place.
    Place,
    /// With whatever the operation declares.
    Any,
}

const NO_OPERATION: Expected = Expected::Kinds(&[ProblemKind::UnknownOperation]);
const UNREADABLE: Expected = Expected::Kinds(&[ProblemKind::MalformedBody]);
const TOO_LARGE: Expected = Expected::Kinds(&[ProblemKind::BodyTooLarge]);
const FORGED: Expected = Expected::Kinds(&[ProblemKind::InvalidSignature]);
/// A value that is in no document.
pub(crate) const NOBODY: &str = "nobody-knows";
/// Operations that no story calls.
pub(crate) const UNCALLED: [Operation; 7] = [
    erp::FIND_SALES_ORDERS,
    erp::READ_STOCK,
    middleware::READ_AUDIT_TRAIL,
    middleware::READ_HEALTH,
    psp::READ_REFUND,
    stored_value::READ_ACCOUNT,
    tax::VOID_TAX,
];

/// A call of an operation that no story calls; where it wants a body, it is the contract's example.
pub(crate) fn call(operation: Operation, like: &Request<Bytes>, secret: &str) -> Request<Bytes> {
    let mut call = like.clone();
    if let Some(token) = token(operation.callers().first(), secret) {
        call.headers_mut().insert(AUTHORIZATION, token);
    }
    let uri = format!("http://{}{}", like.uri().host().unwrap(), operation.path_with(&[NOBODY]));
    *call.uri_mut() = uri.parse().unwrap();
    *call.method_mut() = operation.method.as_str().parse().unwrap();
    let example = include_str!("../../../contracts/examples/v1/void-request.json");
    let body = if operation.method == Method::Get { "" } else { example };
    *call.body_mut() = Bytes::from_static(body.as_bytes());
    call
}

/// The header with a caller's token.
fn token(caller: Option<&System>, secret: &str) -> Option<HeaderValue> {
    let tokens = Tokens::of(&Secret::parse(secret).unwrap());
    let header = tokens.get(*caller?)?.header();
    Some(HeaderValue::from_str(&header).unwrap())
}

/// What copies are made of.
struct Original<'r> {
    runner: &'r mut TestRunner,
    operation: Operation,
    request: &'r Request<Bytes>,
    secret: &'r str,
    body: Value,
}

/// Copies of a call: some of those that are thinkable, chosen by chance.
pub(crate) fn copies(
    runner: &mut TestRunner,
    operation: Operation,
    request: &Request<Bytes>,
    secret: &str,
) -> Vec<Copy> {
    let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
    let mut original = Original { runner, operation, request, secret, body };
    let mut copies = vec![original.of_another_version(), original.by_another_method()];
    copies.extend(original.with_a_broken_path());
    if operation.method == Method::Get {
        copies.extend(original.of_what_nobody_knows());
        copies.extend(original.with_a_broken_query());
    } else if !request.body().is_empty() {
        copies.extend(original.with_a_broken_shape());
        copies.extend(original.with_a_broken_shape());
        copies.extend(original.with_a_broken_sense());
        copies.push(original.with_broken_bytes());
    }
    if operation.keyed {
        copies.push(original.with_a_broken_key());
    }
    if operation == middleware::RECEIVE_EVENT {
        copies.push(original.with_a_broken_signature());
    }
    if operation.needs_token() {
        copies.push(original.with_a_broken_token());
        copies.extend(original.of_no_caller());
    }
    copies
}

impl Original<'_> {
    fn drawn<T: std::fmt::Debug>(&mut self, strategy: impl Strategy<Value = T>) -> T {
        strategy.new_tree(self.runner).unwrap().current()
    }

    /// A copy under a key of its own; an event is signed anew.
    fn copy(&mut self, flaw: impl Into<String>, body: Vec<u8>, expected: Expected) -> Copy {
        let flaw = flaw.into();
        let mut request = self.request.clone();
        if self.operation.keyed {
            let key = format!("bad-{:016x}", self.drawn(any::<u64>()));
            request.headers_mut().insert(header::IDEMPOTENCY_KEY, HeaderValue::from_str(&key).unwrap());
        }
        if self.operation == middleware::RECEIVE_EVENT {
            let told = |name| request.headers()[name].to_str().unwrap();
            let (id, at) = (told(signature::ID), told(signature::TIMESTAMP).parse().unwrap());
            let signed = Secret::parse(self.secret).unwrap().sign(id, at, &body);
            request.headers_mut().insert(signature::SIGNATURE, HeaderValue::from_str(&signed).unwrap());
        }
        *request.body_mut() = Bytes::from(body);
        Copy { flaw, request, expected }
    }

    fn same(&mut self, flaw: impl Into<String>, expected: Expected) -> Copy {
        let body = self.request.body().to_vec();
        self.copy(flaw, body, expected)
    }

    fn with_path(&mut self, flaw: String, path: &str, expected: Expected) -> Copy {
        let mut copy = self.same(flaw, expected);
        let uri = format!("http://{}{path}", self.request.uri().host().unwrap());
        *copy.request.uri_mut() = uri.parse().unwrap();
        copy
    }

    fn of_another_version(&mut self) -> Copy {
        let version = self.drawn(select(vec!["v0", "v2", "v10", "V1", "v1.0", "1", ""]));
        let path = self.request.uri().path().to_owned();
        let path = match path.strip_prefix("/v1/") {
            Some(rest) => format!("/{version}/{rest}"),
            None => format!("/{version}{path}/"),
        };
        self.with_path(format!("at {path}"), &path, NO_OPERATION)
    }

    fn by_another_method(&mut self) -> Copy {
        let method = self.drawn(select(vec!["DELETE", "PATCH", "OPTIONS", "BREW"]));
        let mut copy = self.same(method, NO_OPERATION);
        *copy.request.method_mut() = method.parse().unwrap();
        copy
    }

    /// A value of the path that cannot be decoded, or none.
    fn with_a_broken_path(&mut self) -> Option<Copy> {
        if !self.operation.path.contains('{') {
            return None;
        }
        let value = self.drawn(select(vec!["%GG", "%", "%C3", "", "a/b"]));
        let path = self.operation.path_with(&[NOBODY]).replace(NOBODY, value);
        Some(self.with_path(format!("at {path}"), &path, NO_OPERATION))
    }

    /// Of the stock of a SKU that it never had, a system says that there is none.
    fn of_what_nobody_knows(&mut self) -> Option<Copy> {
        if !self.operation.path.contains('{') || self.operation == erp::READ_STOCK {
            return None;
        }
        let path = self.operation.path_with(&[NOBODY]);
        Some(self.with_path(format!("at {path}"), &path, Expected::Kinds(&[ProblemKind::NotFound])))
    }

    /// Something else stands in the query, or nothing.
    fn with_a_broken_query(&mut self) -> Option<Copy> {
        let query = self.request.uri().query()?.to_owned();
        let pairs: Vec<&str> = query.split('&').collect();
        let flaw = self.drawn(select(vec![None, Some("%GG"), Some(NOBODY)]));
        let at = self.drawn(0..pairs.len());
        let (name, _) = pairs[at].split_once('=')?;
        let mut pairs: Vec<String> = pairs.iter().map(ToString::to_string).collect();
        let expected = match (name, flaw) {
            ("feed", Some(NOBODY)) => Expected::Kinds(&[ProblemKind::NotFound]),
            // Without a cursor a feed is read from its beginning.
            ("cursor", None) => return None,
            _ => Expected::Place,
        };
        match flaw {
            None => drop(pairs.remove(at)),
            Some(value) => pairs[at] = format!("{name}={value}"),
        }
        let path = format!("{}?{}", self.request.uri().path(), pairs.join("&"));
        Some(self.with_path(format!("at {path}"), &path, expected))
    }

    /// One place overwritten or removed, so that the schema is broken.
    fn with_a_broken_shape(&mut self) -> Option<Copy> {
        let mut all = Vec::new();
        places(&self.body, "", &mut all);
        // Some changes break nothing; a few attempts find one that does.
        for _ in 0..20 {
            let pointer = self.drawn(select(all.clone()));
            let mut body = self.body.clone();
            let said = match (self.drawn(proptest::option::weighted(0.8, intruder())), &*pointer) {
                (Some(value), _) => {
                    *body.pointer_mut(&pointer)? = value.clone();
                    value.to_string().chars().take(60).collect()
                }
                (None, "") => continue,
                (None, place) => {
                    let (parent, field) = place.rsplit_once('/')?;
                    let Some(fields) = body.pointer_mut(parent)?.as_object_mut() else { continue };
                    fields.remove(field);
                    "missing".to_owned()
                }
            };
            if self.breaks_the_schema(&body) {
                let bytes = serde_json::to_vec(&body).unwrap();
                let expected = if body.is_null() { Expected::Any } else { Expected::Place };
                return Some(self.copy(format!("{pointer}: {said}"), bytes, expected));
            }
        }
        None
    }

    /// Whether an event must be refused; one that only tells something unknown is kept for a person.
    fn breaks_the_schema(&self, body: &Value) -> bool {
        if self.operation == middleware::RECEIVE_EVENT {
            return matches!(shape::event_shape(body), EventShape::Broken(_));
        }
        !shape::request_errors(self.operation, body).is_empty()
    }

    /// A document that fits its schema and contradicts itself, or what the system knows.
    fn with_a_broken_sense(&mut self) -> Vec<Copy> {
        if self.operation == middleware::RECEIVE_EVENT {
            return Vec::new();
        }
        let mut copies = Vec::new();
        for (flaw, body) in nonsense(self.operation, &self.body) {
            if !self.breaks_the_schema(&body) {
                copies.push(self.copy(flaw, serde_json::to_vec(&body).unwrap(), Expected::Any));
            }
        }
        copies
    }

    fn with_broken_bytes(&mut self) -> Copy {
        let bytes = self.request.body().to_vec();
        // Without the line break at its end a document is whole still.
        let at = self.drawn(1..bytes.trim_ascii_end().len());
        match self.drawn(0_u8..16) {
            0 => {
                let large = [bytes, vec![b' '; BODY_BYTES_MAX]].concat();
                self.copy("a body that is too large", large, TOO_LARGE)
            }
            1..=4 => {
                let depth = JSON_DEPTH_MAX + 1;
                let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
                self.copy("a body that is too deep", deep.into_bytes(), UNREADABLE)
            }
            5..=8 => {
                let odd = [&bytes[..at], &[0xff], &bytes[at..]].concat();
                self.copy(format!("no UTF-8 at {at}"), odd, UNREADABLE)
            }
            9..=11 => self.copy("two documents", [bytes.clone(), bytes].concat(), UNREADABLE),
            _ => self.copy(format!("cut off at {at}"), bytes[..at].to_vec(), UNREADABLE),
        }
    }

    fn with_a_broken_key(&mut self) -> Copy {
        let mut copy = self.same("", Expected::Place);
        let headers = copy.request.headers_mut();
        let (flaw, key) = match self.drawn(0_u8..4) {
            0 => ("without key", None),
            1 => ("with an empty key", Some(String::new())),
            2 => ("with a key that is too long", Some("k".repeat(600))),
            _ => ("with a key of blanks", Some("   ".to_owned())),
        };
        headers.remove(header::IDEMPOTENCY_KEY);
        if let Some(key) = key {
            headers.insert(header::IDEMPOTENCY_KEY, HeaderValue::from_str(&key).unwrap());
        }
        Copy { flaw: flaw.to_owned(), ..copy }
    }

    fn with_a_broken_token(&mut self) -> Copy {
        let mut copy = self.same("without token", Expected::Kinds(&[ProblemKind::Unauthenticated]));
        let given = self.drawn(select(vec!["", "Bearer", "Bearer x", "Basic YTpi", "Bearer a b c", "x"]));
        copy.request.headers_mut().remove(AUTHORIZATION);
        if self.drawn(any::<bool>()) {
            copy.flaw = format!("with the token {given:?}");
            copy.request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static(given));
        }
        copy
    }

    /// With the token of somebody who does not call the operation.
    fn of_no_caller(&mut self) -> Option<Copy> {
        let callers = self.operation.callers();
        let stranger = Tokens::CALLERS.into_iter().find(|system| !callers.contains(system))?;
        let mut copy = self.same(format!("of the {stranger}"), Expected::Kinds(&[ProblemKind::Forbidden]));
        copy.request.headers_mut().insert(AUTHORIZATION, token(Some(&stranger), self.secret)?);
        Some(copy)
    }

    fn with_a_broken_signature(&mut self) -> Copy {
        let mut copy = self.same("", FORGED);
        let name = self.drawn(select(vec![signature::ID, signature::TIMESTAMP, signature::SIGNATURE]));
        let value = self.drawn(select(vec!["", "1", "v1,AAAA", "v9,x", "x", "99999999999999999999"]));
        let headers = copy.request.headers_mut();
        let flaw = if self.drawn(any::<bool>()) {
            headers.remove(name);
            format!("without {name}")
        } else {
            headers.insert(name, HeaderValue::from_static(value));
            format!("with {name} {value:?}")
        };
        Copy { flaw, ..copy }
    }
}

/// Values that break something somewhere.
fn intruder() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec![
            Value::Null,
            json!(true),
            json!(0),
            json!(-1),
            json!(0.5),
            json!(1e300),
            json!(u64::MAX),
            json!(""),
            json!(" "),
            json!("eur"),
            json!("no_such_code"),
            json!("2026-02-30T09:15:00Z"),
            json!("a\u{0}b"),
            json!([]),
            json!({}),
            json!([null]),
            json!({ "amount": -1, "currency": "EUR" }),
            json!({ "amount": 1, "currency": "EURO" }),
            json!({ "amount": 1.5, "currency": "EUR" }),
        ]),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,600}".prop_map(Value::from),
    ]
}

/// Every place of a document.
fn places(value: &Value, here: &str, found: &mut Vec<String>) {
    found.push(here.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, field)| places(field, &format!("{here}/{name}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| places(item, &format!("{here}/{index}"), found));
        }
        _ => {}
    }
}

/// Operations that begin something: lines, quantities and currency are what they say.
const BEGIN: [&str; 8] = [
    "submitOrder",
    "quoteTax",
    "authorizePayment",
    "createReservation",
    "createSalesOrder",
    "createFulfillmentOrder",
    "issueStoreCredit",
    "activateGiftCard",
];
/// Operations of systems that look after no order of their own, and write down what they are told.
const WRITE_DOWN: [&str; 3] = ["addTimelineEntry", "commitTax", "createReturnNotice"];
/// Parts of documents whose lines are new, or need not be there any more.
const APART: [&str; 2] = ["/replacement/", "/backordered/"];

/// Documents that are well formed and cannot be true.
fn nonsense(operation: Operation, body: &Value) -> Vec<(String, Value)> {
    // A product may be priced in any currency: no order says which.
    if BEGIN.contains(&operation.id) || WRITE_DOWN.contains(&operation.id) || operation.id == "putProduct" {
        return Vec::new();
    }
    let mut all = Vec::new();
    places(body, "", &mut all);
    let mut copies = Vec::new();
    all.retain(|pointer| APART.iter().all(|part| !pointer.contains(part)));
    for pointer in all {
        let Some(field) = pointer.rsplit_once('/').map(|(_, field)| field) else { continue };
        let value = body.pointer(&pointer).unwrap();
        let other = match field {
            "currency" => json!(if value == "JPY" { "EUR" } else { "JPY" }),
            "line_id" => json!(NOBODY),
            // Partners book what they are told of quantities: that is for laws to judge.
            "quantity" if operation.system == System::Middleware => json!(value.as_i64().unwrap() + 1_000),
            _ => continue,
        };
        let mut copy = body.clone();
        *copy.pointer_mut(&pointer).unwrap() = other.clone();
        if let Some(sequence) = copy.get_mut("sequence") {
            // What is no news is ignored, whatever it says.
            *sequence = json!(1_000_000);
        }
        copies.push((format!("{pointer}: {other}"), copy));
    }
    copies
}
