//! Requests and answers of the middleware that are no documents of their own.

use serde::{Deserialize, Serialize};

use crate::model::{LineQuantity, OrderNumber, OrderStatus, System, Timestamp};

/// That an order was received. Whether it is accepted is told by status updates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderAcknowledgment {
    /// The order.
    pub order_number: OrderNumber,
    /// The middleware's own identifier.
    pub order_id: String,
    /// Where it stands.
    pub status: OrderStatus,
}

/// A wish to cancel units, or with no lines the whole order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier, chosen by the channel; one for each wish.
    pub cancellation_id: String,
    /// What to cancel; empty: everything that has not left.
    #[serde(default)]
    pub lines: Vec<LineQuantity>,
    /// Why.
    pub reason: String,
}

/// Where a cancellation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancellationStatus {
    /// A node must answer first.
    Pending,
    /// All units that were asked for are canceled.
    Canceled,
    /// Some units had gone; the others are canceled.
    PartiallyCanceled,
    /// All units had gone.
    Refused,
}

/// Answer to a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier.
    pub cancellation_id: String,
    /// Where it stands.
    pub status: CancellationStatus,
    /// Units that are canceled for certain.
    pub canceled: Vec<LineQuantity>,
}

/// A wish to make every call again that an order ever led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// Why.
    pub reason: String,
}

/// Answer to a replay request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReplay {
    /// The order.
    pub order_number: OrderNumber,
    /// How many calls are made again, one after the other.
    pub calls: u32,
}

/// A message that could not be delivered or understood, kept for a person to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// Identifier.
    pub dead_letter_id: String,
    /// The order, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_number: Option<OrderNumber>,
    /// Who was called, or who sent it.
    pub partner: System,
    /// The operation or event type.
    pub operation: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last.
    pub reason: String,
    /// When it was given up.
    pub recorded_at: Timestamp,
}

/// Answer to a look at the dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterList {
    /// Oldest first.
    pub items: Vec<DeadLetter>,
}

/// One step in the life of an order or return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Gapless per order, from 1.
    pub sequence: u64,
    /// The order.
    pub order_number: OrderNumber,
    /// What happened, in a sentence.
    pub text: String,
    /// Whose message or decision it was.
    pub source_system: System,
    /// The chain of messages that it belongs to.
    pub correlation_id: String,
    /// The message that caused it.
    pub causation_id: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

/// The audit trail of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTrail {
    /// The order.
    pub order_number: OrderNumber,
    /// In sequence.
    pub items: Vec<AuditRecord>,
}

/// A wish to try a dead letter again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterReplay {
    /// Why; it is recorded in the audit trail.
    pub reason: String,
}

/// Whether the middleware can take traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// `ready` once it can take traffic, `stopping` when it takes no more.
    pub status: String,
    /// Version of the implementation.
    pub version: String,
    /// How each partner is doing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<PartnerHealth>,
}

/// How a partner is doing, as its callers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerHealth {
    /// Which.
    pub partner: System,
    /// In which mode the implementation works with it.
    pub mode: PartnerMode,
    /// Calls that it has not answered usably so far, and that will be repeated.
    pub failing_calls: u64,
}

/// In which mode an implementation works with a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartnerMode {
    /// Nothing is amiss.
    Normal,
    /// Calls fail and are repeated: what depends on it waits, or goes on within declared limits.
    Impaired,
}
