//! JSON lines: a header, one document for each line, a trailer; each an object with its `record`.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{BatchError, Entry, Filed, Header, Lines, Record, Totals, is_identifier, number, reason};
use crate::{
    model::{BatchKind, CorrelationId},
    shape::{depth_exceeds, document_errors},
};

/// Deepest nesting of a record.
const DEPTH_MAX: usize = 64;

#[derive(Serialize, Deserialize)]
struct Line<T> {
    record: String,
    #[serde(flatten)]
    content: T,
}

#[derive(Serialize, Deserialize)]
struct Head {
    kind: String,
    partner: String,
    file_name: String,
}

#[derive(Serialize, Deserialize)]
struct Data<T> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<CorrelationId>,
    data: T,
}

pub(super) fn read(kind: BatchKind, content: &str) -> Result<Lines, BatchError> {
    let lines: Vec<&str> = content.lines().collect();
    let head: Head = lines.first().and_then(|line| marked(line, "header")).ok_or(BatchError::NoHeader)?;
    let last = lines.len().saturating_sub(1);
    let trailer = lines.get(1..).and_then(<[_]>::last).and_then(|line| marked::<Totals>(line, "trailer"));
    let trailer = trailer.ok_or_else(|| BatchError::CutOff { line: number(last) })?;
    let entries = lines
        .get(1..last)
        .unwrap_or_default()
        .iter()
        .enumerate()
        .map(|(index, line)| entry(kind, number(index + 1), line))
        .collect();
    let header = Header { kind: head.kind, partner: head.partner, file_name: head.file_name };
    Ok(Lines { header, entries, trailer })
}

/// A line with this mark; `None` if it is another's, or no JSON.
fn marked<T: DeserializeOwned>(line: &str, mark: &str) -> Option<T> {
    if depth_exceeds(line.as_bytes(), DEPTH_MAX) {
        return None;
    }
    let line: Line<T> = serde_json::from_str(line).ok()?;
    (line.record == mark).then_some(line.content)
}

fn entry(kind: BatchKind, number: u32, line: &str) -> Entry {
    let parsed = if depth_exceeds(line.as_bytes(), DEPTH_MAX) {
        Err(format!("nests more than {DEPTH_MAX} deep"))
    } else {
        serde_json::from_str::<Line<Data<Value>>>(line).map_err(reason)
    };
    match parsed {
        Err(reason) => Entry { line: number, correlation: None, record: Err(reason) },
        Ok(Line { record, content: Data { correlation_id, data } }) => {
            let correlation = correlation_id.filter(|id| is_identifier(id.as_str()));
            Entry { line: number, correlation, record: understood(kind, &record, data) }
        }
    }
}

fn understood(kind: BatchKind, mark: &str, data: Value) -> Result<Record, String> {
    match (kind, mark) {
        (BatchKind::Orders, "order") => document("order", data).map(|order| Record::Order(Box::new(order))),
        (BatchKind::Inventory, "count") => document("stock-count", data).map(Record::Count),
        (BatchKind::Returns, "return") => {
            document("return-receipt", data).map(|receipt| Record::Return(Box::new(receipt)))
        }
        (BatchKind::Statuses, "status") => {
            document("order-status-update", data).map(|update| Record::Status(Box::new(update)))
        }
        (BatchKind::Statuses, "refund") => {
            document("refund-notice", data).map(|notice| Record::Refund(Box::new(notice)))
        }
        (kind, other) => {
            let other: String = other.chars().take(32).collect();
            Err(format!("a file of {} has no record {other:?}", kind.name()))
        }
    }
}

/// A record's document, held to its schema.
fn document<T: DeserializeOwned>(schema: &str, data: Value) -> Result<T, String> {
    if let Some(error) = document_errors(schema, &data).first() {
        return Err(reason(format!("at {:?}: {}", error.pointer, error.detail)));
    }
    serde_json::from_value(data).map_err(reason)
}

pub(super) fn write(header: &Header, records: &[Filed], totals: &Totals) -> String {
    let head = Head {
        kind: header.kind.clone(),
        partner: header.partner.clone(),
        file_name: header.file_name.clone(),
    };
    let mut lines = vec![line("header", head)];
    lines.extend(records.iter().map(|filed| match &filed.record {
        Record::Order(order) => line("order", data(filed, order)),
        Record::Count(count) => line("count", data(filed, count)),
        Record::Return(receipt) => line("return", data(filed, receipt)),
        Record::Status(update) => line("status", data(filed, update)),
        Record::Refund(notice) => line("refund", data(filed, notice)),
    }));
    lines.push(line("trailer", totals));
    lines.concat()
}

fn data<T>(filed: &Filed, document: T) -> Data<T> {
    Data { correlation_id: Some(filed.correlation.clone()), data: document }
}

/// The contract's documents have text keys: they have a JSON form.
fn line(record: &str, content: impl Serialize) -> String {
    let line = Line { record: record.to_owned(), content };
    serde_json::to_string(&line).unwrap_or_default() + "\n"
}
