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
    let mut lines: Vec<(bool, String)> =
        links.iter().map(|link| (link.seq == broken_at, columns.line(link))).collect();
    if lines.len() > LINKS_MAX {
        let left_out = lines.len() - LINKS_MAX;
        let dots = (false, format!("… {left_out} more, in the journal"));
        lines.splice(LINKS_FIRST..LINKS_FIRST + left_out, [dots]);
    }
    lines
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
