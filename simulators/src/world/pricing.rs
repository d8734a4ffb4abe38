//! A channel's checkout: from a basket to an order with every promotion and tax allocated to units.
//!
//! Promotions are granted in the order of their codes, each on what the ones before left to pay, and
//! allocated over all units of the order by largest remainder; taxes follow [`rating`].
//! Nothing here knows whether the goods exist or the money does.

use counterproof_contracts::{
    allocation::{allocate, tax_of},
    model::{
        AccountId, Address, ChannelOrderId, CustomerRef, ExchangeLink, Gift, Kit, KitComponent, LineId,
        Money, Order, OrderLine, OrderNumber, Promotion, PromotionAllocation, PromotionFunding, PromotionId,
        PromotionScope, SalesChannel, ShippingCharge, Sku, Tender, TenderId, TenderKind, Timestamp,
    },
};

use super::{
    Destination, Jurisdiction, KitRule, Product, PromotionRule, Reduction, TaxCategory, World, rating,
};

/// Most units of one line; a bound on what a scenario can ask for.
pub const LINE_UNITS_MAX: u32 = 1_000;

/// How a customer pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenderPlan {
    /// All by card.
    Card {
        /// The payment provider's token.
        payment_token: String,
    },
    /// A gift card or store credit first, the rest by card.
    StoredValueThenCard {
        /// [`TenderKind::GiftCard`] or [`TenderKind::StoreCredit`].
        kind: TenderKind,
        /// The account.
        account_id: AccountId,
        /// Minor units from the account, at most the order's total.
        amount: i64,
        /// The payment provider's token for the rest.
        payment_token: String,
    },
    /// The marketplace collects.
    Marketplace,
    /// Goods that come back first, the rest by card.
    ExchangeThenCard {
        /// Minor units that the goods pay, at most the order's total.
        amount: i64,
        /// The payment provider's token for the rest.
        payment_token: String,
    },
}

/// What a customer puts together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderDraft {
    /// The number that everybody will use.
    pub order_number: OrderNumber,
    /// Where the order is taken.
    pub sales_channel: SalesChannel,
    /// The channel's own identifier.
    pub channel_order_id: ChannelOrderId,
    /// The scenario's tag in SKUs.
    pub tag: String,
    /// When.
    pub placed_at: Timestamp,
    /// Who buys.
    pub customer_ref: CustomerRef,
    /// Where the goods go, ISO 3166-1 alpha-2; a destination of the world.
    pub country: String,
    /// Products by name, and units. A product that stands twice makes two lines.
    pub items: Vec<(String, u32)>,
    /// Codes that the customer enters.
    pub promotion_codes: Vec<String>,
    /// Who receives the goods as a present, without seeing prices.
    pub gift_recipient: Option<CustomerRef>,
    /// How the customer pays.
    pub tenders: TenderPlan,
    /// Whether shipping is charged.
    pub shipping: bool,
    /// What the order replaces.
    pub exchange: Option<ExchangeLink>,
}

/// Why a draft makes no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// No items.
    #[error("the basket is empty")]
    EmptyBasket,
    /// No such product in the world.
    #[error("no product {0:?} in the world")]
    UnknownProduct(String),
    /// None, or more than [`LINE_UNITS_MAX`].
    #[error("{quantity} units of {product:?} cannot be ordered")]
    Quantity {
        /// The product.
        product: String,
        /// Units.
        quantity: u32,
    },
    /// No such destination in the world.
    #[error("no destination {0:?} in the world")]
    UnknownCountry(String),
    /// No such promotion in the world.
    #[error("no promotion {0:?} in the world")]
    UnknownPromotion(String),
    /// The same code twice.
    #[error("promotion {0:?} was entered twice")]
    RepeatedPromotion(String),
    /// Promotions left nothing to pay.
    #[error("nothing is left to pay")]
    NothingToPay,
    /// A stored-value tender that is no gift card or store credit, or of no amount.
    #[error("{0}")]
    Tender(String),
}

/// Prices a draft: the order as the channel will submit it, version 1. Its lines, shipping, taxes and
/// tenders sum to its total exactly.
pub fn build_order(world: &World, draft: &OrderDraft) -> Result<Order, PricingError> {
    let unknown_country = || PricingError::UnknownCountry(draft.country.clone());
    let destination = world.destination(&draft.country).ok_or_else(unknown_country)?;
    let address = &destination.address;
    let jurisdiction =
        world.jurisdiction(&address.country, &address.postal_code).ok_or_else(unknown_country)?;
    let mut basket = Basket::fill(world, draft, destination, jurisdiction)?;
    let rules = rules(world, draft)?;
    let mut promotions = basket.price_kits();
    promotions.extend(rules.iter().filter_map(|rule| basket.grant(rule)));
    let mut order = empty_order(draft, destination);
    order.kits.clone_from(&basket.kits);
    let (lines, shipping) = basket.close();
    order.lines = lines;
    order.shipping = shipping;
    order.promotions = promotions;
    order.total.amount = order.value().gross;
    order.tenders = tenders(draft, order.total)?;
    Ok(order)
}

fn rules<'w>(world: &'w World, draft: &OrderDraft) -> Result<Vec<&'w PromotionRule>, PricingError> {
    let mut rules: Vec<&PromotionRule> = Vec::new();
    for code in &draft.promotion_codes {
        let rule = world.promotion(code).ok_or_else(|| PricingError::UnknownPromotion(code.clone()))?;
        if rules.iter().any(|known| known.code == *code) {
            return Err(PricingError::RepeatedPromotion(code.clone()));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn empty_order(draft: &OrderDraft, destination: &Destination) -> Order {
    let gift = draft
        .gift_recipient
        .as_ref()
        .map(|recipient| Gift { recipient_ref: recipient.clone(), hide_prices: true });
    Order {
        order_number: draft.order_number.clone(),
        sales_channel: draft.sales_channel,
        channel_order_id: draft.channel_order_id.clone(),
        placed_at: draft.placed_at,
        version: 1,
        customer_ref: draft.customer_ref.clone(),
        currency: destination.currency,
        ship_to: Address { name: recipient_name(draft), ..destination.address.clone() },
        gift,
        lines: Vec::new(),
        shipping: None,
        promotions: Vec::new(),
        tenders: Vec::new(),
        total: Money::new(0, destination.currency),
        exchange: draft.exchange.clone(),
        kits: Vec::new(),
        settlement: None,
        tax_terms: None,
    }
}

fn recipient_name(draft: &OrderDraft) -> String {
    draft.gift_recipient.as_ref().unwrap_or(&draft.customer_ref).to_string()
}

/// Lines while promotions are granted: what is left to pay for each unit.
struct Basket<'w> {
    destination: &'w Destination,
    jurisdiction: &'w Jurisdiction,
    lines: Vec<BasketLine<'w>>,
    kits: Vec<Kit>,
    /// What is left to pay for shipping, minor units; `None` where it is not charged.
    shipping: Option<i64>,
}

struct BasketLine<'w> {
    product: &'w Product,
    line: OrderLine,
    left: Vec<i64>,
}

impl BasketLine<'_> {
    /// A promotion takes something off each unit.
    fn take(&mut self, promotion_id: &PromotionId, unit_amounts: Vec<i64>) {
        for (left, share) in self.left.iter_mut().zip(&unit_amounts) {
            *left -= share;
        }
        let promotion_id = promotion_id.clone();
        self.line.promotions.push(PromotionAllocation { promotion_id, unit_amounts });
    }
}

impl<'w> Basket<'w> {
    fn fill(
        world: &'w World,
        draft: &OrderDraft,
        destination: &'w Destination,
        jurisdiction: &'w Jurisdiction,
    ) -> Result<Self, PricingError> {
        if draft.items.is_empty() {
            return Err(PricingError::EmptyBasket);
        }
        let mut basket =
            Self { destination, jurisdiction, lines: Vec::new(), kits: Vec::new(), shipping: None };
        for (name, quantity) in &draft.items {
            if let Some(kit) = world.kit_by_name(name) {
                basket.kit(world, kit, *quantity, &draft.tag)?;
            } else {
                let line = basket.line(world, name, *quantity, &draft.tag)?;
                basket.lines.push(line);
            }
        }
        basket.shipping = draft.shipping.then(|| basket.shipping_charge());
        Ok(basket)
    }

    fn line(
        &self,
        world: &'w World,
        name: &str,
        quantity: u32,
        tag: &str,
    ) -> Result<BasketLine<'w>, PricingError> {
        let unknown = || PricingError::UnknownProduct(name.to_owned());
        let product = world.product_by_name(name).ok_or_else(unknown)?;
        let unit_price = product.price(self.destination.currency).ok_or_else(unknown)?;
        if !(1..=LINE_UNITS_MAX).contains(&quantity) {
            return Err(PricingError::Quantity { product: product.name.clone(), quantity });
        }
        let line = OrderLine {
            line_id: LineId::new(format!("line-{}", self.lines.len() + 1)),
            sku: World::sku_for(product, tag),
            quantity,
            unit_price,
            tax_included: self.jurisdiction.included,
            promotions: Vec::new(),
            taxes: Vec::new(),
            final_sale: product.final_sale,
        };
        Ok(BasketLine { product, line, left: vec![unit_price.amount; quantity as usize] })
    }

    /// Puts the parts of a kit into the basket, one line for each.
    fn kit(
        &mut self,
        world: &'w World,
        rule: &KitRule,
        quantity: u32,
        tag: &str,
    ) -> Result<(), PricingError> {
        let unknown = || PricingError::UnknownProduct(rule.name.clone());
        let price = *rule.prices.get(&self.destination.currency).ok_or_else(unknown)?;
        let mut components = Vec::new();
        for (part, units) in &rule.parts {
            let line = self.line(world, part, units.saturating_mul(quantity), tag)?;
            components.push(KitComponent { line_id: line.line.line_id.clone(), quantity: *units });
            self.lines.push(line);
        }
        self.kits.push(Kit {
            kit_id: format!("kit-{}", self.kits.len() + 1),
            sku: Sku::new(format!("{}-{tag}", rule.slug())),
            quantity,
            unit_price: Money::new(price, self.destination.currency),
            components,
        });
        Ok(())
    }

    /// Spreads what each kit costs less than its parts over their units, by largest remainder: kit by kit, so that
    /// a whole kit is worth its price wherever it is canceled or returned.
    fn price_kits(&mut self) -> Vec<Promotion> {
        let mut promotions = Vec::new();
        for kit in self.kits.clone() {
            let weights: Vec<i64> = kit.components.iter().flat_map(|part| self.weights(part)).collect();
            let amount = weights.iter().sum::<i64>() - kit.unit_price.amount;
            if amount <= 0 {
                continue;
            }
            let promotion_id = PromotionId::new(format!("{}-{}", kit.sku, kit.kit_id));
            let mut shares = allocate(amount, &weights).into_iter();
            for part in &kit.components {
                let of_one: Vec<i64> = shares.by_ref().take(part.quantity as usize).collect();
                let of_all = of_one.repeat(kit.quantity as usize);
                let mut lines = self.lines.iter_mut();
                if let Some(line) = lines.find(|line| line.line.line_id == part.line_id) {
                    line.take(&promotion_id, of_all);
                }
            }
            promotions.push(Promotion {
                promotion_id,
                scope: PromotionScope::Line,
                funding: PromotionFunding::Retailer,
                amount: Money::new(amount * i64::from(kit.quantity), self.destination.currency),
                minimum: None,
            });
        }
        promotions
    }

    /// Prices of the units that a part has in one kit.
    fn weights(&self, part: &KitComponent) -> Vec<i64> {
        let line = self.lines.iter().find(|line| line.line.line_id == part.line_id);
        line.map_or_else(Vec::new, |line| vec![line.line.unit_price.amount; part.quantity as usize])
    }

    /// What shipping costs before promotions, tax included.
    fn shipping_charge(&self) -> i64 {
        let charge = self.destination.shipping_charge;
        if self.jurisdiction.included { charge } else { charge + self.shipping_tax(charge, false) }
    }

    fn shipping_tax(&self, amount: i64, included: bool) -> i64 {
        tax_of(amount, self.jurisdiction.rate_ppm(TaxCategory::Standard), included)
    }

    /// Grants a promotion; `None` where there is nothing that it could reduce.
    fn grant(&mut self, rule: &PromotionRule) -> Option<Promotion> {
        let amount = if rule.scope == PromotionScope::Shipping {
            let left = self.shipping.as_mut()?;
            let amount = reduction(rule.reduction, *left);
            *left -= amount;
            amount
        } else {
            self.grant_on_units(rule)
        };
        (amount > 0).then(|| Promotion {
            promotion_id: PromotionId::new(&rule.code),
            scope: rule.scope,
            funding: rule.funding,
            amount: Money::new(amount, self.destination.currency),
            minimum: None,
        })
    }

    /// Spreads a promotion over all units, weighted by what is left to pay for each: for the first
    /// promotion that is the unit price. No unit can fall below zero.
    fn grant_on_units(&mut self, rule: &PromotionRule) -> i64 {
        let left: Vec<i64> = self.lines.iter().flat_map(|line| line.left.iter().copied()).collect();
        let amount = reduction(rule.reduction, left.iter().sum());
        if amount == 0 {
            return 0;
        }
        let mut shares = allocate(amount, &left).into_iter();
        for line in &mut self.lines {
            let unit_amounts: Vec<i64> = shares.by_ref().take(line.left.len()).collect();
            line.take(&PromotionId::new(&rule.code), unit_amounts);
        }
        amount
    }

    /// Adds the taxes on what is left to pay.
    fn close(self) -> (Vec<OrderLine>, Option<ShippingCharge>) {
        let shipping = self.shipping.map(|amount| ShippingCharge {
            amount: Money::new(amount, self.destination.currency),
            tax_amount: self.shipping_tax(amount, true),
            taxes: Vec::new(),
        });
        let rated = self.lines.into_iter().map(|mut line| {
            let (category, included) = (line.product.tax_category, self.jurisdiction.included);
            line.line.taxes =
                rating::line_taxes(self.jurisdiction, category, &line.left, included).unwrap_or_default();
            line.line
        });
        (rated.collect(), shipping)
    }
}

/// What a reduction takes off an amount, rounded half up, at most all of it.
fn reduction(reduction: Reduction, left: i64) -> i64 {
    match reduction {
        Reduction::PercentPpm(ppm) => tax_of(left, ppm, false).min(left),
        Reduction::Amount(amount) => amount.min(left),
    }
}

fn tenders(draft: &OrderDraft, total: Money) -> Result<Vec<Tender>, PricingError> {
    if total.amount <= 0 {
        return Err(PricingError::NothingToPay);
    }
    let mut till = Till { order: &draft.order_number, total, paid: Vec::new() };
    match &draft.tenders {
        TenderPlan::Card { payment_token } => till.card(total.amount, payment_token),
        TenderPlan::Marketplace => till.add(TenderKind::MarketplaceCollected, total.amount),
        TenderPlan::ExchangeThenCard { amount, payment_token } => {
            if *amount <= 0 {
                return Err(PricingError::Tender(format!("goods of {amount} minor units pay nothing")));
            }
            let credit = (*amount).min(total.amount);
            till.add(TenderKind::ExchangeCredit, credit);
            if credit < total.amount {
                till.card(total.amount - credit, payment_token);
            }
        }
        TenderPlan::StoredValueThenCard { kind, account_id, amount, payment_token } => {
            if !matches!(kind, TenderKind::GiftCard | TenderKind::StoreCredit) {
                return Err(PricingError::Tender("stored value is a gift card or store credit".to_owned()));
            }
            if *amount <= 0 {
                return Err(PricingError::Tender(format!("{amount} minor units cannot be paid")));
            }
            let stored = (*amount).min(total.amount);
            till.add(*kind, stored);
            if let Some(tender) = till.paid.last_mut() {
                tender.account_id = Some(account_id.clone());
            }
            if stored < total.amount {
                till.card(total.amount - stored, payment_token);
            }
        }
    }
    Ok(till.paid)
}

struct Till<'d> {
    order: &'d OrderNumber,
    total: Money,
    paid: Vec<Tender>,
}

impl Till<'_> {
    /// Tender identifiers name the order: an account's ledger tells entries of different orders apart by them.
    fn add(&mut self, kind: TenderKind, amount: i64) {
        self.paid.push(Tender {
            tender_id: TenderId::new(format!("{}-t{}", self.order, self.paid.len() + 1)),
            kind,
            amount: Money::new(amount, self.total.currency),
            payment_token: None,
            account_id: None,
        });
    }

    fn card(&mut self, amount: i64, payment_token: &str) {
        self.add(TenderKind::Card, amount);
        if let Some(tender) = self.paid.last_mut() {
            tender.payment_token = Some(payment_token.to_owned());
        }
    }
}

#[cfg(test)]
#[path = "pricing_tests.rs"]
pub(crate) mod tests;
