//! Master data: what is sold, from where, to whom.

use serde::{Deserialize, Serialize};

use super::{CustomerRef, Money, NodeId, Sku};

/// Something that is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Stock keeping unit.
    pub sku: Sku,
    /// The name that a customer sees.
    pub name: String,
    /// List price of one unit.
    pub price: Money,
    /// Category that the tax engine rates (`standard`, `reduced`, `exempt`).
    pub tax_category: String,
    /// Sold without right of return.
    #[serde(default)]
    pub final_sale: bool,
}

/// What kind of place a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Distribution center of the retailer.
    DistributionCenter,
    /// Store.
    Store,
    /// Warehouse of a third party.
    ThirdParty,
    /// Outlet store or outlet stock.
    Outlet,
}

/// A place that holds goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The node's identifier (a GLN where the retailer has one).
    pub node_id: NodeId,
    /// The name that people use.
    pub name: String,
    /// What kind of place.
    pub kind: NodeKind,
    /// Whether returned goods are received here.
    pub accepts_returns: bool,
}

/// Whether a product is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductStatus {
    /// It is.
    Active,
    /// It is not sold any more; what was sold is shipped and taken back.
    Discontinued,
}

/// A product as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductChange {
    /// Rises with each change of the product; an older version than the one that is known has no effect.
    pub version: u64,
    /// Whether it is sold.
    pub status: ProductStatus,
    /// The product.
    pub product: Product,
}

/// A place as it is from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationChange {
    /// Rises with each change of the place; an older version than the one that is known has no effect.
    pub version: u64,
    /// Whether customers and goods may come.
    pub open: bool,
    /// The place.
    pub location: Location,
}

/// A reference to a customer; personal data stay in the channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// The customer's reference.
    pub customer_ref: CustomerRef,
    /// Country of residence, ISO 3166-1 alpha-2.
    pub country: String,
}

/// A customer as it is known from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerChange {
    /// Rises with each change of the customer; an older version than the one that is known has no effect.
    pub version: u64,
    /// The customer.
    pub customer: Customer,
    /// The account that this one became part of; its orders are that one's from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<CustomerRef>,
}

/// Where goods go. Country and postal code decide tax; the rest is the carrier's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Name of the recipient.
    pub name: String,
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Tells addresses of an order apart without naming anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_id: Option<String>,
}
