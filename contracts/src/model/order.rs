//! The order as the channel placed it. It is never changed in place: a change is a new version.

use serde::{Deserialize, Serialize};

use super::{
    Address, ChannelOrderId, Currency, CustomerRef, ExchangeLink, Kit, LineId, Money, NodeId, OrderNumber,
    PromotionId, SettlementTerms, Sku, System, TaxLine, TaxTerms, Tender, Timestamp,
};

/// Where an order was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SalesChannel {
    /// Web shop.
    Web,
    /// Mobile application.
    Mobile,
    /// Social commerce.
    Social,
    /// Marketplace; the marketplace collects the money.
    Marketplace,
    /// Store, at the till or by a sales assistant.
    Store,
    /// Call center.
    CallCenter,
}

impl SalesChannel {
    /// The system that takes this channel's orders and shows their status.
    pub const fn system(self) -> System {
        match self {
            Self::Web | Self::Mobile | Self::Social => System::Storefront,
            Self::Marketplace => System::Marketplace,
            Self::Store => System::Pos,
            Self::CallCenter => System::CustomerService,
        }
    }
}

/// Who pays for a promotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromotionFunding {
    /// The retailer: reduces the tax base.
    Retailer,
    /// The manufacturer.
    Manufacturer,
    /// The marketplace.
    Marketplace,
}

/// What a promotion applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromotionScope {
    /// The whole order, allocated to units.
    Order,
    /// One line.
    Line,
    /// The shipping charge.
    Shipping,
}

/// A price reduction that was granted. Its shares stand at the lines, per unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Identifier; a coupon code where there is one.
    pub promotion_id: PromotionId,
    /// What it applies to.
    pub scope: PromotionScope,
    /// Who pays for it.
    pub funding: PromotionFunding,
    /// The whole reduction, positive.
    pub amount: Money,
    /// What the goods must be worth before promotions; it is not earned by less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Money>,
}

/// A promotion's share of a line, unit by unit, so that a partial return never re-rates anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromotionAllocation {
    /// The promotion.
    pub promotion_id: PromotionId,
    /// Minor units, positive, one entry for each unit of the line.
    pub unit_amounts: Vec<i64>,
}

/// One position of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// Stable identifier within the order.
    pub line_id: LineId,
    /// What was bought.
    pub sku: Sku,
    /// Units, at least 1.
    pub quantity: u32,
    /// Price of one unit before promotions.
    pub unit_price: Money,
    /// Whether the price contains the tax (`true`: taxes are a part of it; `false`: they come on top).
    pub tax_included: bool,
    /// Promotions' shares, per unit.
    #[serde(default)]
    pub promotions: Vec<PromotionAllocation>,
    /// Taxes, per unit.
    #[serde(default)]
    pub taxes: Vec<TaxLine>,
    /// Sold without right of return.
    #[serde(default)]
    pub final_sale: bool,
    /// It is a gift card: no goods, one unit at its face value, untaxed until it is spent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gift_card: bool,
    /// By when the customer was told that it arrives, where that differs from the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_by: Option<Timestamp>,
}

/// The charge for shipping. Captured with the first shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingCharge {
    /// What the customer pays for shipping after promotions, tax included.
    pub amount: Money,
    /// The tax that is contained in `amount`, minor units.
    pub tax_amount: i64,
    /// Each tax that is contained in `amount`, with one entry; together `tax_amount`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taxes: Vec<TaxLine>,
}

/// That an order is a present.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// Who receives the goods.
    pub recipient_ref: CustomerRef,
    /// The recipient never sees a price.
    pub hide_prices: bool,
}

/// An order as the customer placed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The number used by everybody; unique over all channels.
    pub order_number: OrderNumber,
    /// Where it was taken.
    pub sales_channel: SalesChannel,
    /// The channel's own identifier; unique within the channel.
    pub channel_order_id: ChannelOrderId,
    /// When the customer placed it.
    pub placed_at: Timestamp,
    /// Rises by one with each accepted change; starts at 1.
    pub version: u32,
    /// Who bought.
    pub customer_ref: CustomerRef,
    /// The one currency of all amounts.
    pub currency: Currency,
    /// Where the goods go.
    pub ship_to: Address,
    /// The store where the customer collects the goods; absent where they are shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickup_node: Option<NodeId>,
    /// Present when the order is a present for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<Gift>,
    /// At least one.
    pub lines: Vec<OrderLine>,
    /// The charge for shipping, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<ShippingCharge>,
    /// Promotions granted.
    #[serde(default)]
    pub promotions: Vec<Promotion>,
    /// Means of payment; their amounts sum to `total`.
    pub tenders: Vec<Tender>,
    /// What the customer pays in all.
    pub total: Money,
    /// Present when the order replaces goods that come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<ExchangeLink>,
    /// What was sold as one and ships as several lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kits: Vec<Kit>,
    /// How it is taxed; domestically, by the retailer, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_terms: Option<TaxTerms>,
    /// Present when the retailer is paid in another currency than the order's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement: Option<SettlementTerms>,
    /// What the till printed when it was sold without a line: the same, under whichever references it is told later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub till_reference: Option<String>,
    /// By when the customer was told, when it was placed, that everything arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_by: Option<Timestamp>,
    /// How it is sent, by a name that the retailer declared times for; the retailer's ordinary way where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_method: Option<String>,
}

impl Order {
    /// By when the customer was told, when it was placed, that a line arrives. A gift card is not sent.
    pub fn promised(&self, line: &OrderLine) -> Option<Timestamp> {
        line.promised_by.or(self.promised_by).filter(|_| !line.gift_card)
    }

    /// The line with this identifier.
    pub fn line(&self, line_id: &LineId) -> Option<&OrderLine> {
        self.lines.iter().find(|line| line.line_id == *line_id)
    }
}

/// A number of units of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// The line.
    pub line_id: LineId,
    /// Units, at least 1.
    pub quantity: u32,
}

/// A number of units of one line, with what is in them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemQuantity {
    /// The line.
    pub line_id: LineId,
    /// What it is.
    pub sku: Sku,
    /// Units, at least 1.
    pub quantity: u32,
}

/// Units that a channel wants canceled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationLines {
    /// The order.
    pub order_number: OrderNumber,
    /// Identifier of the wish.
    pub cancellation_id: String,
    /// What; empty: everything that has not left.
    pub lines: Vec<LineQuantity>,
}
