//! Files of partners that only take and give files: read, checked against their control totals, written.
//!
//! A file begins with a header, has one record on each line, and ends with a trailer: how many records there
//! are, how many units they speak of, and how much money by currency. A file whose trailer is missing or
//! contradicts its records was damaged on its way, and nothing of it is used. A record that cannot be read
//! between others that can is refused alone. What a record means is decided elsewhere.

mod csv;
mod jsonl;
#[cfg(test)]
mod tests;
mod totals;

pub use totals::Totals;

use crate::model::{
    BatchFile, BatchFormat, BatchKind, CorrelationId, NodeId, Order, OrderStatusUpdate, RefundNotice,
    ReturnReceipt, StockCount,
};

/// Most records in a file.
pub const RECORDS_MAX: usize = 10_000;
/// Longest text of a file, in bytes.
pub const CONTENT_BYTES_MAX: usize = 900_000;
/// Longest reason for which a record is refused, in characters.
const REASON_CHARS_MAX: usize = 300;

/// What one record says.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// An order that a partner took.
    Order(Box<Order>),
    /// Stock that a partner counted.
    Count(StockCount),
    /// Goods that a partner took back.
    Return(Box<ReturnReceipt>),
    /// Where an order stands.
    Status(Box<OrderStatusUpdate>),
    /// A refund that the customer gets.
    Refund(Box<RefundNotice>),
}

impl Record {
    /// The kind of file that it belongs into.
    pub const fn kind(&self) -> BatchKind {
        match self {
            Self::Order(_) => BatchKind::Orders,
            Self::Count(_) => BatchKind::Inventory,
            Self::Return(_) => BatchKind::Returns,
            Self::Status(_) | Self::Refund(_) => BatchKind::Statuses,
        }
    }
}

/// A record to be written, with the chain of messages that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// What it says.
    pub record: Record,
    /// Its chain: a file holds the records of many.
    pub correlation: CorrelationId,
}

/// A record with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Line of the file at which it begins, counted from 1.
    pub line: u32,
    /// The chain that it belongs to, where it can be read and names one.
    pub correlation: Option<CorrelationId>,
    /// What it says, or why it cannot be read.
    pub record: Result<Record, String>,
}

/// Why nothing of a file can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The text is longer than a file may be.
    #[error("the file has more than {CONTENT_BYTES_MAX} bytes")]
    TooLong,
    /// More records than a file may have.
    #[error("the file has more than {RECORDS_MAX} records")]
    TooMany,
    /// The first line is no header.
    #[error("line 1 is no header")]
    NoHeader,
    /// Header and message speak of different files.
    #[error("the header says {what} {said:?}, the message {expected:?}")]
    OtherFile {
        /// What of them.
        what: &'static str,
        /// In the header.
        said: String,
        /// In the message.
        expected: String,
    },
    /// The last line is no trailer.
    #[error("the file is cut off: line {line} is its last and no trailer")]
    CutOff {
        /// The last line.
        line: u32,
    },
    /// There is something behind the trailer.
    #[error("line {line} stands behind the trailer")]
    BehindTrailer {
        /// The line.
        line: u32,
    },
    /// The trailer contradicts the records.
    #[error("the trailer says {said}, the records have {counted}")]
    Totals {
        /// What the trailer says.
        said: Totals,
        /// What was counted.
        counted: Totals,
    },
    /// The format cannot hold such records.
    #[error("{} cannot be written as comma-separated values", .0.name())]
    NotFlat(BatchKind),
    /// The text is not what its format says.
    #[error("line {line}: {reason}")]
    Broken {
        /// The line.
        line: u32,
        /// Why.
        reason: String,
    },
}

/// The lines of a file, before they are understood.
struct Lines {
    header: Header,
    entries: Vec<Entry>,
    trailer: Totals,
}

/// What a file says of itself.
struct Header {
    kind: String,
    partner: String,
    file_name: String,
}

/// Reads a file and checks it against its control totals.
///
/// ```
/// use counterproof_contracts::{batch, model::{BatchFile, BatchFormat, BatchKind, StockCount}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let count = StockCount {
///     count_id: "C-1".to_owned(),
///     node_id: "store-12".into(),
///     sku: "linen-shirt".into(),
///     quantity: 4,
///     counted_at: "2026-11-27T18:00:00Z".parse()?,
/// };
/// let records = [batch::Filed { record: batch::Record::Count(count), correlation: "chain-1".into() }];
/// let mut file = batch::write("counts-7.csv", &"store-12".into(), BatchFormat::Csv, BatchKind::Inventory, &records)?;
/// assert_eq!(batch::read(&file)?[0].record.as_ref(), Ok(&records[0].record));
///
/// file.content = file.content.replace(",4,", ",40,");
/// let refusal = batch::read(&file).unwrap_err().to_string();
/// assert_eq!(refusal, "the trailer says 1 record with 4 units, the records have 1 record with 40 units");
/// # Ok(())
/// # }
/// ```
pub fn read(file: &BatchFile) -> Result<Vec<Entry>, BatchError> {
    if file.content.len() > CONTENT_BYTES_MAX {
        return Err(BatchError::TooLong);
    }
    let lines = match file.format {
        BatchFormat::Csv => csv::read(file.kind, &file.content)?,
        BatchFormat::Jsonl => jsonl::read(file.kind, &file.content)?,
    };
    same("kind", lines.header.kind, file.kind.name())?;
    same("partner", lines.header.partner, file.partner.as_str())?;
    same("file name", lines.header.file_name, &file.file_name)?;
    if lines.entries.len() > RECORDS_MAX {
        return Err(BatchError::TooMany);
    }
    lines.trailer.check(&lines.entries)?;
    Ok(lines.entries)
}

fn same(what: &'static str, said: String, expected: &str) -> Result<(), BatchError> {
    if said == expected {
        return Ok(());
    }
    Err(BatchError::OtherFile { what, said, expected: expected.to_owned() })
}

/// Writes a file with its control totals.
pub fn write(
    file_name: &str,
    partner: &NodeId,
    format: BatchFormat,
    kind: BatchKind,
    records: &[Filed],
) -> Result<BatchFile, BatchError> {
    let header = Header {
        kind: kind.name().to_owned(),
        partner: partner.to_string(),
        file_name: file_name.to_owned(),
    };
    let totals = Totals::of(records.iter().map(|filed| &filed.record));
    let content = match format {
        BatchFormat::Csv => csv::write(&header, kind, records, &totals)?,
        BatchFormat::Jsonl => jsonl::write(&header, records, &totals),
    };
    Ok(BatchFile { file_name: file_name.to_owned(), partner: partner.clone(), kind, format, content })
}

/// Why a record is refused, in bounds.
fn reason(text: impl std::fmt::Display) -> String {
    text.to_string().chars().take(REASON_CHARS_MAX).collect()
}

/// A line's number, counted from 1.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

/// What schemas ask of identifiers: 1 to 128 printable characters, no space at either end.
fn is_identifier(value: &str) -> bool {
    let printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    !value.is_empty() && value.len() <= 128 && value.trim() == value && printable
}
