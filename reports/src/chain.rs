//! How a violation came about: the journal's lines that a law names as evidence, one short line each.
//!
//! Bodies are deliberately left out: only operations, statuses, keys, identifiers and amounts are told.

use counterproof_contracts::{
    journal::{Entry, Exchange, Outcome, Record},
    model::{System, Timestamp},
};
use serde_json::Value;

use crate::{headline, text};

/// Longest key that is printed, in characters.
const KEY_CHARACTERS_MAX: usize = 28;
/// Most lines of a chain that are printed.
const LINKS_MAX: usize = 24;
/// Of these, how many stand at its beginning.
const LINKS_FIRST: usize = 8;

/// One line of the journal as evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Line of the journal.
    pub seq: u64,
    /// Milliseconds of the run's clock since the scenario began.
    pub offset_ms: i64,
    /// What happened.
    pub what: What,
}

/// What a line of evidence shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A call or an event that passed over a link.
    Message {
        /// Who called.
        from: System,
        /// Who was called.
        to: System,
        /// The operation, or the event.
        name: String,
        /// Answer, key and circumstances.
        result: String,
    },
    /// Something that a system committed.
    Booking {
        /// Who.
        system: System,
        /// What it did.
        text: String,
    },
    /// A fault or another circumstance.
    Note(String),
}

impl Link {
    /// The line of evidence in a record; `None` for records that are no evidence (steps, verdicts).
    pub(crate) fn of(record: &Record, start: Timestamp) -> Option<Self> {
        let (at, what) = match &record.entry {
            Entry::Exchange(exchange) => (exchange.started_at, message(exchange)),
            Entry::Effect(committed) => {
                let text = text::line(&headline::headline(&committed.effect));
                (record.at, What::Booking { system: committed.system, text })
            }
            Entry::EffectLost(committed) => {
                let lost = headline::headline(&committed.effect);
                let text = text::line(&format!("was restored, and lost that it {lost}"));
                (record.at, What::Booking { system: committed.system, text })
            }
            Entry::FaultInjected(fault) => {
                let operation =
                    fault.operation.as_deref().map_or_else(String::new, |name| format!(", {name}"));
                (
                    record.at,
                    What::Note(text::line(&format!("fault {} on {}{operation}", fault.fault, fault.system))),
                )
            }
            Entry::Settled(settled) => (record.at, What::Note(rest(settled.at_rest, settled.waited_ms))),
            _ => return None,
        };
        Some(Self { seq: record.seq, offset_ms: at.as_millisecond() - start.as_millisecond(), what })
    }

    fn offset(&self) -> String {
        let sign = if self.offset_ms < 0 { '-' } else { '+' };
        let milliseconds = self.offset_ms.unsigned_abs();
        format!("t{sign}{}.{:03}", milliseconds / 1000, milliseconds % 1000)
    }
}

fn message(exchange: &Exchange) -> What {
    let event = exchange.request.get("type").and_then(Value::as_str);
    let name = match event {
        Some(event_type) if exchange.operation == "receiveEvent" => headline::event_name(event_type),
        _ => exchange.operation.clone(),
    };
    What::Message {
        from: exchange.from,
        to: exchange.to,
        name: text::short(&name, 40),
        result: result(exchange),
    }
}

fn result(exchange: &Exchange) -> String {
    let mut parts = vec![exchange.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())];
    if let Some(problem) = exchange.response.get("type").and_then(Value::as_str)
        && exchange.status.is_some_and(|status| status >= 400)
    {
        parts.push(text::short(problem.rsplit(':').next().unwrap_or(problem), 40));
    }
    if exchange.outcome == Outcome::Unknown && exchange.status.is_some() {
        parts.push("(outcome unknown)".to_owned());
    }
    if let Some(key) = &exchange.key {
        parts.push(format!("key {}", text::short(key, KEY_CHARACTERS_MAX)));
    }
    if exchange.attempt > 1 {
        parts.push(format!("attempt {}", exchange.attempt));
    }
    if exchange.replayed {
        parts.push("(answered from store)".to_owned());
    }
    if let Some(note) = &exchange.note {
        parts.push(format!("— {}", text::line(note)));
    }
    parts.join(" ")
}

fn rest(at_rest: bool, waited_ms: u64) -> String {
    let waited = text::duration(waited_ms);
    if at_rest { format!("at rest after {waited}") } else { format!("not at rest within {waited}") }
}

/// A chain as text, one line each with whether it is where the law broke. Long chains lose their middle.
pub(crate) fn render(links: &[Link], broken_at: u64) -> Vec<(bool, String)> {
    let columns = Columns::of(links);
    let mut told: Vec<(bool, String)> =
        links.iter().map(|link| (link.seq == broken_at, columns.line(link))).collect();
    if told.len() > LINKS_MAX {
        let left_out = told.len() - LINKS_MAX;
        let dots = (false, format!("… {left_out} more, in the journal"));
        told.splice(LINKS_FIRST..LINKS_FIRST + left_out, [dots]);
    }
    told
}

/// Widths that make a chain read as a table.
struct Columns {
    offset: usize,
    system: usize,
    name: usize,
}

impl Columns {
    fn of(links: &[Link]) -> Self {
        let mut columns = Self { offset: 0, system: 0, name: 0 };
        for link in links {
            columns.offset = columns.offset.max(link.offset().len());
            match &link.what {
                What::Message { from, to, name, .. } => {
                    columns.system = columns.system.max(from.name().len()).max(to.name().len());
                    columns.name = columns.name.max(name.chars().count());
                }
                What::Booking { system, .. } => columns.system = columns.system.max(system.name().len()),
                What::Note(_) => {}
            }
        }
        columns
    }

    fn line(&self, link: &Link) -> String {
        let Self { offset, system: width, name: name_width } = *self;
        let at = format!("{:offset$}", link.offset());
        match &link.what {
            What::Message { from, to, name, result } => {
                let shaft = "─".repeat(name_width.saturating_sub(name.chars().count()) + 2);
                format!("{at}  {:width$} ──{name}{shaft}▶ {:width$}  {result}", from.name(), to.name())
            }
            What::Booking { system, text } => format!("{at}  {:width$} ● {text}", system.name()),
            What::Note(text) => format!("{at}  {text}"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]

    use serde_json::json;

    use super::*;

    fn link(entry: &Value) -> Link {
        let mut record = json!({ "seq": 7, "at": "2026-11-27T09:00:01.500Z", "scenario": "s1" });
        record.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
        let start = "2026-11-27T09:00:00Z".parse().unwrap();
        Link::of(&serde_json::from_value(record).unwrap(), start).unwrap()
    }

    fn exchange(changes: &Value) -> Value {
        let mut exchange = json!({
            "kind": "exchange", "from": "wms", "to": "middleware", "operation": "receiveEvent",
            "call": "POST /v1/events", "attempt": 1, "started_at": "2026-11-27T09:00:00.031Z",
            "request": { "type": "retail.shipment.shipped.v1" }, "status": 202, "response": null, "outcome": "ok",
        });
        exchange.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        exchange
    }

    fn told(entry: &Value) -> String {
        render(&[link(entry)], 0).remove(0).1
    }

    #[test]
    fn tells_events_by_their_name_and_answers_by_their_problem() {
        assert_eq!(told(&exchange(&json!({}))), "t+0.031  wms        ──shipment shipped──▶ middleware  202");
        let repeated = exchange(&json!({
            "from": "middleware", "to": "erp", "operation": "createReservation", "key": "k", "attempt": 3,
            "status": 409, "replayed": true,
            "response": { "type": "urn:counterproof:problem:insufficient-stock", "detail": "not printed" },
        }));
        assert_eq!(
            told(&repeated),
            "t+0.031  middleware ──createReservation──▶ erp         409 insufficient-stock key k attempt 3 (answered from store)"
        );
        let unknown =
            exchange(&json!({ "status": 503, "outcome": "unknown", "started_at": "2026-11-27T08:59:59Z" }));
        assert_eq!(
            told(&unknown),
            "t-1.000  wms        ──shipment shipped──▶ middleware  503 (outcome unknown)"
        );
    }

    #[test]
    fn tells_faults_and_rest() {
        let fault = json!({ "kind": "fault_injected", "fault": "commit-then-drop", "system": "erp", "operation": "createSalesOrder" });
        assert_eq!(told(&fault), "t+1.500  fault commit-then-drop on erp, createSalesOrder");
        let settled = json!({ "kind": "settled", "at_rest": false, "waited_ms": 20_000 });
        assert_eq!(told(&settled), "t+1.500  not at rest within 20.0 s");
    }

    #[test]
    fn a_long_chain_loses_its_middle() {
        let settled = link(&json!({ "kind": "settled", "at_rest": true, "waited_ms": 1 }));
        let links: Vec<Link> = (1..=40).map(|seq| Link { seq, ..settled.clone() }).collect();
        let told = render(&links, 40);
        assert_eq!(told.len(), LINKS_MAX + 1);
        assert_eq!(told[LINKS_FIRST].1, "… 16 more, in the journal");
        assert_eq!(told.iter().position(|(breaks, _)| *breaks), Some(LINKS_MAX), "where it broke is kept");
    }
}
