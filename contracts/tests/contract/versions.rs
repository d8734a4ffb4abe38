//! The present contract takes whoever was built against version 1.0: by the rules of the README, for every request and
//! every answer. `published/v1.0.json` is that version, without its words for people.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use counterproof_contracts::protocol::{API_VERSION, header};
use serde_json::{Map, Value, json};

use crate::files;

/// All files of a version: folder, name, content.
#[derive(Clone)]
struct Version(Value);

/// Who reads a document: what a caller sends is taken by the newer side, what is answered by the older one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Request,
    Answer,
}

/// A schema and the file that it stands in.
#[derive(Clone, Copy)]
struct At<'a> {
    version: &'a Version,
    file: (&'a str, &'a str),
    node: &'a Value,
}

impl Version {
    fn first() -> Self {
        let text = include_str!("../../published/v1.0.json");
        Self(serde_json::from_str(text).unwrap())
    }

    fn present() -> Self {
        let folders = ["schemas", "openapi", "asyncapi"];
        let read = |folder: &str| Value::Object(files::read(folder).into_iter().collect::<Map<_, _>>());
        Self(Value::Object(folders.into_iter().map(|folder| (folder.to_owned(), read(folder))).collect()))
    }

    fn file<'a>(&'a self, folder: &'a str, name: &'a str) -> At<'a> {
        At { version: self, file: (folder, name), node: &self.0[folder][name] }
    }
}

impl<'a> At<'a> {
    fn of(self, node: &'a Value) -> Self {
        Self { node, ..self }
    }

    fn get(self, key: &str) -> Option<Self> {
        Some(self.of(self.node.get(key)?))
    }

    /// Where references lead at last.
    fn resolved(self) -> Self {
        let Some(reference) = self.node.get("$ref").and_then(Value::as_str) else { return self };
        let (path, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let name = path.rsplit('/').next().unwrap().trim_end_matches(".json");
        let file = if path.is_empty() { self.file } else { ("schemas", name) };
        let (folder, name) = (file.0, file.1);
        let content = &self.version.0[folder];
        let (name, content) = content.as_object().unwrap().get_key_value(name).unwrap();
        let folder = ["schemas", "openapi", "asyncapi"].into_iter().find(|known| *known == folder).unwrap();
        At { version: self.version, file: (folder, name), node: content.pointer(pointer).unwrap() }.resolved()
    }

    fn names(self, key: &str) -> BTreeSet<&'a str> {
        let listed = self.node.get(key).and_then(Value::as_array);
        listed.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    fn entries(self, key: &str) -> Vec<(&'a str, Self)> {
        let object = self.node.get(key).and_then(Value::as_object);
        object.into_iter().flatten().map(|(name, node)| (name.as_str(), self.of(node))).collect()
    }
}

/// Collects what breaks.
#[derive(Default)]
struct Comparison {
    breaks: BTreeSet<String>,
    /// Pairs that are being compared or were: documents may contain themselves.
    seen: BTreeSet<(Side, *const Value, *const Value)>,
    schemas: usize,
}

impl Comparison {
    fn of(old: &Version, new: &Version) -> Self {
        let mut comparison = Self::default();
        for (name, _) in old.0["openapi"].as_object().unwrap() {
            comparison.file(old.file("openapi", name), new.file("openapi", name));
        }
        comparison.events(old.file("asyncapi", "events"), new.file("asyncapi", "events"));
        comparison
    }

    fn breaks(&mut self, place: &str, what: impl std::fmt::Display) {
        self.breaks.insert(format!("{place}: {what}"));
    }

    fn file(&mut self, old: At<'_>, new: At<'_>) {
        for (path, operations) in old.entries("paths") {
            for (method, operation) in operations.node.as_object().unwrap() {
                let operation = operations.of(operation);
                let place = operation.node["operationId"].as_str().unwrap().to_owned();
                match new.get("paths").and_then(|paths| paths.get(path)?.get(method)) {
                    Some(now) => self.operation(&place, operation, now),
                    None => self.breaks(&place, "the operation is gone"),
                }
            }
        }
    }

    fn operation(&mut self, place: &str, old: At<'_>, new: At<'_>) {
        let parameters = |at: At<'_>| -> Vec<(String, bool)> {
            let listed = at.node.get("parameters").and_then(Value::as_array).into_iter().flatten();
            let read = |node| {
                let parameter = at.of(node).resolved().node;
                (parameter["name"].as_str().unwrap().to_owned(), parameter["required"] == json!(true))
            };
            listed.map(read).collect()
        };
        let known = parameters(old);
        for (name, required) in parameters(new) {
            if required && !known.contains(&(name.clone(), true)) {
                self.breaks(place, format!("parameter {name} is required"));
            }
        }
        let body = |at: At<'_>| at.node.pointer("/requestBody/content/application~1json/schema").is_some();
        if body(new) && !body(old) && new.node["requestBody"]["required"] == json!(true) {
            self.breaks(place, "a body is required");
        }
        if let Some(schema) = old.node.pointer("/requestBody/content/application~1json/schema") {
            match new.node.pointer("/requestBody/content/application~1json/schema") {
                Some(now) => self.schema(place, Side::Request, old.of(schema), new.of(now)),
                None => self.breaks(place, "takes no body any more"),
            }
        }
        for (status, answer) in old.entries("responses") {
            let success = status.starts_with('2');
            match new.get("responses").and_then(|answers| answers.get(status)) {
                None if success => self.breaks(place, format!("does not answer {status} any more")),
                Some(now) if success => {
                    let schema = |at: At<'_>| at.node.pointer("/content/application~1json/schema").cloned();
                    let (old, new) = (answer.resolved(), now.resolved());
                    let place = format!("{place} {status}");
                    match (schema(old), schema(new)) {
                        (Some(_), Some(_)) => {
                            let pointer = "/content/application~1json/schema";
                            let (was, is) =
                                (old.node.pointer(pointer).unwrap(), new.node.pointer(pointer).unwrap());
                            self.schema(&place, Side::Answer, old.of(was), new.of(is));
                        }
                        (Some(_), None) => self.breaks(&place, "has no body any more"),
                        (None, _) => {}
                    }
                }
                _ => {}
            }
        }
    }

    fn events(&mut self, old: At<'_>, new: At<'_>) {
        for (name, message) in old.get("components").unwrap().entries("messages") {
            let now = new.get("components").and_then(|parts| parts.get("messages")?.get(name));
            let payload = |at: At<'_>| at.node.pointer("/payload/schema").is_some();
            match now {
                Some(now) if payload(now) => {
                    let was = message.of(&message.node["payload"]["schema"]);
                    self.schema(name, Side::Answer, was, now.of(&now.node["payload"]["schema"]));
                }
                _ => self.breaks(name, "the event is gone"),
            }
        }
    }

    fn schema(&mut self, place: &str, side: Side, old: At<'_>, new: At<'_>) {
        // What stands beside a reference narrows what it leads to.
        self.bounds(place, side, old, new);
        self.codes(place, side, old, new);
        let (old, new) = (old.resolved(), new.resolved());
        if !self.seen.insert((side, std::ptr::from_ref(old.node), std::ptr::from_ref(new.node))) {
            return;
        }
        self.schemas += 1;
        if old.node.get("type") != new.node.get("type") {
            self.breaks(place, "has another type");
        }
        if old.node.get("pattern") != new.node.get("pattern")
            || old.node.get("format") != new.node.get("format")
        {
            self.breaks(place, "has another form");
        }
        self.codes(place, side, old, new);
        self.bounds(place, side, old, new);
        self.members(place, side, old, new);
        if let (Some(was), Some(is)) = (old.get("items"), new.get("items")) {
            self.schema(&format!("{place}/items"), side, was, is);
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            let parts = |at: At<'_>| at.node.get(key).and_then(Value::as_array).map_or(0, Vec::len);
            if parts(old) != parts(new) {
                self.breaks(place, format!("has another {key}"));
                continue;
            }
            for index in 0..parts(old) {
                let (was, is) = (old.of(&old.node[key][index]), new.of(&new.node[key][index]));
                self.schema(&format!("{place}/{key}/{index}"), side, was, is);
            }
        }
    }

    fn members(&mut self, place: &str, side: Side, old: At<'_>, new: At<'_>) {
        let (was_needed, is_needed) = (old.names("required"), new.names("required"));
        for (name, member) in old.entries("properties") {
            let place = format!("{place}/{name}");
            match new.get("properties").and_then(|members| members.get(name)) {
                Some(now) => self.schema(&place, side, member, now),
                None if side == Side::Request => self.breaks(&place, "is not taken any more"),
                None if was_needed.contains(name) => self.breaks(&place, "is not told any more"),
                None => {}
            }
        }
        let (before, after) =
            if side == Side::Request { (was_needed, is_needed) } else { (is_needed, was_needed) };
        for name in after.difference(&before) {
            let what = if side == Side::Request { "is required" } else { "need not be told any more" };
            self.breaks(&format!("{place}/{name}"), what);
        }
    }

    fn codes(&mut self, place: &str, side: Side, old: At<'_>, new: At<'_>) {
        let codes = |at: At<'_>| -> Option<BTreeSet<String>> {
            let listed = at.node.get("enum").and_then(Value::as_array).cloned();
            let all = listed.or_else(|| at.node.get("const").map(|code| vec![code.clone()]))?;
            Some(all.iter().map(Value::to_string).collect())
        };
        let Some(was) = codes(old) else {
            if codes(new).is_some() && side == Side::Request {
                self.breaks(place, "takes some codes only");
            }
            return;
        };
        let Some(is) = codes(new) else { return };
        let gone: Vec<&String> = was.difference(&is).collect();
        if !gone.is_empty() && (side == Side::Request || was.is_disjoint(&is)) {
            self.breaks(place, format!("code {} is gone", gone[0]));
        }
    }

    fn bounds(&mut self, place: &str, side: Side, old: At<'_>, new: At<'_>) {
        let bounds = [
            ("maximum", true),
            ("maxLength", true),
            ("maxItems", true),
            ("maxProperties", true),
            ("exclusiveMaximum", true),
            ("minimum", false),
            ("minLength", false),
            ("minItems", false),
            ("exclusiveMinimum", false),
        ];
        for (bound, upper) in bounds {
            let value = |at: At<'_>| at.node.get(bound).and_then(Value::as_f64);
            let open = if upper { f64::INFINITY } else { f64::NEG_INFINITY };
            let (was, is) = (value(old).unwrap_or(open), value(new).unwrap_or(open));
            let (narrower, wider) = if upper { (is < was, is > was) } else { (is > was, is < was) };
            if side == Side::Request && narrower {
                self.breaks(place, format!("{bound} is narrower"));
            }
            if side == Side::Answer && wider {
                self.breaks(place, format!("{bound} is wider"));
            }
        }
    }
}

#[test]
fn the_present_contract_takes_whoever_was_built_against_the_first() {
    let comparison = Comparison::of(&Version::first(), &Version::present());
    assert_eq!(comparison.breaks, BTreeSet::new());
    assert!(comparison.schemas > 500, "only {} schemas were compared", comparison.schemas);
}

#[test]
fn the_version_that_answers_is_that_of_the_file_and_stands_at_every_answer() {
    let file = &Version::present().0["openapi"]["middleware"];
    assert_eq!(file["info"]["version"], json!(format!("{API_VERSION}.0")));
    let at = Version::present();
    let file = at.file("openapi", "middleware");
    for (path, operations) in file.entries("paths") {
        for (_, operation) in operations.node.as_object().unwrap() {
            for (status, answer) in operations.of(operation).entries("responses") {
                assert!(
                    answer.resolved().node["headers"].get(header::API_VERSION).is_some(),
                    "{path} {status}"
                );
            }
        }
    }
}

/// A change of the present contract, and what must be found.
type Planted = (&'static str, &'static str, Value, &'static str);

#[test]
fn every_kind_of_break_is_found() {
    let planted: Vec<Planted> = vec![
        (
            "/openapi/middleware/paths/~1v1~1orders/post",
            "",
            Value::Null,
            "submitOrder: the operation is gone",
        ),
        ("/asyncapi/events/components/messages", "ShipmentShipped", Value::Null, "the event is gone"),
        ("/schemas/order/properties", "gift", Value::Null, "/gift: is not taken any more"),
        ("/schemas/order", "required", json!(["gift"]), "/gift: is required"),
        (
            "/schemas/order-acknowledgment",
            "required",
            json!(["status"]),
            "/order_id: need not be told any more",
        ),
        (
            "/schemas/order-acknowledgment/properties",
            "order_id",
            Value::Null,
            "/order_id: is not told any more",
        ),
        ("/schemas/codes/$defs/return_reason", "enum", json!(["defective"]), "is gone"),
        ("/schemas/codes/$defs/order_status", "enum", json!(["lost"]), "is gone"),
        ("/schemas/order-search/properties/payment_token", "maxLength", json!(3), "maxLength is narrower"),
        ("/schemas/health/properties/status", "maxLength", json!(65), "maxLength is wider"),
        ("/schemas/health/properties/status", "type", json!("number"), "has another type"),
        (
            "/openapi/middleware/paths/~1v1~1orders/post/responses",
            "201",
            Value::Null,
            "does not answer 201 any more",
        ),
    ];
    for (place, key, value, expected) in planted {
        let mut version = Version::present();
        plant(&mut version.0, place, key, value);
        let breaks = Comparison::of(&Version::first(), &version).breaks;
        assert!(breaks.iter().any(|found| found.contains(expected)), "{place} {key}: {breaks:?}");
    }
}

#[test]
fn what_only_grows_is_no_break() {
    let grown: Vec<(&str, &str, Value)> = vec![
        ("/schemas/order/properties", "wrapping", json!({ "type": "string" })),
        ("/schemas/health/properties", "since", json!({ "type": "string" })),
        ("/schemas/replay-request/properties/reason", "maxLength", json!(8_000)),
        ("/schemas/health/properties/status", "maxLength", json!(32)),
        ("/openapi/middleware/paths", "/v1/wishes", json!({ "post": { "operationId": "wish" } })),
    ];
    for (place, key, value) in grown {
        let mut version = Version::present();
        plant(&mut version.0, place, key, value);
        assert_eq!(Comparison::of(&Version::first(), &version).breaks, BTreeSet::new(), "{place} {key}");
    }
}

/// Puts a value into the files, or takes it out where it is null.
fn plant(files: &mut Value, place: &str, key: &str, value: Value) {
    let (place, key) = if key.is_empty() { place.rsplit_once('/').unwrap() } else { (place, key) };
    let node = files.pointer_mut(place).unwrap_or_else(|| panic!("nothing stands at {place}"));
    let object = node.as_object_mut().unwrap();
    if value.is_null() {
        assert!(object.remove(key).is_some(), "{place} has no {key}");
    } else {
        object.insert(key.to_owned(), value);
    }
}
