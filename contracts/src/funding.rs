//! Who pays which part of a price, what of it is taxed, and what it is worth in the retailer's currency.
//!
//! A promotion that the retailer funds lowers the price, and with it the tax. One that a manufacturer or a
//! marketplace funds is paid by them instead of the customer: what is taxed stays as it was (Council Directive
//! 2006/112/EC, article 73: consideration obtained "from the customer or a third party"). Nothing here rounds
//! twice: shares are those of the order, and conversions are parts of a running sum.

use std::{collections::BTreeMap, ops::Range};

use crate::model::{
    Contribution, Money, Order, OrderLine, PromotionFunding, PromotionId, PromotionScope, SettlementTerms,
    TaxCollector, TaxLine, TaxScheme, TaxTerms, TaxType,
};

/// What others than the customer pay, minor units, by who they are; only what is not zero.
pub type Contributions = BTreeMap<PromotionFunding, i64>;

/// Adds amounts to amounts.
pub fn add_contributions(sum: &mut Contributions, more: &Contributions) {
    for (funding, amount) in more {
        let known = sum.entry(*funding).or_default();
        *known = known.saturating_add(*amount);
    }
}

/// Amounts as a document states them, by who owes them.
pub fn contribution_list(sums: &Contributions, of: &Order) -> Vec<Contribution> {
    let entry = |(funding, amount): (&PromotionFunding, &i64)| Contribution {
        funding: *funding,
        amount: Money::new(*amount, of.currency),
    };
    sums.iter().filter(|(_, amount)| **amount > 0).map(entry).collect()
}

impl Order {
    /// Who funds a promotion; the retailer, where the order does not say.
    pub fn funding(&self, promotion: &PromotionId) -> PromotionFunding {
        let known = self.promotions.iter().find(|known| known.promotion_id == *promotion);
        known.map_or(PromotionFunding::Retailer, |known| known.funding)
    }

    /// What others than the customer pay for units of a line.
    pub fn contributions(&self, line: &OrderLine, units: Range<u32>) -> Contributions {
        let mut sums = Contributions::new();
        for share in &line.promotions {
            let funding = self.funding(&share.promotion_id);
            if funding == PromotionFunding::Retailer {
                continue;
            }
            let amount = of_units(&share.unit_amounts, units.clone());
            if amount != 0 {
                add_contributions(&mut sums, &Contributions::from([(funding, amount)]));
            }
        }
        sums
    }

    /// What others than the customer pay for shipping.
    pub fn shipping_contributions(&self) -> Contributions {
        let mut sums = Contributions::new();
        for promotion in &self.promotions {
            if promotion.scope == PromotionScope::Shipping
                && promotion.funding != PromotionFunding::Retailer
                && promotion.amount.amount != 0
            {
                add_contributions(
                    &mut sums,
                    &Contributions::from([(promotion.funding, promotion.amount.amount)]),
                );
            }
        }
        sums
    }

    /// What is paid for a unit by the customer and by others, after promotions that the retailer funds; with
    /// the tax where prices contain it.
    pub fn taxed_price(&self, line: &OrderLine, unit: u32) -> i64 {
        let paid_by_others: i64 = self.contributions(line, unit..unit.saturating_add(1)).values().sum();
        line.unit_price_after_promotions(unit).saturating_add(paid_by_others)
    }

    /// What a tax of a line is computed on for units of it: what is paid for them without tax; for a value
    /// added tax at import with the duty (Directive 2006/112/EC, article 86).
    pub fn taxable_base(&self, line: &OrderLine, tax: &TaxLine, units: Range<u32>) -> i64 {
        units.fold(0, |sum: i64, unit| sum.saturating_add(self.unit_base(line, tax, unit)))
    }

    fn unit_base(&self, line: &OrderLine, tax: &TaxLine, unit: u32) -> i64 {
        let contained = if line.tax_included { taxes_of(&line.taxes, unit, |_| true) } else { 0 };
        let duty = if tax.tax_type == TaxType::Vat {
            taxes_of(&line.taxes, unit, |levied| levied.tax_type == TaxType::Duty)
        } else {
            0
        };
        self.taxed_price(line, unit).saturating_sub(contained).saturating_add(duty)
    }

    /// What a tax on shipping is computed on.
    pub fn shipping_base(&self, tax_type: TaxType) -> i64 {
        let Some(shipping) = &self.shipping else { return 0 };
        let paid_by_others: i64 = self.shipping_contributions().values().sum();
        let duty = if tax_type == TaxType::Vat {
            taxes_of(&shipping.taxes, 0, |levied| levied.tax_type == TaxType::Duty)
        } else {
            0
        };
        shipping
            .amount
            .amount
            .saturating_add(paid_by_others)
            .saturating_sub(shipping.tax_amount)
            .saturating_add(duty)
    }

    /// Who collects the order's taxes.
    pub fn tax_collector(&self) -> TaxCollector {
        self.tax_terms.as_ref().map_or(TaxCollector::Retailer, TaxTerms::collector)
    }

    /// Under which rules it is taxed.
    pub fn tax_scheme(&self) -> TaxScheme {
        self.tax_terms.as_ref().map_or(TaxScheme::Domestic, |terms| terms.scheme)
    }
}

fn of_units(amounts: &[i64], units: Range<u32>) -> i64 {
    units.filter_map(|unit| amounts.get(unit as usize)).fold(0, |sum, amount| sum.saturating_add(*amount))
}

fn taxes_of(taxes: &[TaxLine], unit: u32, which: impl Fn(&TaxLine) -> bool) -> i64 {
    taxes
        .iter()
        .filter(|tax| which(tax))
        .filter_map(|tax| tax.unit_amounts.get(unit as usize))
        .fold(0, |sum, amount| sum.saturating_add(*amount))
}

impl SettlementTerms {
    /// An amount of the order's currency in the settlement currency, rounded half up.
    ///
    /// ```
    /// use counterproof_contracts::model::{Currency, SettlementTerms};
    /// let terms = SettlementTerms { currency: Currency::EUR, presentment_units: 1000, settlement_units: 617 };
    /// assert_eq!(terms.convert(8_200), 5_059);
    /// assert_eq!(terms.convert_part(8_200, 8_200), 5_060);
    /// ```
    pub fn convert(&self, amount: i64) -> i64 {
        let divisor = i128::from(self.presentment_units.max(1));
        let product = i128::from(amount) * i128::from(self.settlement_units);
        let rounded = (2 * product + divisor).div_euclid(2 * divisor);
        i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
    }

    /// An amount that follows on others which sum to `before`: parts that are converted one after the other
    /// sum to the conversion of their sum exactly.
    pub fn convert_part(&self, before: i64, amount: i64) -> i64 {
        self.convert(before.saturating_add(amount)).saturating_sub(self.convert(before))
    }

    /// An amount of the settlement currency.
    pub const fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use super::*;
    use crate::model::Currency;

    const FUNDED: &str = include_str!("../examples/v1/order.marketplace.json");
    const SETTLED: &str = include_str!("../examples/v1/order.settled-in-another-currency.json");
    const ON_TOP: &str = include_str!("../examples/v1/order.tax-on-top.json");

    fn read(example: &str) -> Order {
        serde_json::from_str(example).unwrap()
    }

    #[test]
    fn what_the_marketplace_pays_is_taxed_as_if_the_customer_did() {
        let order = read(FUNDED);
        let line = &order.lines[0];
        assert_eq!(
            order.contributions(line, 0..3),
            Contributions::from([(PromotionFunding::Marketplace, 500)])
        );
        assert_eq!((order.taxed_price(line, 0), line.unit_price_after_promotions(0)), (1290, 1123));
        assert_eq!(order.taxable_base(line, &line.taxes[0], 0..3), 3870 - 253);
        assert_eq!(line.value(0..3).net(), 3370 - 253);
    }

    #[test]
    fn what_the_retailer_funds_is_not_taxed() {
        let order = read(SETTLED);
        let line = &order.lines[0];
        assert_eq!(order.contributions(line, 0..2), Contributions::new());
        assert_eq!(order.taxable_base(line, &line.taxes[0], 0..2), 14_400 - 1_309);
        assert_eq!(order.shipping_base(TaxType::Vat), 800 - 73);
    }

    #[test]
    fn the_tax_at_import_is_on_the_duty_as_well() {
        let mut order = read(ON_TOP);
        let tax = |tax_type, amount| TaxLine {
            jurisdiction: "CH".to_owned(),
            tax_type,
            rate_ppm: 0,
            unit_amounts: vec![amount],
        };
        order.lines[0].taxes = vec![tax(TaxType::Duty, 450), tax(TaxType::Vat, 765)];
        let line = &order.lines[0];
        let bases = [0, 1].map(|index| order.taxable_base(line, &line.taxes[index], 0..1));
        assert_eq!(bases, [9_000, 9_450]);
    }

    proptest! {
        #[test]
        fn parts_that_are_converted_sum_to_the_whole(
            parts in proptest::collection::vec(0_i64..1_000_000_000, 0..20),
            presentment_units in 1_i64..=1_000_000_000,
            settlement_units in 1_i64..=1_000_000_000,
        ) {
            let terms = SettlementTerms { currency: Currency::EUR, presentment_units, settlement_units };
            let (mut before, mut sum) = (0, 0);
            for part in &parts {
                let converted = terms.convert_part(before, *part);
                prop_assert!(converted >= 0);
                sum += converted;
                before += part;
            }
            prop_assert_eq!(sum, terms.convert(before));
        }

        #[test]
        fn a_conversion_is_within_half_a_unit(amount in 0_i64..1_000_000_000, presentment_units in 1_i64..100_000, settlement_units in 1_i64..100_000) {
            let terms = SettlementTerms { currency: Currency::EUR, presentment_units, settlement_units };
            let exact = i128::from(amount) * i128::from(settlement_units);
            let off = (i128::from(terms.convert(amount)) * i128::from(presentment_units) - exact).abs();
            prop_assert!(2 * off <= i128::from(presentment_units));
        }
    }
}
