//! What may happen to an order from the click to the last refund.

use proptest::prelude::*;

use super::History;
use crate::{
    allocation::{allocate, tax_of},
    model::{
        Address, ConditionGrade, Currency, Money, Order, OrderLine, Promotion, PromotionAllocation,
        PromotionFunding, PromotionId, PromotionScope, SalesChannel, ShippingCharge, TaxLine, TaxType,
        Tender, TenderKind, Timestamp,
    },
};

/// The life of an order of one line.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Life {
    pub(in crate::invariants) quantity: u32,
    pub(in crate::invariants) price: i64,
    pub(in crate::invariants) promotion: i64,
    /// Who pays for the promotion.
    pub(in crate::invariants) funding: PromotionFunding,
    /// What goods must be worth for the promotion `SPEND100`, which the default policy claims back.
    pub(in crate::invariants) minimum: Option<i64>,
    pub(in crate::invariants) shipping: i64,
    /// Units in each parcel; together at most `quantity`.
    pub(in crate::invariants) parcels: Vec<u32>,
    /// Whether what is in no parcel is canceled; otherwise it waits.
    pub(in crate::invariants) cancel_rest: bool,
    /// Units and grades of each return; together at most what shipped.
    pub(in crate::invariants) returns: Vec<(u32, ConditionGrade)>,
    /// What a gift card pays; the rest is paid by card.
    pub(in crate::invariants) gift_card: i64,
    pub(in crate::invariants) marketplace: bool,
    pub(in crate::invariants) store_credit: bool,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            quantity: 2,
            price: 4_990,
            promotion: 0,
            funding: PromotionFunding::Retailer,
            minimum: None,
            shipping: 0,
            parcels: vec![2],
            cancel_rest: false,
            returns: Vec::new(),
            gift_card: 0,
            marketplace: false,
            store_credit: false,
        }
    }
}

/// Lives of all kinds, each of them correct.
pub(in crate::invariants) fn lives() -> impl Strategy<Value = Life> {
    let grade = prop_oneof![
        Just(ConditionGrade::A),
        Just(ConditionGrade::B),
        Just(ConditionGrade::C),
        Just(ConditionGrade::D)
    ];
    let terms = (1_u32..5, 100_i64..20_000, 0_i64..50, prop_oneof![Just(0_i64), Just(490_i64)]);
    let goods = (
        prop::collection::vec(1_u32..3, 0..3),
        any::<bool>(),
        prop::collection::vec((1_u32..3, grade), 0..3),
    );
    let money = (0_i64..120, 0_u8..4, any::<bool>());
    (terms, goods, money).prop_map(
        |(
            (quantity, price, percent, shipping),
            (parcels, cancel_rest, returns),
            (gift, kind, store_credit),
        )| {
            let parcels = within(quantity, parcels, |units| units, |_, units| units);
            let shipped = parcels.iter().sum();
            let returns = within(shipped, returns, |(units, _)| units, |(_, grade), units| (units, grade));
            let promotion = price * i64::from(quantity) * percent / 100;
            let total = price * i64::from(quantity) - promotion + shipping;
            let (gift_card, marketplace) = if kind == 0 {
                (0, true)
            } else if kind == 1 {
                ((total * gift / 100).min(total), false)
            } else {
                (0, false)
            };
            Life {
                quantity,
                price,
                promotion,
                funding: PromotionFunding::Retailer,
                minimum: None,
                shipping,
                parcels,
                cancel_rest,
                returns,
                gift_card,
                marketplace,
                store_credit,
            }
        },
    )
}

/// Cuts parts so that they sum to a limit at most.
fn within<T: Copy>(limit: u32, parts: Vec<T>, units: fn(T) -> u32, cut: fn(T, u32) -> T) -> Vec<T> {
    let mut left = limit;
    let mut kept = Vec::new();
    for part in parts {
        let taken = units(part).min(left);
        if taken > 0 {
            kept.push(cut(part, taken));
            left -= taken;
        }
    }
    kept
}

const fn money(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

impl Life {
    fn line(&self) -> OrderLine {
        let mut line = OrderLine {
            line_id: "L-1".into(),
            sku: "shirt".into(),
            quantity: self.quantity,
            unit_price: money(self.price),
            tax_included: true,
            promotions: Vec::new(),
            taxes: Vec::new(),
            final_sale: false,
            gift_card: false,
            promised_by: None,
        };
        if self.promotion > 0 {
            let weights = vec![1; self.quantity as usize];
            line.promotions.push(PromotionAllocation {
                promotion_id: self.promotion_id(),
                unit_amounts: allocate(self.promotion, &weights),
            });
        }
        let taxes = (0..self.quantity).map(|unit| {
            let retailer = self.funding == PromotionFunding::Retailer;
            let taxed = if retailer { line.unit_price_after_promotions(unit) } else { self.price };
            tax_of(taxed, 190_000, true)
        });
        line.taxes.push(TaxLine {
            jurisdiction: "DE".to_owned(),
            tax_type: TaxType::Vat,
            rate_ppm: 190_000,
            unit_amounts: taxes.collect(),
        });
        line
    }

    /// An order of one gift card, accepted and not paid yet.
    pub(in crate::invariants) fn gift_card_order() -> History {
        let life = Self { quantity: 1, price: 5_000, parcels: Vec::new(), ..Self::default() };
        let mut history = life.accepted();
        history.edit(|effect| {
            if let crate::journal::Effect::OrderPlaced { order } = effect {
                for line in &mut order.lines {
                    line.gift_card = true;
                    line.taxes.clear();
                }
            }
        });
        history
    }

    fn promotion_id(&self) -> PromotionId {
        PromotionId::new(if self.minimum.is_some() { "SPEND100" } else { "SUMMER" })
    }

    fn tenders(&self, total: i64) -> Vec<Tender> {
        let tender = |id: &str, kind, amount| Tender {
            tender_id: id.into(),
            kind,
            amount: money(amount),
            payment_token: (kind == TenderKind::Card).then(|| "tok_ok".to_owned()),
            account_id: (kind == TenderKind::GiftCard).then(|| "G-1".into()),
        };
        if self.marketplace {
            return vec![tender("T-1", TenderKind::MarketplaceCollected, total)];
        }
        let parts = [
            ("T-1", TenderKind::Card, total - self.gift_card),
            ("T-2", TenderKind::GiftCard, self.gift_card),
        ];
        parts
            .into_iter()
            .filter(|(.., amount)| *amount > 0)
            .map(|(id, kind, amount)| tender(id, kind, amount))
            .collect()
    }

    fn order(&self) -> Order {
        let shipping = ShippingCharge {
            amount: money(self.shipping),
            tax_amount: tax_of(self.shipping, 190_000, true),
            taxes: Vec::new(),
        };
        let line = self.line();
        let total = line.value(0..self.quantity).gross + self.shipping;
        let promotion = Promotion {
            promotion_id: self.promotion_id(),
            scope: PromotionScope::Order,
            funding: self.funding,
            amount: money(self.promotion),
            minimum: self.minimum.map(money),
        };
        Order {
            order_number: "W-17".into(),
            sales_channel: if self.marketplace { SalesChannel::Marketplace } else { SalesChannel::Web },
            channel_order_id: "web-17".into(),
            placed_at: Timestamp::UNIX_EPOCH,
            version: 1,
            customer_ref: "customer-1".into(),
            currency: Currency::EUR,
            ship_to: Address {
                name: "Jo Doe".to_owned(),
                street: "Main Street 1".to_owned(),
                city: "Berlin".to_owned(),
                postal_code: "10115".to_owned(),
                country: "DE".to_owned(),
                address_id: None,
            },
            gift: None,
            lines: vec![line],
            shipping: (self.shipping > 0).then_some(shipping),
            promotions: (self.promotion > 0).then_some(promotion).into_iter().collect(),
            tenders: self.tenders(total),
            total: money(total),
            pickup_node: None,
            exchange: None,
            kits: Vec::new(),
            settlement: None,
            tax_terms: None,
            till_reference: None,
            promised_by: None,
            shipping_method: None,
        }
    }

    /// The customer placed the order and the middleware took it.
    pub(in crate::invariants) fn placed(&self) -> History {
        History::placed(self.order(), self.store_credit)
    }

    /// It is paid for, claimed, booked and released.
    pub(in crate::invariants) fn accepted(&self) -> History {
        let mut history = self.placed();
        history.accept();
        history
    }

    /// All units left in one parcel.
    pub(in crate::invariants) fn shipped(&self) -> History {
        let mut history = self.accepted();
        history.ship_parcel("S-1", self.quantity);
        history
    }

    /// All units left, and some came back as new.
    pub(in crate::invariants) fn returned(&self, units: u32) -> History {
        let mut history = self.shipped();
        history.return_units("R-1", units, ConditionGrade::A);
        history
    }

    /// The whole life.
    pub(in crate::invariants) fn history(&self) -> History {
        let mut history = self.accepted();
        for (number, units) in self.parcels.iter().enumerate() {
            history.ship_parcel(&format!("S-{}", number + 1), *units);
        }
        let rest = self.quantity - self.parcels.iter().sum::<u32>();
        if self.cancel_rest && rest > 0 {
            history.cancel_units("X-1", rest);
        }
        for (number, (units, grade)) in self.returns.iter().enumerate() {
            history.return_units(&format!("R-{}", number + 1), *units, *grade);
        }
        history
    }
}
