//! Comma-separated values (RFC 4180): header, names of the columns, one row for each record, trailer. The
//! first value of a row says which of these it is. Flat records only.
//!
//! A receipt of several lines takes several rows that follow one another and have the same `receipt_id`.

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use super::{BatchError, Entry, Filed, Header, Lines, Record, Totals, is_identifier, number, reason};
use crate::model::{
    Acceptance, BatchKind, ConditionGrade, CorrelationId, InspectedLine, ReceiptId, ReturnLine,
    ReturnReceipt, StockCount,
};

const COUNT_COLUMNS: [&str; 7] =
    ["columns", "count_id", "node_id", "sku", "quantity", "counted_at", "correlation_id"];
const RETURN_COLUMNS: [&str; 12] = [
    "columns",
    "receipt_id",
    "order_number",
    "node_id",
    "received_at",
    "resolution",
    "line_id",
    "sku",
    "quantity",
    "reason",
    "grade",
    "correlation_id",
];

fn columns(kind: BatchKind) -> Result<&'static [&'static str], BatchError> {
    match kind {
        BatchKind::Inventory => Ok(&COUNT_COLUMNS),
        BatchKind::Returns => Ok(&RETURN_COLUMNS),
        BatchKind::Orders | BatchKind::Statuses => Err(BatchError::NotFlat(kind)),
    }
}

/// A row with the line at which it begins.
type Row = (u32, StringRecord);

pub(super) fn read(kind: BatchKind, content: &str) -> Result<Lines, BatchError> {
    let columns = columns(kind)?;
    let mut rows = rows(content)?.into_iter();
    let header = rows.next().and_then(|(_, row)| header(&row)).ok_or(BatchError::NoHeader)?;
    let rows: Vec<Row> = rows.collect();
    let Some((end, data)) = rows.split_last() else { return Err(BatchError::CutOff { line: 1 }) };
    let trailer = trailer(&end.1).ok_or(BatchError::CutOff { line: end.0 })?;
    let Some(((line, named), data)) = data.split_first() else {
        return Err(BatchError::Broken {
            line: 2,
            reason: "the names of the columns are missing".to_owned(),
        });
    };
    if !named.iter().eq(columns.iter().copied()) {
        let reason = format!("the columns are not {}", columns.join(","));
        return Err(BatchError::Broken { line: *line, reason });
    }
    let entries = if kind == BatchKind::Returns { receipts(data) } else { counts(data) };
    Ok(Lines { header, entries, trailer })
}

fn rows(content: &str) -> Result<Vec<Row>, BatchError> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(content.as_bytes());
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| BatchError::Broken {
            line: error.position().map_or(1, |place| u32::try_from(place.line()).unwrap_or(u32::MAX)),
            reason: reason(&error),
        })?;
        let line = row.position().map_or_else(|| number(rows.len()), |place| line_of(place.line()));
        rows.push((line, row));
    }
    Ok(rows)
}

fn line_of(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

fn header(row: &StringRecord) -> Option<Header> {
    let mut values = row.iter().map(str::to_owned);
    (values.next().as_deref() == Some("header")).then_some(())?;
    Some(Header { kind: values.next()?, partner: values.next()?, file_name: values.next()? })
}

fn trailer(row: &StringRecord) -> Option<Totals> {
    let mut values = row.iter();
    (values.next() == Some("trailer")).then_some(())?;
    let records = values.next()?.parse().ok()?;
    let units = values.next()?.parse().ok()?;
    values.next().is_none().then_some(Totals { records, units, ..Totals::default() })
}

/// The values of a data row behind its mark.
fn values<const N: usize>(row: &StringRecord) -> Result<[&str; N], String> {
    let mut found = row.iter();
    if found.next() != Some("data") {
        return Err("is no data".to_owned());
    }
    let values: Vec<&str> = found.collect();
    values.try_into().map_err(|values: Vec<&str>| format!("has {} values, not {N}", values.len()))
}

fn counts(rows: &[Row]) -> Vec<Entry> {
    rows.iter().map(|(line, row)| entry(*line, row, count(row).map(Record::Count))).collect()
}

/// The last value of a row names its chain.
fn entry(line: u32, row: &StringRecord, record: Result<Record, String>) -> Entry {
    let named = row.iter().next_back().filter(|id| record.is_ok() && is_identifier(id));
    Entry { line, correlation: named.map(CorrelationId::from), record }
}

fn count(row: &StringRecord) -> Result<StockCount, String> {
    let [count_id, node_id, sku, quantity, counted_at, _] = values(row)?;
    Ok(StockCount {
        count_id: identifier("count_id", count_id)?.to_owned(),
        node_id: identifier("node_id", node_id)?.into(),
        sku: identifier("sku", sku)?.into(),
        quantity: parsed("quantity", quantity)?,
        counted_at: parsed("counted_at", counted_at)?,
    })
}

/// Rows of one receipt follow one another; one that cannot be read spoils its receipt.
fn receipts(rows: &[Row]) -> Vec<Entry> {
    rows.chunk_by(|(_, one), (_, next)| one.get(0) == next.get(0) && one.get(1) == next.get(1))
        .filter_map(|rows| {
            let record = receipt(rows).map(|receipt| Record::Return(Box::new(receipt)));
            rows.first().map(|(line, row)| entry(*line, row, record))
        })
        .collect()
}

fn receipt(rows: &[Row]) -> Result<ReturnReceipt, String> {
    let mut receipt: Option<ReturnReceipt> = None;
    for (_, row) in rows {
        let (head, line, graded) = receipt_line(row)?;
        let receipt = receipt.get_or_insert_with(|| head.clone());
        if (&receipt.order_number, &receipt.node_id, receipt.received_at, receipt.resolution)
            != (&head.order_number, &head.node_id, head.received_at, head.resolution)
        {
            return Err(format!("receipt {} contradicts itself", head.receipt_id));
        }
        receipt.lines.push(line);
        receipt.grades.extend(graded);
    }
    receipt.ok_or_else(|| "is empty".to_owned())
}

fn receipt_line(row: &StringRecord) -> Result<(ReturnReceipt, ReturnLine, Option<InspectedLine>), String> {
    let [receipt_id, order, node, received_at, resolution, line_id, sku, quantity, why, grade, _] =
        values(row)?;
    let line = ReturnLine {
        line_id: identifier("line_id", line_id)?.into(),
        sku: identifier("sku", sku)?.into(),
        quantity: parsed("quantity", quantity)?,
        reason: code("reason", why)?,
    };
    if line.quantity == 0 {
        return Err("quantity must be at least 1".to_owned());
    }
    let grade: Option<ConditionGrade> = optional("grade", grade)?;
    let graded = grade.map(|grade| InspectedLine {
        line_id: line.line_id.clone(),
        sku: line.sku.clone(),
        quantity: line.quantity,
        grade,
        acceptance: Acceptance::Accepted,
    });
    let head = ReturnReceipt {
        receipt_id: ReceiptId::from(identifier("receipt_id", receipt_id)?),
        order_number: identifier("order_number", order)?.into(),
        rma_id: None,
        node_id: identifier("node_id", node)?.into(),
        received_at: parsed("received_at", received_at)?,
        resolution: optional("resolution", resolution)?,
        gift_recipient_ref: None,
        lines: Vec::new(),
        grades: Vec::new(),
        exchange: None,
        serials: Vec::new(),
        unexpected: Vec::new(),
        shipment_id: None,
        till_reference: None,
    };
    Ok((head, line, graded))
}

fn identifier<'v>(column: &str, value: &'v str) -> Result<&'v str, String> {
    if is_identifier(value) { Ok(value) } else { Err(format!("{column} is no identifier")) }
}

fn parsed<T: std::str::FromStr>(column: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{column} cannot be read"))
}

/// A code of a list, by its name on the wire.
fn code<T: serde::de::DeserializeOwned>(column: &str, value: &str) -> Result<T, String> {
    serde_json::from_value(value.into()).map_err(|_| format!("{column} is no code of its list"))
}

fn optional<T: serde::de::DeserializeOwned>(column: &str, value: &str) -> Result<Option<T>, String> {
    if value.is_empty() { Ok(None) } else { code(column, value).map(Some) }
}

pub(super) fn write(
    header: &Header,
    kind: BatchKind,
    records: &[Filed],
    totals: &Totals,
) -> Result<String, BatchError> {
    let mut rows = vec![
        vec!["header".to_owned(), header.kind.clone(), header.partner.clone(), header.file_name.clone()],
        columns(kind)?.iter().map(|name| (*name).to_owned()).collect(),
    ];
    for Filed { record, correlation } in records {
        match record {
            Record::Count(count) => rows.push(count_row(count, correlation)),
            Record::Return(receipt) => rows.extend(receipt_rows(receipt, correlation)),
            other => return Err(BatchError::NotFlat(other.kind())),
        }
    }
    rows.push(vec!["trailer".to_owned(), totals.records.to_string(), totals.units.to_string()]);
    let mut writer = WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in rows {
        // Writing into memory does not fail.
        let _ = writer.write_record(row);
    }
    Ok(String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default())
}

fn count_row(count: &StockCount, correlation: &CorrelationId) -> Vec<String> {
    vec![
        "data".to_owned(),
        count.count_id.clone(),
        count.node_id.to_string(),
        count.sku.to_string(),
        count.quantity.to_string(),
        count.counted_at.to_string(),
        correlation.to_string(),
    ]
}

fn receipt_rows(receipt: &ReturnReceipt, correlation: &CorrelationId) -> impl Iterator<Item = Vec<String>> {
    receipt.lines.iter().map(move |line| {
        let grade = receipt.grades.iter().find(|grade| grade.line_id == line.line_id);
        vec![
            "data".to_owned(),
            receipt.receipt_id.to_string(),
            receipt.order_number.to_string(),
            receipt.node_id.to_string(),
            receipt.received_at.to_string(),
            receipt.resolution.map(name).unwrap_or_default(),
            line.line_id.to_string(),
            line.sku.to_string(),
            line.quantity.to_string(),
            name(line.reason),
            grade.map(|grade| name(grade.grade)).unwrap_or_default(),
            correlation.to_string(),
        ]
    })
}

/// A code's name on the wire.
fn name(code: impl serde::Serialize) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
