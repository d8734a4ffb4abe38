//! What an order says of taxes, of who funds its promotions, and of the currency that the retailer is paid in.

use std::collections::BTreeMap;

use super::{Span, terms::UnitAmounts};
use crate::{
    funding::Contributions,
    model::{
        Order, OrderLine, PromotionFunding, PromotionId, PromotionScope, SettlementTerms, TaxCollector,
        TaxScheme, TaxType,
    },
};

/// A tax: who levies it, and its kind.
pub(in crate::invariants) type LevyName = (String, TaxType);

/// A tax on a line.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Levy {
    pub(in crate::invariants) name: LevyName,
    base: UnitAmounts,
    tax: UnitAmounts,
}

impl Levy {
    /// What any choice of so many units is taxed on.
    pub(in crate::invariants) fn base(&self, units: u32) -> Span {
        self.base.of(units)
    }

    /// The tax of any choice of so many units.
    pub(in crate::invariants) fn tax(&self, units: u32) -> Span {
        self.tax.of(units)
    }
}

/// A line's taxes and promotions.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct LinePricing {
    /// Price of one unit before promotions.
    pub(in crate::invariants) listed: i64,
    pub(in crate::invariants) levies: Vec<Levy>,
    funded: BTreeMap<PromotionFunding, UnitAmounts>,
    shares: BTreeMap<PromotionId, UnitAmounts>,
}

impl LinePricing {
    pub(super) fn new(order: &Order, line: &OrderLine, units: u32) -> Self {
        let each = |amount: &dyn Fn(u32) -> i64| UnitAmounts::new((0..units).map(amount).collect(), 0);
        let levies = line.taxes.iter().map(|tax| Levy {
            name: (tax.jurisdiction.clone(), tax.tax_type),
            base: each(&|unit| order.taxable_base(line, tax, unit..unit + 1)),
            tax: each(&|unit| tax.unit_amounts.get(unit as usize).copied().unwrap_or(0)),
        });
        let funding = |funding: PromotionFunding| {
            let amounts =
                each(&|unit| order.contributions(line, unit..unit + 1).get(&funding).copied().unwrap_or(0));
            (funding, amounts)
        };
        let by_others = order.contributions(line, 0..units);
        let shares = line.promotions.iter().map(|share| {
            let amounts = each(&|unit| share.unit_amounts.get(unit as usize).copied().unwrap_or(0));
            (share.promotion_id.clone(), amounts)
        });
        Self {
            listed: line.unit_price.amount,
            levies: levies.collect(),
            funded: by_others.into_keys().map(funding).collect(),
            shares: shares.collect(),
        }
    }

    /// What somebody else pays for any choice of so many units.
    pub(in crate::invariants) fn funded(&self, funding: PromotionFunding, units: u32) -> Span {
        self.funded.get(&funding).map_or_else(Span::default, |amounts| amounts.of(units))
    }

    /// What others pay for any choice of so many units.
    pub(super) fn funded_by_all(&self, units: u32) -> Span {
        self.funded.values().map(|amounts| amounts.of(units)).sum()
    }

    /// A promotion's share in any choice of so many units.
    pub(in crate::invariants) fn share(&self, promotion: &PromotionId, units: u32) -> Span {
        self.shares.get(promotion).map_or_else(Span::default, |amounts| amounts.of(units))
    }
}

/// A tax on shipping.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct ShippingLevy {
    pub(in crate::invariants) name: LevyName,
    pub(in crate::invariants) base: i64,
    pub(in crate::invariants) tax: i64,
}

/// An order's terms beyond its lines.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct OrderPricing {
    pub(in crate::invariants) scheme: TaxScheme,
    pub(in crate::invariants) collector: TaxCollector,
    pub(in crate::invariants) shipping_levies: Vec<ShippingLevy>,
    pub(in crate::invariants) shipping_funded: Contributions,
    pub(in crate::invariants) settlement: Option<SettlementTerms>,
    /// Promotions of the retailer on goods that are earned by a minimum.
    pub(in crate::invariants) minimums: Vec<(PromotionId, i64)>,
}

impl OrderPricing {
    pub(super) fn new(order: &Order) -> Self {
        let levies = order.shipping.iter().flat_map(|shipping| &shipping.taxes).map(|tax| ShippingLevy {
            name: (tax.jurisdiction.clone(), tax.tax_type),
            base: order.shipping_base(tax.tax_type),
            tax: tax.unit_amounts.iter().fold(0, |sum, amount| sum.saturating_add(*amount)),
        });
        let minimums = order.promotions.iter().filter(|promotion| {
            promotion.funding == PromotionFunding::Retailer && promotion.scope != PromotionScope::Shipping
        });
        let minimums = minimums
            .filter_map(|promotion| Some((promotion.promotion_id.clone(), promotion.minimum?.amount)));
        Self {
            scheme: order.tax_scheme(),
            collector: order.tax_collector(),
            shipping_levies: levies.collect(),
            shipping_funded: order.shipping_contributions(),
            settlement: order.settlement,
            minimums: minimums.collect(),
        }
    }

    /// Whether the retailer reports the order's taxes.
    pub(in crate::invariants) fn is_reported(&self) -> bool {
        self.collector == TaxCollector::Retailer
    }
}
