//! The ERP's documents: sales order, invoice, credit memo, and what they post.

use serde::{Deserialize, Serialize};

use super::{
    ChannelOrderId, Contribution, Currency, CustomerRef, Date, ErpDocument, ItemQuantity, LineQuantity,
    Money, OrderNumber, ReceiptId, SalesChannel, SettledAmounts, SettlementTerms, ShipmentId, TaxTerms,
};

/// An order as the ERP books it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesOrder {
    /// The ERP's number; absent in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erp_document: Option<ErpDocument>,
    /// The order.
    pub order_number: OrderNumber,
    /// Where it was taken.
    pub sales_channel: SalesChannel,
    /// The channel's identifier: the external reference.
    pub channel_order_id: ChannelOrderId,
    /// Who bought.
    pub customer_ref: CustomerRef,
    /// Currency of all amounts.
    pub currency: Currency,
    /// What was ordered.
    pub lines: Vec<ItemQuantity>,
    /// What the customer pays in all.
    pub total: Money,
    /// Of this, tax.
    pub total_tax: Money,
    /// How it is taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_terms: Option<TaxTerms>,
    /// Present when the retailer is paid in another currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementTerms>,
}

/// Answer to a search for sales orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesOrderList {
    /// What was found, by number.
    pub items: Vec<SalesOrder>,
}

/// Takes units out of a sales order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesOrderCancellation {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier of the cancellation; a second one with the same identifier is the same.
    pub cancellation_id: String,
    /// What is canceled.
    pub lines: Vec<LineQuantity>,
    /// Why.
    pub reason: String,
}

/// Tells the next version of an order: what it costs now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesOrderChange {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier of the change.
    pub change_id: String,
    /// The version that the order has now.
    pub version: u32,
    /// What the customer pays in all.
    pub total: Money,
    /// Of this, tax.
    pub total_tax: Money,
    /// Why.
    pub reason: String,
}

/// What the customer owes for a shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// The ERP's number; absent in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erp_document: Option<ErpDocument>,
    /// The order.
    pub order_number: OrderNumber,
    /// The shipment; one invoice for each.
    pub shipment_id: ShipmentId,
    /// What is invoiced.
    pub lines: Vec<LineQuantity>,
    /// What is owed, tax included.
    pub amount: Money,
    /// The tax on amount and contributions.
    pub tax: Money,
    /// What others than the customer owe, because they fund promotions; one entry for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributions: Vec<Contribution>,
    /// The amounts in the settlement currency, where the order has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettledAmounts>,
    /// Of the amount, what gift cards were sold for: no revenue, but owed to their holders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Money>,
    /// The day on which the goods left, UTC; it never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_date: Option<Date>,
    /// The day that it is posted under, which decides the accounting period; the present day where nothing is
    /// said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting_date: Option<Date>,
    /// Where it stands; absent in the request. Posted where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<PostingStatus>,
}

/// What the customer is owed for a return or a price adjustment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreditMemo {
    /// The ERP's number; absent in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erp_document: Option<ErpDocument>,
    /// The order.
    pub order_number: OrderNumber,
    /// What it is for: the receipt, the parcel that was lost, or the price adjustment without goods; one credit memo
    /// for each.
    pub receipt_id: ReceiptId,
    /// What is credited; none for a price adjustment, where goods and their number stay.
    pub lines: Vec<LineQuantity>,
    /// What is owed to the customer, tax included.
    pub amount: Money,
    /// The tax on what is given up: amount, contributions and what is retained.
    pub tax: Money,
    /// What others than the customer do not owe any more, because they fund promotions; one entry for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contributions: Vec<Contribution>,
    /// The amounts in the settlement currency, where the order has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettledAmounts>,
    /// Of the amount, what gift cards that are taken back were sold for: not owed to their holders any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferred: Option<Money>,
    /// What is kept of the goods' value, because promotions that the customer keeps the benefit of are not
    /// earned any more; negative where it is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retained: Option<Money>,
    /// The day on which the goods came back, UTC; it never changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_date: Option<Date>,
    /// The day that it is posted under, which decides the accounting period; the present day where nothing is
    /// said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting_date: Option<Date>,
    /// Where it stands; absent in the request. Posted where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<PostingStatus>,
    /// Of the amount, what is given back of the charge for shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Money>,
}

/// What a posting documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostingKind {
    /// Revenue and receivable of a shipment.
    Invoice,
    /// Reversal for a return.
    CreditMemo,
    /// What returned goods pay of their replacement.
    ExchangeSettlement,
    /// A refund before goods came that the retailer gives up, or has the goods for after all.
    WriteOff,
}

/// Where a document of the ERP stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostingStatus {
    /// Taken under its number; whether it is posted is told by an event.
    Pending,
    /// In the general ledger.
    Posted,
    /// Not posted, and it will not be.
    Failed,
}

/// What became of a document that the ERP took and did not post at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingResult {
    /// The document's number.
    pub erp_document: ErpDocument,
    /// The order.
    pub order_number: OrderNumber,
    /// What it documents.
    pub kind: PostingKind,
    /// The shipment or receipt that caused it.
    pub cause: String,
    /// Where it stands now.
    pub posting: PostingStatus,
    /// Why it was not posted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// One side of a posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostingLine {
    /// Account.
    pub account: String,
    /// Minor units on the debit side; 0 if on the credit side.
    pub debit: i64,
    /// Minor units on the credit side; 0 if on the debit side.
    pub credit: i64,
}

/// A double-entry posting: debits equal credits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinancialPosting {
    /// The ERP's number.
    pub erp_document: ErpDocument,
    /// What it documents.
    pub kind: PostingKind,
    /// The order.
    pub order_number: OrderNumber,
    /// Currency of the lines.
    pub currency: Currency,
    /// At least two.
    pub lines: Vec<PostingLine>,
    /// The shipment or receipt that caused it.
    pub cause: String,
}
