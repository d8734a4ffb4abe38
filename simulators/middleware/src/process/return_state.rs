//! What is known of returns: authorizations, receipts, what was graded and decided, and the refunds for them.

use std::collections::BTreeMap;

use counterproof_contracts::{
    allocation::Value,
    model::{
        AccountId, CustomerRef, DispositionCode, DispositionDecision, HeldGoods, InspectedLine, LineId,
        NodeId, ReceiptId, RefundId, RefundPart, RefundStatus, Resolution, ReturnCancellation, ReturnLine,
        ReturnMethod, ReturnReceipt, ReturnRejection, ReturnRequest, ReturnStatus, RmaId, ShipmentId,
        Timestamp, TrackingNumber,
    },
};
use serde::{Deserialize, Serialize};

use super::{
    document::DocumentState,
    state::{Chain, Units},
};

/// A return authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnState {
    /// Identifier.
    pub rma_id: RmaId,
    /// What was asked; absent where goods came unannounced.
    pub request: Option<ReturnRequest>,
    /// The chain that it belongs to.
    pub chain: Chain,
    /// How the goods travel.
    pub method: ReturnMethod,
    /// What the customer gets.
    pub resolution: Resolution,
    /// The recipient of a gift who returns it.
    pub gift_recipient_ref: Option<CustomerRef>,
    /// What may come.
    pub lines: Vec<ReturnLine>,
    /// After that it lapses.
    pub expires_at: Timestamp,
    /// The return label's number.
    pub tracking_number: Option<TrackingNumber>,
    /// Set once the customer took it back.
    #[serde(default)]
    pub canceled: Option<ReturnCancellation>,
    /// Units that came, by line.
    pub received: BTreeMap<LineId, u32>,
    /// Units that were graded, by line.
    pub graded: BTreeMap<LineId, u32>,
    /// Money that was given back before its goods came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance: Option<AdvanceState>,
}

/// Money that was given back before goods came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvanceState {
    /// How much, minor units.
    pub amount: i64,
    /// Until when the goods are waited for.
    pub return_by: Timestamp,
    /// Of the amount, what accepted goods were worth.
    pub earned: i64,
    /// The time for the goods is over.
    pub due: bool,
    /// What is taken back, refund by refund; decided once, when the goods are waited for no longer.
    pub takings: Option<Vec<Taking>>,
    /// What goods are worth that were graded while nobody knew whether the card could be charged, by receipt.
    pub waiting: Vec<(ReceiptId, i64)>,
}

/// What is taken back of a refund that was given before goods came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    /// The refund.
    pub refund_id: RefundId,
    /// Minor units.
    pub amount: i64,
    /// Where it stands.
    pub outcome: TakingOutcome,
    /// What goods paid that came after it was written off, by receipt.
    pub recovered: Vec<(ReceiptId, i64)>,
}

/// What became of money that is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TakingOutcome {
    /// Nobody knows yet.
    Open,
    /// The card was charged again.
    Recharged,
    /// The card could not be charged: the retailer gave it up.
    WrittenOff,
    /// It had not been given back.
    NotPaid,
}

impl Taking {
    /// What was written off and no goods paid, minor units.
    pub fn lost(&self) -> i64 {
        let recovered: i64 = self.recovered.iter().map(|(_, amount)| amount).sum();
        if self.outcome == TakingOutcome::WrittenOff { self.amount - recovered } else { 0 }
    }
}

/// Returned goods that wait at a dock for a clerk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldState {
    /// Which.
    pub goods: HeldGoods,
    /// The chain that told it.
    pub chain: Chain,
}

/// Returned goods that go to the customer again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectionState {
    /// Which.
    pub rejection: ReturnRejection,
    /// The chain that told it.
    pub chain: Chain,
}

/// A receipt of returned goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptState {
    /// As it was told, with the authorization that it belongs to now.
    pub receipt: ReturnReceipt,
    /// As it was told.
    pub told: ReturnReceipt,
    /// The authorization.
    pub rma_id: RmaId,
    /// The chain that told it.
    pub chain: Chain,
    /// What its goods had gone through.
    #[serde(default)]
    pub way: Way,
    /// Set once the goods are graded.
    pub graded: Option<Graded>,
}

/// What goods had gone through when they were received, or given up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The customer had them.
    #[default]
    Returned,
    /// They came back undelivered.
    Undelivered,
    /// They never will: the carrier lost them. The receipt bears the number of the parcel.
    Lost,
    /// They turned up after they had been lost, and paid for.
    Found,
}

/// What was decided when goods were graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    /// The chain that told the grades.
    pub chain: Chain,
    /// Grades with what becomes of the goods, one entry for each line and grade.
    pub lines: Vec<(InspectedLine, DispositionCode)>,
    /// Where the goods are and stay.
    pub target_node: NodeId,
    /// Which units of which lines.
    pub units: Vec<Units>,
    /// What they are worth.
    pub gross: i64,
    /// Of this, tax.
    pub tax: i64,
    /// What is kept of that, because promotions that stay with the customer are not earned any more; negative
    /// where something that was kept is given back.
    #[serde(default)]
    pub retained: i64,
    /// Its credit memo.
    #[serde(default)]
    pub memo: DocumentState,
    /// Whether the charge for shipping is in it.
    #[serde(default)]
    pub shipping: bool,
}

impl Graded {
    /// What the customer is owed for it.
    pub const fn credited(&self) -> Value {
        Value { gross: self.gross.saturating_sub(self.retained), tax: self.tax }
    }
}

/// What a dock decided on goods in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionState {
    /// As it was told.
    pub told: DispositionDecision,
    /// The chain that told it.
    pub chain: Chain,
}

/// Who pays a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "means", rename_all = "snake_case")]
pub enum RefundMeans {
    /// The payment provider, against the capture of a parcel.
    Card {
        /// The parcel.
        shipment: ShipmentId,
    },
    /// The account that was debited.
    Account {
        /// The account.
        account_id: AccountId,
    },
    /// The order whose goods paid this one.
    Exchange,
    /// Newly issued store credit.
    StoreCredit {
        /// Who receives it.
        customer_ref: CustomerRef,
    },
    /// The marketplace.
    Marketplace,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundState {
    /// What the customer gets.
    pub part: RefundPart,
    /// Who pays.
    pub means: RefundMeans,
    /// Where it stands.
    pub status: RefundStatus,
    /// The receipt that caused it.
    pub receipt_id: ReceiptId,
    /// The chain that it belongs to.
    pub chain: Chain,
    /// Which attempt is the present one, from 1.
    #[serde(default = "first")]
    pub attempt: u32,
    /// The refund that could not be paid and that it is instead of.
    #[serde(default)]
    pub replaces: Option<RefundId>,
}

impl ReturnState {
    /// Units of a line that may still come; none once it lapsed.
    pub fn open_units(&self, line: &LineId, now: Timestamp) -> u32 {
        if self.is_open(now) { self.allowed(line).saturating_sub(self.received_units(line)) } else { 0 }
    }

    /// Units that were announced and have not come.
    pub fn missing(&self) -> u32 {
        let announced: u32 = self.lines.iter().map(|line| line.quantity).sum();
        let came: u32 = self.received.values().sum();
        if self.canceled.is_some() { 0 } else { announced.saturating_sub(came) }
    }

    /// Whether all its units were graded.
    pub fn is_graded(&self) -> bool {
        let graded = |line: &LineId| self.graded.get(line).copied().unwrap_or(0);
        self.lines.iter().all(|line| graded(&line.line_id) >= self.allowed(&line.line_id))
    }

    /// Whether goods may still come for it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.method != ReturnMethod::KeepItem && self.canceled.is_none() && now <= self.expires_at
    }

    /// Units of a line that it covers.
    pub fn allowed(&self, line: &LineId) -> u32 {
        self.lines.iter().filter(|allowed| allowed.line_id == *line).map(|allowed| allowed.quantity).sum()
    }

    fn received_units(&self, line: &LineId) -> u32 {
        self.received.get(line).copied().unwrap_or(0)
    }

    /// Where it stands; lapsing is told by the clock alone.
    pub fn status(&self, now: Timestamp) -> ReturnStatus {
        let all = |counted: &BTreeMap<LineId, u32>| {
            self.lines
                .iter()
                .all(|line| counted.get(&line.line_id).copied().unwrap_or(0) >= self.allowed(&line.line_id))
        };
        if self.method == ReturnMethod::KeepItem || all(&self.graded) {
            ReturnStatus::Closed
        } else if all(&self.received) {
            ReturnStatus::Received
        } else if self.canceled.is_some() {
            ReturnStatus::Canceled
        } else if self.received.values().any(|units| *units > 0) {
            // What does not come in time, does not come: what came is done once it is graded.
            let done = self.received.iter().all(|(line, units)| self.graded.get(line) == Some(units));
            if now > self.expires_at && done { ReturnStatus::Closed } else { ReturnStatus::PartiallyReceived }
        } else if now > self.expires_at {
            ReturnStatus::Expired
        } else {
            ReturnStatus::Approved
        }
    }
}

pub(super) const fn first() -> u32 {
    1
}
