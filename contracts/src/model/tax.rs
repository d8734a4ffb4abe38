//! Taxes: what a unit carries, and the documents that are reported.

use serde::{Deserialize, Serialize};

use super::{
    Currency, LineId, Money, OrderNumber, ShipmentId, TaxDocumentCode, TaxScheme, TaxTerms, Timestamp,
};

/// Kinds of tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxType {
    /// Value added tax.
    Vat,
    /// Sales tax.
    Sales,
    /// Customs duty.
    Duty,
}

/// A tax on a line, unit by unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxLine {
    /// Who levies it, for example `DE` or `US-NY`.
    pub jurisdiction: String,
    /// Kind of tax.
    pub tax_type: TaxType,
    /// Rate in parts per million: 190000 is 19 %.
    pub rate_ppm: u32,
    /// Minor units, one entry for each unit of the line.
    pub unit_amounts: Vec<i64>,
}

/// A line of a tax document: units of an order line, their taxable base and tax.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxDocumentLine {
    /// The order line; absent for shipping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line_id: Option<LineId>,
    /// Units; 0 for shipping.
    pub quantity: u32,
    /// Who levies the tax.
    pub jurisdiction: String,
    /// Rate in parts per million.
    pub rate_ppm: u32,
    /// What the tax is computed on, after retailer-funded promotions, without tax; of an import tax with the duty.
    pub taxable_base: Money,
    /// The tax; positive on returns, too.
    pub tax: Money,
    /// Kind of tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_type: Option<TaxType>,
}

/// What a tax document reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxDocumentKind {
    /// Tax that is owed on goods sold.
    SalesInvoice,
    /// Tax that is given back on goods returned.
    ReturnInvoice,
}

/// Where a tax document stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxDocumentStatus {
    /// Reported.
    Committed,
    /// Withdrawn before it was locked.
    Voided,
    /// In a filed return; cannot change.
    Locked,
}

/// A document that is reported to the tax authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxDocument {
    /// Identifier, chosen by the caller; unique.
    pub document_code: TaxDocumentCode,
    /// Sales or return.
    pub kind: TaxDocumentKind,
    /// The order.
    pub order_number: OrderNumber,
    /// The shipment that is invoiced; on sales documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_id: Option<ShipmentId>,
    /// The sales document that a return gives back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_document_code: Option<TaxDocumentCode>,
    /// The date whose rates apply: on returns that of the sale.
    pub tax_date: Timestamp,
    /// Where it stands.
    pub status: TaxDocumentStatus,
    /// What is reported.
    pub lines: Vec<TaxDocumentLine>,
    /// Sum of the lines' tax.
    pub total_tax: Money,
    /// The scheme that it is reported under; domestic, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<TaxScheme>,
}

/// A question for the tax on goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxQuoteRequest {
    /// The order that is rated.
    pub order_number: OrderNumber,
    /// Destination country, ISO 3166-1 alpha-2.
    pub country: String,
    /// Destination postal code.
    pub postal_code: String,
    /// The date whose rates apply.
    pub tax_date: Timestamp,
    /// What is rated.
    pub lines: Vec<TaxQuoteLine>,
    /// Currency of the amounts; that of the destination, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// How the order is taxed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_terms: Option<TaxTerms>,
}

/// Units that are to be rated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxQuoteLine {
    /// The order line.
    pub line_id: LineId,
    /// What it is; the engine knows its category.
    pub sku: super::Sku,
    /// Units.
    pub quantity: u32,
    /// Whether the amounts contain the tax.
    pub tax_included: bool,
    /// What is paid for each unit after promotions that the retailer funds, minor units (with tax if
    /// `tax_included`); what a manufacturer or marketplace pays of it is taxed as well.
    pub unit_amounts: Vec<i64>,
}

/// The tax engine's answer: taxes per line, unit by unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxQuote {
    /// The order that was rated.
    pub order_number: OrderNumber,
    /// Taxes per line.
    pub lines: Vec<QuotedTax>,
    /// Sum over all lines and units.
    pub total_tax: Money,
}

/// The taxes of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotedTax {
    /// The order line.
    pub line_id: LineId,
    /// Its taxes, unit by unit.
    pub taxes: Vec<TaxLine>,
}
