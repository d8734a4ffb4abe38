//! A channel's checkout: from a basket to an order with every promotion and tax allocated to units.
//!
//! Promotions are granted in the order of their codes, each on what the ones before left to pay, and
//! allocated over all units that they apply to by largest remainder; taxes follow [`rating`]. What a
//! manufacturer or marketplace pays instead of the customer is taxed as if the customer did.
//! Nothing here knows whether the goods exist or the money does.

use counterproof_contracts::{
    allocation::{allocate, tax_of},
    model::{
        AccountId, Address, ChannelOrderId, CustomerRef, ExchangeLink, Gift, Kit, KitComponent, LineId,
        Money, Order, OrderLine, OrderNumber, Promotion, PromotionAllocation, PromotionFunding, PromotionId,
        PromotionScope, SalesChannel, ShippingCharge, Sku, TaxCollector, TaxLine, TaxScheme, TaxTerms,
        Tender, TenderId, TenderKind, Timestamp,
    },
};

use super::{
    Destination, HOME_CURRENCY, KitRule, Product, PromotionRule, Reduction, TaxCategory, World,
    rating::{self, RateChanges, Taxation},
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
    /// Gift cards and store credit first, in this order, the rest by card.
    StoredValueThenCard {
        /// Accounts; one that is not needed any more pays nothing.
        stored: Vec<StoredPart>,
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

/// What an account of stored value pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// [`TenderKind::GiftCard`] or [`TenderKind::StoreCredit`].
    pub kind: TenderKind,
    /// The account.
    pub account_id: AccountId,
    /// Minor units from the account, at most.
    pub amount: i64,
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
    /// Where the goods go: the code of a destination of the world.
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
    /// The certificate by which the customer pays no tax.
    pub exemption_certificate: Option<String>,
    /// Whether the retailer is paid in its own currency, whatever the customer pays in.
    pub settled_at_home: bool,
    /// Tax rates that are not those of the world any more.
    pub rate_changes: RateChanges,
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
    /// No price in the destination's currency.
    #[error("{0:?} is not sold there")]
    NotSold(String),
    /// Goods that the retailer sends and goods that a maker outside the EU sends.
    #[error("goods from inside and from outside the European Union are separate orders")]
    SeparateOrders,
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
    let place = (address.country.as_str(), address.postal_code.as_str());
    let terms = tax_terms(world, draft, destination)?;
    let taxation = Taxation::of(world, place, &terms, draft.placed_at, &draft.rate_changes)
        .ok_or_else(unknown_country)?;
    let listed = Taxation::of(world, place, &TaxTerms::default(), draft.placed_at, &draft.rate_changes);
    let contained = listed.unwrap_or_else(|| taxation.clone());
    let mut basket = Basket::fill(world, draft, destination, (taxation, contained))?;
    let rules = rules(world, draft)?;
    let mut promotions = basket.price_kits();
    promotions.extend(rules.iter().filter_map(|rule| basket.grant(rule)));
    let mut order = empty_order(draft, destination);
    order.kits.clone_from(&basket.kits);
    let (lines, shipping) = basket.close();
    order.tax_terms = (terms != TaxTerms::default()).then_some(terms);
    order.settlement = world.settlement(destination.currency).filter(|_| draft.settled_at_home);
    order.lines = lines;
    order.shipping = shipping;
    order.promotions = promotions;
    order.total.amount = order.value().gross;
    order.tenders = tenders(draft, order.total)?;
    Ok(order)
}

/// How the order is taxed: as the destination says, unless the goods come from outside the EU into it.
fn tax_terms(world: &World, draft: &OrderDraft, destination: &Destination) -> Result<TaxTerms, PricingError> {
    let country = &destination.address.country;
    let facilitated = world
        .jurisdictions(country, &destination.address.postal_code)
        .iter()
        .any(|levy| levy.marketplace_collects);
    let sold_by_marketplace = draft.sales_channel == SalesChannel::Marketplace && facilitated;
    Ok(TaxTerms {
        scheme: scheme(world, draft, destination)?,
        collector: sold_by_marketplace.then_some(TaxCollector::Marketplace),
        exemption_certificate: draft.exemption_certificate.clone(),
    })
}

fn scheme(world: &World, draft: &OrderDraft, destination: &Destination) -> Result<TaxScheme, PricingError> {
    let country = &destination.address.country;
    let products =
        draft.items.iter().filter_map(|(name, units)| Some((world.product_by_name(name)?, *units)));
    let (imported, own): (Vec<_>, Vec<_>) = products.partition(|(product, _)| product.ships_from.is_some());
    if imported.is_empty() || !rating::in_union(country) {
        return Ok(destination.scheme);
    }
    if !own.is_empty() {
        return Err(PricingError::SeparateOrders);
    }
    let domestic = TaxTerms::default();
    let place = (country.as_str(), destination.address.postal_code.as_str());
    let taxation = Taxation::of(world, place, &domestic, draft.placed_at, &draft.rate_changes)
        .ok_or_else(|| PricingError::UnknownCountry(draft.country.clone()))?;
    let value = imported.iter().fold(0_i64, |sum, (product, units)| {
        let price = product.price(HOME_CURRENCY).map_or(0, |price| price.amount);
        let net = taxation.net_of(price, product.tax_category, &World::sku_for(product, &draft.tag));
        sum.saturating_add(net.saturating_mul(i64::from(*units)))
    });
    Ok(if value <= rating::IOSS_VALUE_MAX { TaxScheme::Ioss } else { TaxScheme::Dap })
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
        ship_to: Address {
            name: recipient_name(draft),
            address_id: Some(format!("A-{}-1", draft.order_number)),
            ..destination.address.clone()
        },
        gift,
        lines: Vec::new(),
        shipping: None,
        promotions: Vec::new(),
        tenders: Vec::new(),
        total: Money::new(0, destination.currency),
        pickup_node: None,
        exchange: draft.exchange.clone(),
        kits: Vec::new(),
        settlement: None,
        tax_terms: None,
        till_reference: None,
        promised_by: None,
        shipping_method: None,
    }
}

fn recipient_name(draft: &OrderDraft) -> String {
    draft.gift_recipient.as_ref().unwrap_or(&draft.customer_ref).to_string()
}

/// Lines while promotions are granted: what is left to pay for each unit.
struct Basket<'w> {
    destination: &'w Destination,
    taxation: Taxation<'w>,
    /// The taxes that listed prices contain, if any.
    contained: Taxation<'w>,
    lines: Vec<BasketLine<'w>>,
    kits: Vec<Kit>,
    /// What shipping costs; `None` where it is not charged.
    shipping: Option<Due>,
}

struct BasketLine<'w> {
    product: &'w Product,
    line: OrderLine,
    /// What is left to pay for each unit.
    units: Vec<Due>,
}

/// What is left to pay, minor units.
#[derive(Debug, Clone, Copy)]
struct Due {
    /// By the customer.
    left: i64,
    /// By anybody: what is taxed.
    taxed: i64,
}

impl Due {
    const fn new(amount: i64) -> Self {
        Self { left: amount, taxed: amount }
    }

    /// Somebody takes an amount off what the customer pays.
    const fn reduce(&mut self, amount: i64, funding: PromotionFunding) {
        self.left -= amount;
        if matches!(funding, PromotionFunding::Retailer) {
            self.taxed -= amount;
        }
    }
}

impl BasketLine<'_> {
    /// A promotion takes something off each unit.
    fn take(&mut self, promotion_id: &PromotionId, unit_amounts: Vec<i64>, funding: PromotionFunding) {
        for (due, share) in self.units.iter_mut().zip(&unit_amounts) {
            due.reduce(*share, funding);
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
        (taxation, contained): (Taxation<'w>, Taxation<'w>),
    ) -> Result<Self, PricingError> {
        if draft.items.is_empty() {
            return Err(PricingError::EmptyBasket);
        }
        let mut basket =
            Self { destination, taxation, contained, lines: Vec::new(), kits: Vec::new(), shipping: None };
        for (name, quantity) in &draft.items {
            if let Some(kit) = world.kit_by_name(name) {
                basket.kit(world, kit, *quantity, &draft.tag)?;
                continue;
            }
            let line = basket.line(world, name, *quantity, &draft.tag)?;
            if line.line.gift_card {
                // Each card is a line of its own.
                for _ in 0..*quantity {
                    let card = basket.line(world, name, 1, &draft.tag)?;
                    basket.lines.push(card);
                }
            } else {
                basket.lines.push(line);
            }
        }
        let sent = draft.shipping && basket.lines.iter().any(|line| !line.line.gift_card);
        basket.shipping = sent.then(|| Due::new(basket.shipping_charge()));
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
        let not_sold = || PricingError::NotSold(product.name.clone());
        let listed = product.price(self.destination.currency).ok_or_else(not_sold)?;
        if !(1..=LINE_UNITS_MAX).contains(&quantity) {
            return Err(PricingError::Quantity { product: product.name.clone(), quantity });
        }
        let sku = World::sku_for(product, tag);
        let unit_price = Money { amount: self.unit_price(product, &sku, listed.amount), ..listed };
        let line = OrderLine {
            line_id: LineId::new(format!("line-{}", self.lines.len() + 1)),
            sku,
            quantity,
            unit_price,
            tax_included: self.taxation.included(),
            promotions: Vec::new(),
            taxes: Vec::new(),
            final_sale: product.final_sale,
            gift_card: product.gift_card,
            promised_by: None,
        };
        Ok(BasketLine { product, line, units: vec![Due::new(unit_price.amount); quantity as usize] })
    }

    /// Who is not taxed here does not pay the tax that listed prices contain.
    fn unit_price(&self, product: &Product, sku: &Sku, listed: i64) -> i64 {
        let listed_with_tax = self.listed_with_tax();
        if listed_with_tax && !self.taxation.included() {
            self.contained.net_of(listed, product.tax_category, sku)
        } else {
            listed
        }
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
        let (mut listed, mut charged) = (0_i64, 0_i64);
        for (part, units) in &rule.parts {
            let line = self.line(world, part, units.saturating_mul(quantity), tag)?;
            let of_part = line.product.price(self.destination.currency).map_or(0, |price| price.amount);
            listed += of_part * i64::from(*units);
            charged += line.line.unit_price.amount * i64::from(*units);
            components.push(KitComponent { line_id: line.line.line_id.clone(), quantity: *units });
            self.lines.push(line);
        }
        self.kits.push(Kit {
            kit_id: format!("kit-{}", self.kits.len() + 1),
            sku: Sku::new(format!("{}-{tag}", rule.slug())),
            quantity,
            // Who does not pay the tax in the parts' prices does not pay it in the kit's.
            unit_price: Money::new(price.saturating_mul(charged) / listed.max(1), self.destination.currency),
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
                    line.take(&promotion_id, of_all, PromotionFunding::Retailer);
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
        if self.taxation.included() {
            charge
        } else if self.listed_with_tax() {
            self.contained.net_of(charge, TaxCategory::Standard, &Sku::new(""))
        } else {
            charge + sum_of(&self.taxation.shipping_taxes(charge, false))
        }
    }

    /// Whether prices there are listed with tax.
    fn listed_with_tax(&self) -> bool {
        self.contained.included()
    }

    /// Grants a promotion; `None` where there is nothing that it could reduce.
    fn grant(&mut self, rule: &PromotionRule) -> Option<Promotion> {
        let listed = |line: &BasketLine<'_>| line.line.unit_price.amount * i64::from(line.line.quantity);
        let goods = self.lines.iter().filter(|line| !line.line.gift_card);
        if rule.minimum.is_some_and(|minimum| goods.map(listed).sum::<i64>() < minimum) {
            return None;
        }
        let amount = if rule.scope == PromotionScope::Shipping {
            let due = self.shipping.as_mut()?;
            let amount = reduction(rule.reduction, due.left);
            due.reduce(amount, rule.funding);
            amount
        } else {
            self.grant_on_units(rule)
        };
        (amount > 0).then(|| Promotion {
            promotion_id: PromotionId::new(&rule.code),
            scope: rule.scope,
            funding: rule.funding,
            amount: Money::new(amount, self.destination.currency),
            minimum: rule.minimum.map(|minimum| Money::new(minimum, self.destination.currency)),
        })
    }

    /// Spreads a promotion over all units that it applies to, weighted by what is left to pay for each: for
    /// the first promotion that is the unit price. No unit can fall below zero.
    fn grant_on_units(&mut self, rule: &PromotionRule) -> i64 {
        let applies = |line: &BasketLine<'_>| {
            !line.line.gift_card && rule.product.as_ref().is_none_or(|name| *name == line.product.name)
        };
        let units = self.lines.iter().filter(|line| applies(line)).flat_map(|line| &line.units);
        let left: Vec<i64> = units.map(|due| due.left).collect();
        let amount = reduction(rule.reduction, left.iter().sum());
        if amount == 0 {
            return 0;
        }
        let mut shares = allocate(amount, &left).into_iter();
        for line in self.lines.iter_mut().filter(|line| applies(line)) {
            let unit_amounts: Vec<i64> = shares.by_ref().take(line.units.len()).collect();
            line.take(&PromotionId::new(&rule.code), unit_amounts, rule.funding);
        }
        amount
    }

    /// Adds the taxes on what is left to pay.
    fn close(self) -> (Vec<OrderLine>, Option<ShippingCharge>) {
        let shipping = self.shipping.map(|due| {
            let taxes = self.taxation.shipping_taxes(due.taxed, true);
            let tax_amount = sum_of(&taxes);
            ShippingCharge { amount: Money::new(due.left, self.destination.currency), tax_amount, taxes }
        });
        let rated = self.lines.into_iter().map(|mut line| {
            let (category, included) = (line.product.tax_category, line.line.tax_included);
            let taxed: Vec<i64> = line.units.iter().map(|due| due.taxed).collect();
            if !line.line.gift_card {
                let taxes = self.taxation.line_taxes(category, &line.line.sku, &taxed, included);
                line.line.taxes = taxes.unwrap_or_default();
            }
            line.line
        });
        (rated.collect(), shipping)
    }
}

fn sum_of(taxes: &[TaxLine]) -> i64 {
    taxes.iter().flat_map(|tax| &tax.unit_amounts).sum()
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
        TenderPlan::StoredValueThenCard { stored, payment_token } => {
            let mut rest = total.amount;
            for part in stored {
                rest -= till.stored(part, rest)?;
            }
            if rest > 0 {
                till.card(rest, payment_token);
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

    /// Takes a part from an account, as far as there is something to pay. Returns how much.
    fn stored(&mut self, part: &StoredPart, rest: i64) -> Result<i64, PricingError> {
        if !matches!(part.kind, TenderKind::GiftCard | TenderKind::StoreCredit) {
            return Err(PricingError::Tender("stored value is a gift card or store credit".to_owned()));
        }
        if part.amount <= 0 {
            return Err(PricingError::Tender(format!("{} minor units cannot be paid", part.amount)));
        }
        let paid = part.amount.min(rest);
        if paid > 0 {
            self.add(part.kind, paid);
            if let Some(tender) = self.paid.last_mut() {
                tender.account_id = Some(part.account_id.clone());
            }
        }
        Ok(paid)
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
