//! Tasks: calls to partners that an order needs, one for each intent.

use counterproof_contracts::{
    model::{
        ConditionGrade, FeedId, FulfillmentOrderId, LineId, OrderNumber, ReceiptId, RefundId, ReservationId,
        RmaId, ShipmentId, StockCondition, System, TenderId, Timestamp,
    },
    protocol::{Operation, percent_encode},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::state::Chain;

/// Longest idempotency key in characters; longer ones are cut to a digest.
const KEY_CHARS_MAX: usize = 200;

/// What a call is for. An order has each intent at most once, whatever the number of its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "intent", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each field is the identifier that its name says")]
pub enum Intent {
    /// Ask the tax engine what the order's taxes are.
    QuoteTax,
    /// Hold a card tender's amount; `round` counts its authorizations from 0.
    Authorize { tender: TenderId, round: u32 },
    /// Take a stored-value tender's amount.
    Debit { tender: TenderId },
    /// Give up what is held and not captured of a card tender's authorization.
    Void { tender: TenderId, round: u32 },
    /// Give back what was debited and not used.
    CreditBack { tender: TenderId },
    /// Claim stock for all lines.
    Reserve,
    /// Book the order in the ERP.
    Book,
    /// Tell a node to pick, pack and ship.
    Fulfill { fulfillment_order: FulfillmentOrderId },
    /// Ask a node to stop units.
    Stop { cancellation: String, fulfillment_order: FulfillmentOrderId },
    /// Give claimed stock back, of canceled units or of units that a node gave back.
    Release { cause: String, reservation: ReservationId },
    /// Claim stock again for units that lost theirs.
    ReserveAgain { cause: String },
    /// Book that goods were not where the books have them.
    WriteOff { cause: String, line: LineId },
    /// Tell a node that its substitute is not wanted.
    RefuseSubstitute { proposal: String },
    /// Ask the tax engine what the taxes of a changed order are.
    QuoteChange { change: String },
    /// Ask a node to ship to another address.
    Readdress { change: String, fulfillment_order: FulfillmentOrderId },
    /// Tell the ERP the order's next version.
    Rebook { version: u32 },
    /// Take canceled units out of the sales order.
    Unbook { cancellation: String },
    /// Buy a label for a parcel.
    Label { shipment: ShipmentId },
    /// Put the label on the parcel.
    Attach { shipment: ShipmentId },
    /// Take the money for a parcel.
    Capture { shipment: ShipmentId, tender: TenderId, attempt: u32 },
    /// Activate a gift card that was bought.
    ActivateCard { delivery: ShipmentId },
    /// Disable a gift card that is paid back.
    DisableCard { line: LineId },
    /// Book that a parcel's goods left.
    IssueGoods { shipment: ShipmentId, line: LineId },
    /// Report the tax of a parcel.
    ReportSale { shipment: ShipmentId },
    /// Post the invoice of a parcel.
    Invoice { shipment: ShipmentId, attempt: u32 },
    /// Book a return authorization in the ERP.
    AuthorizeReturn { rma: RmaId },
    /// Buy a return label.
    ReturnLabel { rma: RmaId },
    /// Tell the dock what will come.
    NoticeReturn { rma: RmaId },
    /// Take a return authorization back in the ERP.
    CancelReturn { rma: RmaId },
    /// Tell the dock that a return will not come.
    CancelNotice { rma: RmaId },
    /// Let goods of a receipt wait for a clerk.
    HoldGoods { receipt: ReceiptId },
    /// Book in the ERP that goods of a receipt were not taken back.
    BookRejection { receipt: ReceiptId },
    /// Buy the label with which rejected goods go to the customer again.
    LabelRejected { receipt: ReceiptId },
    /// Send rejected goods to the customer again.
    SendBack { receipt: ReceiptId },
    /// Book a receipt in the ERP.
    BookReceipt { receipt: ReceiptId },
    /// Book that graded goods are in stock.
    Restock { receipt: ReceiptId, line: LineId, grade: ConditionGrade },
    /// Book that goods left quarantine, or where they went.
    Disposition { decision: String, line: LineId, condition: StockCondition },
    /// Give money back.
    Refund { refund: RefundId, attempt: u32 },
    /// Charge a card again with a refund that was given before goods came; `attempt` is the refund's.
    Recharge { refund: RefundId, attempt: u32 },
    /// Write a refund off that was given before goods came, or take that back.
    WriteOffRefund { write_off: String },
    /// Report the tax that is given back on units of a parcel.
    ReportReturn { receipt: ReceiptId, shipment: ShipmentId },
    /// Post the credit memo of a receipt.
    CreditMemo { receipt: ReceiptId, attempt: u32 },
    /// Let returned goods pay their replacement, or take that back.
    SettleExchange { settlement: String },
    /// Tell the channel of a refund.
    NotifyRefund { refund: RefundId },
    /// Tell the channel where the order stands.
    UpdateStatus { sequence: u64 },
    /// Tell customer service where the order stands.
    Timeline { sequence: u64 },
    /// Tell a channel how many units it may offer.
    PublishStock { channel: System, sequence: u64 },
    /// Tell a channel of a product or place.
    Announce { channel: System, version: u64 },
    /// Book what happened to a transfer between places; no order wants it.
    BookTransfer { posting: String },
    /// Tell the ERP what a store counted; no order wants it.
    Count { count: String },
    /// Fetch a page of a marketplace's feed; no order wants it.
    ReadFeed { feed: FeedId },
}

impl Intent {
    /// Verb and what it is about.
    fn words(&self) -> (&'static str, Vec<String>) {
        match self {
            Self::QuoteTax => ("quote-tax", vec![]),
            Self::Authorize { tender, round } => {
                ("authorize", numbered(vec![tender.to_string()], round.saturating_add(1)))
            }
            Self::Debit { tender } => ("debit", vec![tender.to_string()]),
            Self::Void { tender, round } => {
                ("void", numbered(vec![tender.to_string()], round.saturating_add(1)))
            }
            Self::CreditBack { tender } => ("credit-back", vec![tender.to_string()]),
            Self::Reserve => ("reserve", vec![]),
            Self::Book => ("book", vec![]),
            Self::Fulfill { fulfillment_order } => ("fulfill", vec![fulfillment_order.to_string()]),
            Self::Stop { cancellation, fulfillment_order } => {
                ("stop", vec![cancellation.clone(), fulfillment_order.to_string()])
            }
            Self::Release { cause, reservation } => ("release", vec![cause.clone(), reservation.to_string()]),
            Self::ReserveAgain { cause } => ("reserve-again", vec![cause.clone()]),
            Self::WriteOff { cause, line } => ("write-off", vec![cause.clone(), line.to_string()]),
            Self::RefuseSubstitute { proposal } => ("refuse-substitute", vec![proposal.clone()]),
            Self::QuoteChange { change } => ("quote-change", vec![change.clone()]),
            Self::Readdress { change, fulfillment_order } => {
                ("readdress", vec![change.clone(), fulfillment_order.to_string()])
            }
            Self::Rebook { version } => ("rebook", vec![version.to_string()]),
            Self::Unbook { cancellation } => ("unbook", vec![cancellation.clone()]),
            Self::Label { shipment } => ("label", vec![shipment.to_string()]),
            Self::Attach { shipment } => ("attach", vec![shipment.to_string()]),
            Self::Capture { shipment, tender, attempt } => {
                ("capture", numbered(vec![shipment.to_string(), tender.to_string()], *attempt))
            }
            Self::ActivateCard { delivery } => ("activate-card", vec![delivery.to_string()]),
            Self::DisableCard { line } => ("disable-card", vec![line.to_string()]),
            Self::IssueGoods { shipment, line } => ("issue", vec![shipment.to_string(), line.to_string()]),
            Self::ReportSale { shipment } => ("report-sale", vec![shipment.to_string()]),
            Self::Invoice { shipment, attempt } => {
                ("invoice", numbered(vec![shipment.to_string()], *attempt))
            }
            Self::AuthorizeReturn { rma } => ("authorize-return", vec![rma.to_string()]),
            Self::ReturnLabel { rma } => ("return-label", vec![rma.to_string()]),
            Self::NoticeReturn { rma } => ("notice-return", vec![rma.to_string()]),
            Self::CancelReturn { rma } => ("cancel-return", vec![rma.to_string()]),
            Self::CancelNotice { rma } => ("cancel-notice", vec![rma.to_string()]),
            Self::HoldGoods { receipt } => ("hold", vec![receipt.to_string()]),
            Self::BookRejection { receipt } => ("book-rejection", vec![receipt.to_string()]),
            Self::LabelRejected { receipt } => ("label-rejected", vec![receipt.to_string()]),
            Self::SendBack { receipt } => ("send-back", vec![receipt.to_string()]),
            Self::BookReceipt { receipt } => ("book-receipt", vec![receipt.to_string()]),
            Self::Restock { receipt, line, grade } => {
                ("restock", vec![receipt.to_string(), line.to_string(), format!("{grade:?}")])
            }
            Self::Disposition { decision, line, condition } => {
                ("disposition", vec![decision.clone(), line.to_string(), format!("{condition:?}")])
            }
            Self::Refund { refund, attempt } => ("refund", numbered(vec![refund.to_string()], *attempt)),
            Self::Recharge { refund, attempt } => ("recharge", numbered(vec![refund.to_string()], *attempt)),
            Self::WriteOffRefund { write_off } => ("write-off-refund", vec![write_off.clone()]),
            Self::ReportReturn { receipt, shipment } => {
                ("report-return", vec![receipt.to_string(), shipment.to_string()])
            }
            Self::CreditMemo { receipt, attempt } => {
                ("credit-memo", numbered(vec![receipt.to_string()], *attempt))
            }
            Self::SettleExchange { settlement } => ("settle-exchange", vec![settlement.clone()]),
            Self::NotifyRefund { refund } => ("notify-refund", vec![refund.to_string()]),
            Self::UpdateStatus { sequence } => ("status", vec![sequence.to_string()]),
            Self::BookTransfer { posting } => ("book-transfer", vec![posting.clone()]),
            Self::Count { count } => ("count", vec![count.clone()]),
            Self::ReadFeed { feed } => ("read-feed", vec![feed.to_string()]),
            Self::Timeline { sequence } => ("timeline", vec![sequence.to_string()]),
            Self::Announce { channel, version } => {
                ("announce", vec![channel.to_string(), version.to_string()])
            }
            Self::PublishStock { channel, sequence } => {
                ("publish-stock", vec![channel.to_string(), sequence.to_string()])
            }
        }
    }
}

/// The first of its kind bears no number.
fn numbered(mut about: Vec<String>, number: u32) -> Vec<String> {
    if number > 1 {
        about.push(number.to_string());
    }
    about
}

/// The idempotency key of an intent: a function of the order and the intent only, so that every attempt,
/// also after a restart or a replay, carries the same key.
pub fn idempotency_key(order: &OrderNumber, intent: &Intent) -> String {
    let (verb, about) = intent.words();
    let mut key = format!("{}.{verb}", percent_encode(order.as_str()));
    for part in about {
        key.push('.');
        key.push_str(&percent_encode(&part));
    }
    if key.len() <= KEY_CHARS_MAX {
        return key;
    }
    format!("{verb}.{}", hex(&Sha256::digest(key.as_bytes())))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// What is called, and with what.
#[derive(Debug, Clone, PartialEq)]
pub struct PartnerCall {
    /// The operation.
    pub operation: Operation,
    /// Values of the path's parameters, in the order of the template.
    pub parameters: Vec<String>,
    /// The body.
    pub body: Value,
}

impl PartnerCall {
    /// A call with a document.
    pub fn new(operation: Operation, parameters: &[&str], body: &impl Serialize) -> Self {
        Self {
            operation,
            parameters: parameters.iter().map(ToString::to_string).collect(),
            // The contract's documents are structures with text keys: they have a JSON form.
            body: serde_json::to_value(body).unwrap_or(Value::Null),
        }
    }
}

/// A call that is to be made until its outcome is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Idempotency key, see [`idempotency_key`].
    pub key: String,
    /// The order.
    pub order_number: OrderNumber,
    /// What it is for.
    pub intent: Intent,
    /// Who is called.
    pub partner: System,
    /// `operationId`.
    pub operation: String,
    /// Values of the path's parameters.
    pub parameters: Vec<String>,
    /// The body, fixed when the task arose: every attempt sends the same. Of a reading, what stands in the query.
    pub body: Value,
    /// Correlation and causation that are sent.
    pub chain: Chain,
    /// When it arose.
    pub asked_at: Timestamp,
    /// Number among the order's tasks, from 1.
    pub number: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_intents_apart_and_fit_into_a_header() {
        let order = OrderNumber::new("W 1/ü\n");
        let capture = |shipment: &str, tender: &str| Intent::Capture {
            shipment: ShipmentId::new(shipment),
            tender: TenderId::new(tender),
            attempt: 1,
        };
        assert_eq!(idempotency_key(&order, &capture("s", "t")), "W%201%2F%C3%BC%0A.capture.s.t");
        assert_eq!(
            idempotency_key(&OrderNumber::new("W.status"), &Intent::UpdateStatus { sequence: 1 }),
            "W.status.status.1"
        );
        let long = idempotency_key(&order, &capture(&"s".repeat(500), "t"));
        assert!(
            long.len() <= KEY_CHARS_MAX && long != idempotency_key(&order, &capture(&"s".repeat(501), "t"))
        );
    }
}
