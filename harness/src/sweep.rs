//! A crash at every point of a scenario's life: where the implementation may die, found by playing it once.
//!
//! A point is a call that it makes (before it has its effect, and after it has, before the answer arrives) or a
//! message that it answers (before the sender hears of it). Each point becomes a fault of its own, keyed by
//! link, operation, order, intent and attempt, so that it names the same point in every run.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    faults::{Attempts, CrashPoint, Fault, Link, Misfortune, OrderKey, SCENARIO},
    journal::{Entry, Exchange, Record},
    model::System,
    protocol::{Method, Operation},
};

use crate::{
    features::{Script, Variant},
    identity,
};

/// A scenario once for each point at which the implementation may die; `records` are those of a play without
/// crashes, and `tag` was the scenario's part of all identifiers in it.
pub fn with_crashes(script: &Script, tag: &str, records: &[Record]) -> Vec<Script> {
    let mut known = BTreeSet::new();
    let mut named = BTreeMap::<String, u32>::new();
    let exchanges = records.iter().filter_map(|record| match &record.entry {
        Entry::Exchange(exchange) => Some(exchange),
        _ => None,
    });
    let struck = struck(records);
    let whole = exchanges.filter(|exchange| !struck.contains(&attempt(exchange)));
    let faults = whole.flat_map(|exchange| crashes(exchange, tag));
    let mut scripts = Vec::new();
    for mut fault in faults {
        // What is said twice under one key is one point.
        if !known.insert(format!("{fault:?}")) {
            continue;
        }
        let count = named.entry(fault.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            fault.name = format!("{} ({count})", fault.name);
        }
        scripts.push(with_crash(script, fault, scripts.len() + 1));
    }
    scripts
}

/// An attempt: the system at the other end, the intent, its number.
type Attempt<'r> = (System, &'r str, u32);

/// Attempts that a fault of the scenario itself has hit: nobody can die at one of them without taking its place.
fn struck(records: &[Record]) -> BTreeSet<Attempt<'_>> {
    let faults = records.iter().filter_map(|record| match &record.entry {
        Entry::FaultInjected(fault) => Some((fault.system, fault.key.as_deref()?, fault.attempt?)),
        _ => None,
    });
    faults.collect()
}

fn attempt(exchange: &Exchange) -> Attempt<'_> {
    let system = if exchange.from == System::Middleware { exchange.to } else { exchange.from };
    (system, exchange.key.as_deref().unwrap_or(&exchange.call), exchange.attempt)
}

fn with_crash(script: &Script, fault: Fault, number: usize) -> Script {
    let mut script = script.clone();
    script.planned.variant = Some(Variant { number, title: fault.name.clone(), plain: None, fresh: false });
    script.extra = Some(fault);
    script
}

/// The points of one exchange.
fn crashes(exchange: &Exchange, tag: &str) -> Vec<Fault> {
    let Some(ordinal) = exchange.order.as_ref().and_then(|order| identity::ordinal(order, tag)) else {
        return Vec::new();
    };
    let reads = Operation::find(exchange.to, &exchange.operation)
        .is_some_and(|operation| operation.method == Method::Get);
    // What was turned away had no effect after which to die.
    let refused = exchange.status.is_some_and(|status| status >= 400);
    let (link, points): (Link, &[CrashPoint]) = match (exchange.from, exchange.to) {
        (System::Middleware, system) if refused => (Link::to(system), &[CrashPoint::BeforeEffect]),
        (System::Middleware, system) => {
            (Link::to(system), &[CrashPoint::BeforeEffect, CrashPoint::AfterEffect])
        }
        (system, System::Middleware) if !reads => (Link::from(system), &[CrashPoint::BeforeAcknowledgment]),
        _ => return Vec::new(),
    };
    points.iter().map(|point| crash(exchange, tag, ordinal, link, *point)).collect()
}

fn crash(exchange: &Exchange, tag: &str, ordinal: u32, link: Link, point: CrashPoint) -> Fault {
    let operation = operation(exchange);
    let (from, to) = (exchange.from.title(), exchange.to.title());
    let name = match point {
        CrashPoint::BeforeEffect => format!("killed before the {to} does {operation}"),
        CrashPoint::AfterEffect => format!("killed after the {to} did {operation}"),
        CrashPoint::BeforeAcknowledgment => format!("killed before the {from} hears of {operation}"),
    };
    // An intent whose key does not tell the scenario cannot be found again: the first one is taken then.
    let key = exchange.key.as_ref().filter(|key| key.contains(tag)).map(|key| key.replace(tag, SCENARIO));
    Fault {
        order: Some(OrderKey::Ordinal(ordinal)),
        key,
        // What arrives only when faults are healed is a point like any other.
        permanent: true,
        ..Fault::new(name, link, Misfortune::Crash { point })
            .on(operation)
            .attempts(Attempts { from: exchange.attempt, to: Some(exchange.attempt) })
    }
}

/// The operation, or for an event its type.
fn operation(exchange: &Exchange) -> String {
    let event = exchange.request.get("type").and_then(serde_json::Value::as_str);
    event.filter(|_| exchange.operation == "receiveEvent").unwrap_or(&exchange.operation).to_owned()
}
