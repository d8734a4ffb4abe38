//! Reading a plan from text: a file is somebody's handwriting, so each refusal names the place and the remedy.

use serde_json::{Map, Value};

use super::{KINDS, Link, LinkError, Plan, Reason, Refusal, refusal::Nearest};
use crate::{model::System, shape};

const PLAN: &[&str] = &["format", "name", "faults"];
const FAULT: &[&str] = &[
    "name",
    "link",
    "operation",
    "order",
    "key",
    "attempts",
    "window",
    "percent",
    "permanent",
    "misfortune",
];
const ATTEMPTS: &[&str] = &["from", "to"];
const WINDOW: &[&str] = &["after_ms", "on_contact", "for_ms", "every_ms"];

impl Plan {
    /// Reads and checks a plan.
    ///
    /// # Errors
    /// Every place that cannot be taken, in the order of the document.
    ///
    /// ```
    /// use counterproof_contracts::faults::Plan;
    /// let refused = Plan::parse(r#"{ "format": "counterproof-faults/1", "name": "none", "faults": [] }"#);
    /// assert_eq!(
    ///     refused.unwrap_err()[0].to_string(),
    ///     "at \"/faults\": no faults; a plan that changes nothing proves nothing"
    /// );
    /// ```
    pub fn parse(text: &str) -> Result<Self, Vec<Refusal>> {
        let document = shape::parse_body(text.as_bytes())
            .map_err(|problem| vec![refusal("", Reason::Unreadable(problem.detail))])?;
        let mut refusals = Vec::new();
        check_names(&document, &mut refusals);
        let plan = serde_json::from_value::<Self>(document.clone());
        match &plan {
            Ok(plan) => refusals.extend(plan.check()),
            // The schema, or what was found above, names the place better.
            Err(_) if !refusals.is_empty() => {}
            Err(error) if shape::document_errors("fault-plan", &document).is_empty() => {
                refusals.push(refusal("", Reason::Shape(error.to_string())));
            }
            Err(_) => {}
        }
        for error in shape::document_errors("fault-plan", &document) {
            if !refusals.iter().any(|known| near(&known.pointer, &error.pointer)) {
                refusals.push(Refusal { pointer: error.pointer, reason: Reason::Shape(error.detail) });
            }
        }
        match plan {
            Ok(plan) if refusals.is_empty() => Ok(plan),
            _ => Err(refusals),
        }
    }
}

fn refusal(pointer: impl Into<String>, reason: Reason) -> Refusal {
    Refusal { pointer: pointer.into(), reason }
}

/// Whether one place is within the other.
fn near(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    within(one, other) || within(other, one)
}

/// Checks all that is a name: of fields, links and misfortunes.
fn check_names(document: &Value, refusals: &mut Vec<Refusal>) {
    check_fields(document, "", PLAN, refusals);
    let faults = document.get("faults").and_then(Value::as_array);
    for (index, fault) in faults.into_iter().flatten().enumerate() {
        let here = format!("/faults/{index}");
        check_fields(fault, &here, FAULT, refusals);
        for (name, fields) in [("attempts", ATTEMPTS), ("window", WINDOW)] {
            if let Some(part) = fault.get(name) {
                check_fields(part, &format!("{here}/{name}"), fields, refusals);
            }
        }
        check_link(fault, &here, refusals);
        check_misfortune(fault, &here, refusals);
    }
}

fn check_fields(value: &Value, here: &str, known: &[&'static str], refusals: &mut Vec<Refusal>) {
    for name in value.as_object().into_iter().flat_map(Map::keys) {
        if !known.contains(&name.as_str()) {
            let nearest = Nearest::of(name, known.iter().copied());
            let pointer = format!("{here}/{}", name.replace('~', "~0").replace('/', "~1"));
            refusals.push(refusal(pointer, Reason::UnknownField { name: name.clone(), nearest }));
        }
    }
}

fn check_link(fault: &Value, here: &str, refusals: &mut Vec<Refusal>) {
    let Some(text) = fault.get("link").and_then(Value::as_str) else { return };
    let Err(error) = text.parse::<Link>() else { return };
    let nearest = match &error {
        LinkError::System(name) => {
            let known = System::PARTNERS.into_iter().chain([System::Middleware]);
            Nearest::of(name, known.map(System::name))
        }
        LinkError::Form(_) => Nearest::none(),
    };
    refusals.push(refusal(format!("{here}/link"), Reason::Link { error, nearest }));
}

fn check_misfortune(fault: &Value, here: &str, refusals: &mut Vec<Refusal>) {
    let Some(misfortune) = fault.get("misfortune") else { return };
    let here = format!("{here}/misfortune");
    let Some(name) = misfortune.get("kind").and_then(Value::as_str) else { return };
    if let Some(kind) = KINDS.iter().find(|kind| kind.name == name) {
        let fields: Vec<&'static str> = kind.fields.iter().copied().chain(["kind"]).collect();
        check_fields(misfortune, &here, &fields, refusals);
    } else {
        let nearest = Nearest::of(name, KINDS.iter().map(|kind| kind.name));
        let reason = Reason::UnknownMisfortune { name: name.to_owned(), nearest };
        refusals.push(refusal(format!("{here}/kind"), reason));
    }
}
