//! Terms of an order beyond its prices: how it is taxed, who funds its promotions, what the retailer is paid in.

use serde::{Deserialize, Serialize};

use super::{Currency, Money, PromotionFunding};

/// Under which rules an order is taxed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxScheme {
    /// The taxes of the country where the goods go, in which the retailer is registered.
    #[default]
    Domestic,
    /// EU One Stop Shop: from one member state to a consumer in another, at the rate of the destination
    /// (Council Directive 2006/112/EC, article 369a and following).
    Oss,
    /// EU Import One Stop Shop: goods from outside the EU worth at most 150 EUR, taxed at the checkout
    /// (article 369l and following).
    Ioss,
    /// Delivered duty paid (Incoterms 2020): duties and import taxes are collected in the order.
    Ddp,
    /// Delivered at place (Incoterms 2020): nothing is collected, the recipient pays duties and import taxes.
    Dap,
}

/// Who collects an order's taxes and remits them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxCollector {
    /// The retailer.
    #[default]
    Retailer,
    /// The marketplace, as its facilitator (in the United States by the states' marketplace facilitator acts);
    /// the retailer reports none of them.
    Marketplace,
}

/// How an order is taxed, beyond rates.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxTerms {
    /// Under which rules.
    pub scheme: TaxScheme,
    /// Who collects and remits; the retailer, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<TaxCollector>,
    /// The certificate by which the customer pays no tax on this order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption_certificate: Option<String>,
}

impl TaxTerms {
    /// Who collects and remits.
    pub fn collector(&self) -> TaxCollector {
        self.collector.unwrap_or_default()
    }
}

/// In which currency the retailer is paid for an order, and the rate that was fixed when it was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementTerms {
    /// What the retailer is paid in.
    pub currency: Currency,
    /// The rate's first side: so many minor units of the order's currency.
    pub presentment_units: i64,
    /// Its other side: are worth so many minor units of the settlement currency.
    pub settlement_units: i64,
}

/// A document's amounts in the settlement currency, at the order's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledAmounts {
    /// Of the document's amount.
    pub amount: Money,
    /// Of its tax.
    pub tax: Money,
}

/// A part of a price that somebody else than the customer owes to the retailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// Who owes it.
    pub funding: PromotionFunding,
    /// How much.
    pub amount: Money,
}
