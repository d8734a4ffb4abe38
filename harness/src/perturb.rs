//! The metamorphic law E3: a scenario's end does not depend on the order, the number and the delay of deliveries.
//!
//! A scenario is played once plainly and then again, each time with the next seed, while events that partners
//! deliver come twice, late, after later ones, or only when they are repeated. What the systems hold at the end is
//! compared order by order, with identities made alike. Acts of customers and clerks are left alone: who acts first
//! may decide what is right. Scenarios in which several ends are right say so by the tag `race`.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::{Committed, Effect, Entry, Record},
    model::{OrderStatusUpdate, System},
};
use serde_json::Value;

use crate::{
    features::{Script, Variant},
    identity,
};

/// Scenarios with this tag have several right ends.
const RACE: &str = "race";
/// Most differences that are told of a scenario.
const TOLD_MAX: usize = 5;

/// A scenario under so many perturbations.
pub fn variants(script: &Script, times: u32) -> Vec<Script> {
    if script.planned.tags.iter().any(|tag| tag == RACE) {
        return Vec::new();
    }
    let perturbed = |number: u32| {
        let mut script = script.clone();
        let title = format!("deliveries perturbed ({number})");
        script.planned.variant =
            Some(Variant { number: usize::try_from(number).unwrap_or(usize::MAX), title });
        script.perturbation = number;
        script
    };
    (1..=times).map(perturbed).collect()
}

/// What the systems hold of each order of a scenario: fact by fact, in words and numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End(BTreeMap<(u32, String), String>);

impl End {
    /// The end of a play; `tag` is the scenario's part of all identifiers in it.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r Record>, tag: &str) -> Self {
        let mut tallies: BTreeMap<(u32, String), Tally> = BTreeMap::new();
        let mut end = Self::default();
        let mut shown: BTreeMap<(u32, System), u64> = BTreeMap::new();
        for record in records {
            let Entry::Effect(committed) = &record.entry else { continue };
            let number = committed.effect.order_number().or(committed.order.as_ref());
            let Some(ordinal) = number.and_then(|number| identity::ordinal(number, tag)) else { continue };
            if let Effect::StatusShown { update } = &committed.effect {
                let last = shown.entry((ordinal, committed.system)).or_default();
                if update.sequence >= *last {
                    *last = update.sequence;
                    end.show(ordinal, committed.system, update);
                }
            } else if let Some((fact, units)) = fact(committed, tag) {
                tallies.entry((ordinal, fact)).or_default().add(units, amount(&committed.effect));
            }
        }
        end.0.extend(tallies.into_iter().map(|(fact, tally)| (fact, tally.said())));
        end
    }

    fn show(&mut self, ordinal: u32, system: System, update: &OrderStatusUpdate) {
        let mut fact = |name: String, value: String| {
            self.0.insert((ordinal, format!("the {} shows {name}", system.title())), value);
        };
        fact("the status".to_owned(), format!("{:?}", update.status));
        fact("parcels".to_owned(), update.shipments.len().to_string());
        for line in &update.lines {
            let value = serde_json::to_value(line).unwrap_or_default();
            fact(format!("line {}", line.line_id), value.to_string());
        }
    }

    /// What is different in another end, a sentence for each fact.
    pub fn differences(&self, perturbed: &Self, name: &str) -> Vec<String> {
        let facts = self.0.keys().chain(perturbed.0.keys().filter(|fact| !self.0.contains_key(fact)));
        let nothing = "nothing".to_owned();
        let mut told: Vec<String> = facts
            .filter_map(|fact| {
                let (plain, other) = (self.0.get(fact), perturbed.0.get(fact));
                let said = |value: Option<&String>| value.unwrap_or(&nothing).clone();
                (plain != other).then(|| {
                    let (ordinal, what) = fact;
                    let (plain, other) = (said(plain), said(other));
                    format!(
                        "Order {ordinal}: {what}: {plain} when played plainly, {other} with {name}.  [E3]"
                    )
                })
            })
            .collect();
        let more = told.len().saturating_sub(TOLD_MAX);
        told.truncate(TOLD_MAX);
        if more > 0 {
            told.push(format!("{more} more facts are different."));
        }
        told
    }
}

/// How often a fact was committed, and how much money it was in all.
#[derive(Debug, Default)]
struct Tally {
    times: u64,
    units: i64,
    money: BTreeMap<String, i64>,
}

impl Tally {
    fn add(&mut self, units: i64, amount: Option<(String, i64)>) {
        self.times += 1;
        self.units = self.units.saturating_add(units);
        if let Some((currency, minor)) = amount {
            let sum = self.money.entry(currency).or_default();
            *sum = sum.saturating_add(minor);
        }
    }

    fn said(&self) -> String {
        let money: Vec<String> = self
            .money
            .iter()
            .map(|(currency, minor)| format!(" · {minor} minor units of {currency}"))
            .collect();
        let units = if self.units == 0 { String::new() } else { format!(" · {} units", self.units) };
        format!("{} times{units}{}", self.times, money.concat())
    }
}

/// What an effect counts as, and for movements how many units; `None` for what tells of something or is on its way.
fn fact(committed: &Committed, tag: &str) -> Option<(String, i64)> {
    let plain = |text: &str| text.replace(tag, "…");
    match &committed.effect {
        Effect::EventRaised { .. }
        | Effect::TimelineWritten { .. }
        | Effect::ParcelScanned { .. }
        | Effect::TaxQuoted { .. }
        | Effect::RefundAccepted { .. }
        | Effect::FulfillmentStatusChanged { .. } => return None,
        Effect::StockMoved { movement } => {
            let moved = serde_json::to_value(movement).unwrap_or_default();
            let text = |field: &str| moved.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            let place = ["node_id", "sku", "condition", "reason"].map(|field| plain(&text(field)));
            let units = moved.get("quantity").and_then(Value::as_i64).unwrap_or(0);
            return Some((format!("the {} moved {}", committed.system.title(), place.join(" ")), units));
        }
        _ => {}
    }
    let effect = serde_json::to_value(&committed.effect).ok()?;
    let name = effect.get("effect")?.as_str()?.replace('_', " ");
    Some((format!("the {} committed {name}", committed.system.title()), 0))
}

/// The money of an effect: the amount or total of the document that it holds.
fn amount(effect: &Effect) -> Option<(String, i64)> {
    let effect = serde_json::to_value(effect).ok()?;
    let money =
        |value: &Value| Some((value.get("currency")?.as_str()?.to_owned(), value.get("amount")?.as_i64()?));
    let of = |value: &Value| {
        ["amount", "total", "total_tax"].into_iter().find_map(|field| money(value.get(field)?))
    };
    of(&effect).or_else(|| effect.as_object()?.values().find_map(of))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    fn captured(seq: u64, tag: &str, minor: i64) -> Record {
        let number = identity::order_number(tag, 1);
        let entry = serde_json::json!({
            "seq": seq, "at": "2026-11-27T08:00:00Z", "scenario": tag, "kind": "effect", "system": "psp",
            "order": number, "spontaneous": false, "effect": "payment_captured",
            "capture": {
                "capture_id": "c", "authorization_id": "a", "order_number": number, "shipment_id": "s",
                "amount": { "amount": minor, "currency": "EUR" },
            },
        });
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn ends_are_compared_whatever_the_identities() {
        let plain = End::of(&[captured(1, "AAA", 500), captured(2, "AAA", 250)], "AAA");
        let same = End::of(&[captured(1, "BBB", 250), captured(2, "BBB", 500)], "BBB");
        assert_eq!(plain.differences(&same, "deliveries perturbed (1)"), [""; 0]);
        assert_eq!(plain.0.len(), 1, "a capture of the scenario's own order counts");
    }

    #[test]
    fn what_is_different_is_told_with_order_fact_and_both_values() {
        let plain = End::of(&[captured(1, "AAA", 500)], "AAA");
        let twice = End::of(&[captured(1, "BBB", 500), captured(2, "BBB", 500)], "BBB");
        assert_eq!(
            plain.differences(&twice, "deliveries perturbed (2)"),
            [
                "Order 1: the payment provider committed payment captured: 1 times · 500 minor units of EUR when \
              played plainly, 2 times · 1000 minor units of EUR with deliveries perturbed (2).  [E3]"
            ]
        );
        let nothing = End::of(&[], "CCC");
        assert!(plain.differences(&nothing, "x").first().unwrap().contains("nothing with x"));
    }
}
