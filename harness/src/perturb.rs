//! The metamorphic law E3: a scenario's end does not depend on the order, the number and the delay of deliveries.
//!
//! A scenario is played once plainly and then again, each time with the next seed, while events that partners
//! deliver come twice, late, after later ones, or only when they are repeated. What the systems hold at the end is
//! compared order by order, with identities made alike. Acts of customers and clerks are left alone: who acts first
//! may decide what is right. Scenarios in which several ends are right say so by the tag `race`.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::{Committed, Effect, Entry, Record},
    model::{Money, OrderStatusUpdate, System},
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

/// A scenario under so many perturbations, each of which must end as it ended plainly; with identifiers of their own where the
/// implementation remembers those of the plain play.
pub fn variants(script: &Script, times: u32, plain: &End, fresh: bool) -> Vec<Script> {
    if script.planned.tags.iter().any(|tag| tag == RACE) {
        return Vec::new();
    }
    let perturbed = |number: u32| {
        let mut script = script.clone();
        let title = format!("deliveries perturbed ({number})");
        let number_from_1 = usize::try_from(number).unwrap_or(usize::MAX);
        script.planned.variant =
            Some(Variant { number: number_from_1, title, plain: Some(plain.clone()), fresh });
        script.perturbation = number;
        script
    };
    (1..=times).map(perturbed).collect()
}

/// What the systems hold of each order of a scenario: fact by fact, in words and numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct End(BTreeMap<(u32, String), String>);

/// The end of a scenario as it comes about.
#[derive(Debug, Clone)]
pub struct Ending {
    tag: String,
    tallies: BTreeMap<(u32, String), Tally>,
    shown: BTreeMap<(u32, System), u64>,
    sums: BTreeMap<(u32, String), i64>,
    end: End,
}

impl Ending {
    /// Of a scenario; `tag` is its part of all identifiers.
    pub fn new(tag: &str) -> Self {
        Self {
            tag: tag.to_owned(),
            tallies: BTreeMap::new(),
            shown: BTreeMap::new(),
            sums: BTreeMap::new(),
            end: End::default(),
        }
    }

    /// Takes in what a system committed.
    pub fn observe(&mut self, committed: &Committed) {
        let number = committed.effect.order_number().or(committed.order.as_ref());
        let Some(ordinal) = number.and_then(|number| identity::ordinal(number, &self.tag)) else { return };
        if let Effect::StatusShown { update } = &committed.effect {
            let last = self.shown.entry((ordinal, committed.system)).or_default();
            if update.sequence >= *last {
                *last = update.sequence;
                self.end.show(ordinal, committed.system, update);
            }
        } else if let Some((what, money)) = sum(&committed.effect) {
            let sum = self.sums.entry((ordinal, format!("{what}, in {}", money.currency))).or_default();
            *sum = sum.saturating_add(money.amount);
        } else if let Some((fact, units)) = fact(committed, &self.tag) {
            self.tallies.entry((ordinal, fact)).or_default().add(units, amount(&committed.effect));
        }
    }

    /// The end, if it were now.
    pub fn end(&self) -> End {
        let mut end = self.end.clone();
        end.0.extend(self.tallies.iter().map(|(fact, tally)| (fact.clone(), tally.said())));
        let sums = self.sums.iter().filter(|(_, minor)| **minor != 0);
        end.0.extend(sums.map(|(fact, minor)| (fact.clone(), format!("{minor} minor units"))));
        end
    }
}

impl End {
    /// The end of a play; `tag` is the scenario's part of all identifiers in it.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r Record>, tag: &str) -> Self {
        let mut ending = Ending::new(tag);
        for record in records {
            if let Entry::Effect(committed) = &record.entry {
                ending.observe(committed);
            }
        }
        ending.end()
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
#[derive(Debug, Clone, Default)]
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

/// Money of which the sum counts, however many effects it took: what was both authorized and voided left nothing behind, and in how
/// many parts money goes back follows from how it was taken.
fn sum(effect: &Effect) -> Option<(&'static str, Money)> {
    match effect {
        Effect::PaymentAuthorized { authorization } => Some((HELD, authorization.amount)),
        Effect::AuthorizationVoided { amount, .. } => {
            Some((HELD, Money { amount: amount.amount.saturating_neg(), ..*amount }))
        }
        Effect::RefundSucceeded { refund } => Some(("the payment provider paid back", refund.amount)),
        _ => None,
    }
}

const HELD: &str = "the payment provider authorized and did not void";

/// What an effect counts as, and for movements how many units; `None` for what tells of something or is on its way.
fn fact(committed: &Committed, tag: &str) -> Option<(String, i64)> {
    let plain = |text: &str| text.replace(tag, "…");
    match &committed.effect {
        Effect::EventRaised { .. }
        | Effect::TimelineWritten { .. }
        | Effect::ParcelScanned { .. }
        | Effect::TaxQuoted { .. }
        | Effect::RefundAccepted { .. }
        | Effect::RefundShown { .. }
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
    fn what_was_authorized_and_voided_left_nothing_behind() {
        let entry = |effect: serde_json::Value| {
            let mut entry = serde_json::json!({
                "seq": 1, "at": "2026-11-27T08:00:00Z", "scenario": "AAA", "kind": "effect", "system": "psp",
                "order": identity::order_number("AAA", 1), "spontaneous": false,
            });
            entry.as_object_mut().unwrap().extend(effect.as_object().unwrap().clone());
            serde_json::from_value::<Record>(entry).unwrap()
        };
        let money = |minor: i64| serde_json::json!({ "amount": minor, "currency": "EUR" });
        let authorized = entry(serde_json::json!({
            "effect": "payment_authorized",
            "authorization": {
                "authorization_id": "a", "status": "authorized", "order_number": identity::order_number("AAA", 1), "tender_id": "t",
                "amount": money(500), "expires_at": "2026-12-04T08:00:00Z",
            },
        }));
        let voided = |minor: i64| {
            entry(serde_json::json!({
                "effect": "authorization_voided", "authorization_id": "a", "amount": money(minor),
            }))
        };
        let nothing = End::of(&[], "AAA");
        let let_go = End::of(&[authorized.clone(), voided(500)], "AAA");
        assert_eq!(nothing.differences(&let_go, "x"), [""; 0]);
        let kept = End::of(&[authorized, voided(200)], "AAA");
        assert_eq!(kept.differences(&let_go, "x").len(), 1);
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
