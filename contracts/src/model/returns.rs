//! Returns: what the customer wants, what came back, in what state, what becomes of it.

use serde::{Deserialize, Serialize};

use super::{
    Acceptance, AdvanceRefund, CustomerRef, ExchangeId, ExchangeRequest, FoundItem, LineId, Money, NodeId,
    OrderNumber, ReceiptId, RefundId, RmaId, SerializedUnit, ShipmentId, Sku, StockCondition, TenderId,
    TenderKind, Timestamp, TrackingNumber,
};

/// Why a customer sends something back. Who pays, and what becomes of the goods, are other questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnReason {
    /// Does not work.
    Defective,
    /// Broken on the way.
    DamagedInTransit,
    /// Not what was ordered.
    WrongItem,
    /// Not what was shown.
    NotAsDescribed,
    /// Too small.
    SizeSmall,
    /// Too large.
    SizeLarge,
    /// Not wanted any more.
    ChangedMind,
    /// Came too late.
    LateDelivery,
    /// A present that is not wanted.
    GiftUnwanted,
    /// Never accepted at the door.
    RefusedDelivery,
    /// Never arrived.
    NotReceived,
    /// Called back.
    Recall,
}

/// What the customer wants for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Money back to the tender.
    Refund,
    /// Credit for the next purchase.
    StoreCredit,
    /// Other goods for it.
    Exchange,
}

/// How the goods travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnMethod {
    /// In a parcel, with a label.
    Mail,
    /// Carried into a store.
    Store,
    /// Not at all: they are lost. With the resolution `exchange`, which waits until the carrier gives them up.
    Lost,
    /// They do not: the customer keeps them.
    KeepItem,
}

/// Units that a customer wants to return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLine {
    /// The order's line.
    pub line_id: LineId,
    /// What it is.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
    /// Why.
    pub reason: ReturnReason,
}

/// A customer's wish to return something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequest {
    /// The order.
    pub order_number: OrderNumber,
    /// The channel's reference of the request; one for each request.
    pub return_reference: String,
    /// How the goods travel.
    pub method: ReturnMethod,
    /// What the customer wants for it.
    pub resolution: Resolution,
    /// Who asks, when it is the recipient of a gift and not who paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_recipient_ref: Option<CustomerRef>,
    /// What.
    pub lines: Vec<ReturnLine>,
    /// What the customer wants instead; with the resolution `exchange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeRequest>,
    /// The goods came already: they are held at a dock under this receipt, and a clerk found where they belong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_receipt_id: Option<ReceiptId>,
    /// The customer takes the offer of a refund before the goods come, and accepts that the card is charged again for
    /// what does not come in time or is not accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub instant_refund: bool,
}

/// Where a return authorization stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnStatus {
    /// Asked for.
    Requested,
    /// May come.
    Approved,
    /// May not come.
    Declined,
    /// Some units came.
    PartiallyReceived,
    /// All units came.
    Received,
    /// All units were graded and paid.
    Closed,
    /// Did not come in time.
    Expired,
    /// Taken back by the customer.
    Canceled,
}

/// Permission to return something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAuthorization {
    /// Identifier.
    pub rma_id: RmaId,
    /// The order.
    pub order_number: OrderNumber,
    /// How the goods travel.
    pub method: ReturnMethod,
    /// What the customer gets for it.
    pub resolution: Resolution,
    /// Where it stands.
    pub status: ReturnStatus,
    /// Who asks, when it is the recipient of a gift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_recipient_ref: Option<CustomerRef>,
    /// What may come.
    pub lines: Vec<ReturnLine>,
    /// After that it lapses.
    pub expires_at: Timestamp,
    /// The label's number, for a return by mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_number: Option<TrackingNumber>,
    /// The exchange that the goods belong to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange_id: Option<ExchangeId>,
    /// The goods came already: they are held at a dock under this receipt, and a clerk found where they belong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_receipt_id: Option<ReceiptId>,
    /// What is given back before the goods come, where the customer took that offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advance_refund: Option<AdvanceRefund>,
}

/// State of returned goods as an inspector graded it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConditionGrade {
    /// As new.
    A,
    /// Opened or slightly worn.
    B,
    /// Worn or damaged.
    C,
    /// Unusable.
    D,
}

/// What becomes of returned goods. External code list: GS1 CBV dispositions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DispositionCode {
    /// Back on the shelf (CBV `sellable_accessible`).
    ToStock,
    /// To the outlet (CBV `sellable_not_accessible`).
    ToOutlet,
    /// Sold off in bulk (CBV `non_sellable_other`).
    Liquidate,
    /// Destroyed (CBV `destroyed`).
    Destroy,
    /// Awaits a decision (CBV `unknown`).
    Quarantine,
    /// Repaired, then decided again (CBV `non_sellable_other`).
    Refurbish,
    /// Back to who made them (CBV `returned`).
    ReturnToVendor,
    /// Given away (CBV `disposed`).
    Donate,
    /// Not in the parcel (CBV `unknown`).
    Missing,
}

impl DispositionCode {
    /// The condition that goods have in stock after this disposition; `None` where they leave stock.
    pub const fn stock_condition(self) -> Option<StockCondition> {
        match self {
            Self::ToStock => Some(StockCondition::Sellable),
            Self::ToOutlet => Some(StockCondition::Outlet),
            Self::Liquidate => Some(StockCondition::Liquidation),
            Self::Quarantine => Some(StockCondition::Quarantine),
            Self::Refurbish => Some(StockCondition::Refurbishment),
            Self::ReturnToVendor => Some(StockCondition::VendorReturn),
            Self::Destroy | Self::Donate | Self::Missing => None,
        }
    }
}

/// The grade of returned units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inspection {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// The order.
    pub order_number: OrderNumber,
    /// Where.
    pub node_id: NodeId,
    /// The grades.
    pub lines: Vec<InspectedLine>,
}

/// Units of a line with one grade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectedLine {
    /// The order's line.
    pub line_id: LineId,
    /// What it is.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
    /// Their grade.
    pub grade: ConditionGrade,
    /// Whether they are taken back.
    #[serde(default, skip_serializing_if = "Acceptance::is_accepted")]
    pub acceptance: Acceptance,
}

/// What becomes of units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// The order's line.
    pub line_id: LineId,
    /// What it is.
    pub sku: Sku,
    /// Units.
    pub quantity: u32,
    /// What becomes of them.
    pub code: DispositionCode,
    /// Where they go.
    pub target_node: NodeId,
}

/// What becomes of goods that were in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispositionDecision {
    /// Identifier, chosen by the node that decided.
    pub decision_id: String,
    /// The receipt that the goods came with.
    pub receipt_id: ReceiptId,
    /// The order.
    pub order_number: OrderNumber,
    /// What becomes of which units: each unit once, and not quarantine again.
    pub lines: Vec<Disposition>,
}

/// That goods came back. With `grades`, they were inspected on the spot, as in a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnReceipt {
    /// Identifier, chosen by who received them.
    pub receipt_id: ReceiptId,
    /// The order.
    pub order_number: OrderNumber,
    /// The authorization, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rma_id: Option<RmaId>,
    /// Where.
    pub node_id: NodeId,
    /// When.
    pub received_at: Timestamp,
    /// What the customer wants for it; for goods without authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// Who brings it, when it is the recipient of a gift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift_recipient_ref: Option<CustomerRef>,
    /// What came; empty where nothing in the parcel belongs to the order.
    pub lines: Vec<ReturnLine>,
    /// Grades, where they were given on the spot; they cover all units of `lines`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<InspectedLine>,
    /// What the customer wants instead; for goods without authorization, with the resolution `exchange`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeRequest>,
    /// Units with serial numbers, as they were scanned when they came back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SerializedUnit>,
    /// What came with it and belongs to no line of the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unexpected: Vec<FoundItem>,
    /// The parcel that came back undelivered, where the goods are what was in one. Nobody asks for its return, and
    /// neither window nor final sale matter: the customer never had them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_id: Option<ShipmentId>,
    /// What the till printed when the goods were taken back without a line: the same, under whichever references it is told later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub till_reference: Option<String>,
}

/// A part of what a customer gets back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundPart {
    /// Identifier of the refund.
    pub refund_id: RefundId,
    /// To which tender of the order; absent for store credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tender_id: Option<TenderId>,
    /// What kind of means.
    pub kind: TenderKind,
    /// How much.
    pub amount: Money,
}

/// What the store can tell the customer at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnDecision {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// The authorization that the goods belong to now.
    pub rma_id: RmaId,
    /// The order.
    pub order_number: OrderNumber,
    /// Where the return stands.
    pub status: ReturnStatus,
    /// What the customer gets back; empty until the goods are inspected.
    pub refunds: Vec<RefundPart>,
    /// What becomes of the goods; empty until they are inspected.
    pub dispositions: Vec<Disposition>,
}
