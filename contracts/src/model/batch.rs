//! Files of partners that take part in no calls: batches of orders, counts, returns and statuses.

use serde::{Deserialize, Serialize};

use super::{NodeId, Sku, Timestamp};

/// What the records of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchKind {
    /// Orders that a partner took.
    Orders,
    /// Stock that a partner counted.
    Inventory,
    /// Returned goods that a partner took back.
    Returns,
    /// Where orders and refunds stand, for a partner.
    Statuses,
}

impl BatchKind {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Inventory => "inventory",
            Self::Returns => "returns",
            Self::Statuses => "statuses",
        }
    }
}

/// How the records of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchFormat {
    /// Comma-separated values (RFC 4180); for counts and returns, which are flat.
    Csv,
    /// One JSON document for each line.
    Jsonl,
}

/// A file on its way: what a managed file transfer carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchFile {
    /// Name, chosen by who sends it.
    pub file_name: String,
    /// The store or warehouse that sends it, or that it is for.
    pub partner: NodeId,
    /// What its records are.
    pub kind: BatchKind,
    /// How they are written.
    pub format: BatchFormat,
    /// The text: a header, one record for each line, a trailer with control totals.
    pub content: String,
}

/// What became of a file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchStatus {
    /// Every record was taken, or known before.
    Accepted,
    /// Some records were refused; the others were taken.
    PartiallyAccepted,
    /// Every record was refused.
    Refused,
}

/// A record that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedRecord {
    /// Line of the file, counted from 1.
    pub line: u32,
    /// Why.
    pub reason: String,
}

/// The receipt for a file, record by record. A file that cannot be read as a whole (cut off, wrong totals)
/// has none: it is refused with a problem, and nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchAcknowledgment {
    /// The file.
    pub file_name: String,
    /// What became of it.
    pub status: BatchStatus,
    /// Records in the file.
    pub records: u32,
    /// Of these, taken by this file.
    pub taken: u32,
    /// Of these, known before: they had no second effect.
    pub known: u32,
    /// The others.
    pub refused: Vec<RefusedRecord>,
}

impl BatchAcknowledgment {
    /// The receipt for a file of which so many records were taken, known before, and refused.
    pub fn new(file_name: String, taken: u32, known: u32, refused: Vec<RefusedRecord>) -> Self {
        let failed = u32::try_from(refused.len()).unwrap_or(u32::MAX);
        let records = taken.saturating_add(known).saturating_add(failed);
        let status = match failed {
            0 => BatchStatus::Accepted,
            all if all == records => BatchStatus::Refused,
            _ => BatchStatus::PartiallyAccepted,
        };
        Self { file_name, status, records, taken, known, refused }
    }
}

/// Units that somebody counted on a shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockCount {
    /// Identifier, chosen by who counted; a second one with the same identifier is the same count.
    pub count_id: String,
    /// Where.
    pub node_id: NodeId,
    /// What.
    pub sku: Sku,
    /// Sellable units that were there.
    pub quantity: u32,
    /// When. An older count than the last one has no effect.
    pub counted_at: Timestamp,
}
