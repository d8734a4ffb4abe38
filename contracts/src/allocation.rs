//! Arithmetic of promotions, taxes and refunds. All sums are exact; nothing is rounded twice.
//!
//! Every promotion and tax is allocated to single units when the order is placed, by largest remainder.
//! Later steps only add up units: a partial shipment, cancellation or return never re-rates anything, and
//! over all units the parts sum to the whole. Units of a line ship in ascending and are canceled in
//! descending order of their index; they are returned in ascending order.

use std::ops::Range;

use crate::model::{Order, OrderLine};

/// Splits an amount by weights so that the parts sum to it exactly (largest remainder; ties go to the
/// earlier part). A negative weight counts as zero. All weights zero: the whole goes to the first part.
///
/// ```
/// use counterproof_contracts::allocation::allocate;
/// assert_eq!(allocate(100, &[1, 1, 1]), [34, 33, 33]);
/// ```
pub fn allocate(amount: i64, weights: &[i64]) -> Vec<i64> {
    let weight = |index: usize| weights.get(index).map_or(0, |weight| i128::from(*weight).max(0));
    let total: i128 = (0..weights.len()).map(weight).sum();
    if total == 0 {
        let mut parts = vec![0; weights.len()];
        if let Some(first) = parts.first_mut() {
            *first = amount;
        }
        return parts;
    }
    let exact = |index: usize| i128::from(amount) * weight(index);
    let mut parts: Vec<i128> = (0..weights.len()).map(|index| exact(index).div_euclid(total)).collect();
    let rest = i128::from(amount) - parts.iter().sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| (std::cmp::Reverse(exact(*index).rem_euclid(total)), *index));
    for index in by_remainder.into_iter().take(usize::try_from(rest).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    parts.into_iter().map(narrow).collect()
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

/// The tax of an amount at a rate, rounded half away from zero.
/// `included`: the amount contains the tax; otherwise the tax comes on top.
///
/// ```
/// use counterproof_contracts::allocation::tax_of;
/// assert_eq!(tax_of(11_900, 190_000, true), 1_900);
/// assert_eq!(tax_of(10_000, 190_000, false), 1_900);
/// ```
pub fn tax_of(amount: i64, rate_ppm: u32, included: bool) -> i64 {
    let rate = i128::from(rate_ppm);
    let divisor = if included { 1_000_000 + rate } else { 1_000_000 };
    let product = i128::from(amount) * rate;
    let half = divisor / 2;
    narrow(if product >= 0 { (product + half) / divisor } else { (product - half) / divisor })
}

/// What one unit, or several, of a line are worth. Sums saturate: an order is untrusted, and amounts that do not
/// fit add up to no total that anybody claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Value {
    /// What the customer pays, tax included, minor units.
    pub gross: i64,
    /// Of this, tax.
    pub tax: i64,
}

impl Value {
    /// Without tax.
    pub const fn net(self) -> i64 {
        self.gross.saturating_sub(self.tax)
    }
}

impl std::ops::Add for Value {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { gross: self.gross.saturating_add(other.gross), tax: self.tax.saturating_add(other.tax) }
    }
}

impl std::iter::Sum for Value {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::default(), std::ops::Add::add)
    }
}

/// The sum of a unit's entries; an entry that is missing is zero.
fn of_unit<'a>(unit: u32, vectors: impl Iterator<Item = &'a [i64]>) -> i64 {
    vectors
        .filter_map(|amounts| amounts.get(unit as usize))
        .fold(0, |sum, amount| sum.saturating_add(*amount))
}

impl OrderLine {
    /// What the customer pays for one unit after promotions, before tax comes on top.
    pub fn unit_price_after_promotions(&self, unit: u32) -> i64 {
        let shares = self.promotions.iter().map(|promotion| promotion.unit_amounts.as_slice());
        self.unit_price.amount.saturating_sub(of_unit(unit, shares))
    }

    /// What one unit is worth; units are counted from 0.
    pub fn unit_value(&self, unit: u32) -> Value {
        let tax = of_unit(unit, self.taxes.iter().map(|tax| tax.unit_amounts.as_slice()));
        let price = self.unit_price_after_promotions(unit);
        Value { gross: if self.tax_included { price } else { price.saturating_add(tax) }, tax }
    }

    /// What a range of units is worth.
    pub fn value(&self, units: Range<u32>) -> Value {
        units.map(|unit| self.unit_value(unit)).sum()
    }
}

impl Order {
    /// What the customer pays for shipping.
    pub fn shipping_value(&self) -> Value {
        self.shipping.as_ref().map_or(Value::default(), |shipping| Value {
            gross: shipping.amount.amount,
            tax: shipping.tax_amount,
        })
    }

    /// What all lines and shipping are worth: must equal the order's total.
    pub fn value(&self) -> Value {
        self.lines.iter().map(|line| line.value(0..line.quantity)).sum::<Value>() + self.shipping_value()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Currency, Money, PromotionAllocation, TaxLine, TaxType};

    /// Amounts and rates as far as the schemas let them go.
    const SAFE: i64 = 9_007_199_254_740_991;

    /// A line as a channel would build it: promotions allocated to units, taxes computed per unit.
    fn line(quantity: u32, unit_price: i64, promotion: i64, rate_ppm: u32, tax_included: bool) -> OrderLine {
        let mut line = OrderLine {
            line_id: "1".into(),
            sku: "SKU-1".into(),
            quantity,
            unit_price: Money::new(unit_price, Currency::EUR),
            tax_included,
            promotions: vec![PromotionAllocation {
                promotion_id: "P".into(),
                unit_amounts: allocate(promotion, &vec![unit_price; quantity as usize]),
            }],
            taxes: Vec::new(),
            final_sale: false,
            gift_card: false,
            promised_by: None,
        };
        let taxes =
            (0..quantity).map(|unit| tax_of(line.unit_price_after_promotions(unit), rate_ppm, tax_included));
        let unit_amounts = taxes.collect();
        line.taxes =
            vec![TaxLine { jurisdiction: "DE".to_owned(), tax_type: TaxType::Vat, rate_ppm, unit_amounts }];
        line
    }

    #[test]
    fn the_largest_remainders_get_the_rest() {
        assert_eq!(allocate(10, &[3, 3, 1]), [4, 4, 2]);
        assert_eq!(allocate(1000, &[7990, 7990, 1290]), [463, 462, 75]);
        assert_eq!(allocate(1, &[1, 2, 2]), [0, 1, 0]);
        assert_eq!(allocate(-100, &[1, 1, 1]), [-33, -33, -34]);
    }

    #[test]
    fn without_weights_the_first_part_takes_all() {
        assert_eq!(allocate(7, &[0, 0]), [7, 0]);
        assert_eq!(allocate(7, &[-1, 0]), [7, 0]);
        assert_eq!(allocate(7, &[]), [0; 0]);
    }

    #[test]
    fn tax_is_rounded_half_away_from_zero() {
        assert_eq!(tax_of(50, 10_000, false), 1, "0.5");
        assert_eq!(tax_of(49, 10_000, false), 0, "0.49");
        assert_eq!(tax_of(-50, 10_000, false), -1, "-0.5");
        assert_eq!(tax_of(100, 88_750, false), 9, "8.875 in New York");
        assert_eq!(tax_of(100, 0, true), 0);
    }

    #[test]
    fn amounts_that_do_not_fit_saturate() {
        let mut huge = line(3, i64::MAX, 0, 190_000, false);
        huge.taxes[0].unit_amounts = vec![i64::MAX; 3];
        huge.taxes.push(huge.taxes[0].clone());
        assert_eq!(huge.value(0..3), Value { gross: i64::MAX, tax: i64::MAX });
        huge.unit_price.amount = i64::MIN;
        assert_eq!(huge.unit_price_after_promotions(0), i64::MIN);
        assert_eq!(Value { gross: i64::MIN, tax: 1 }.net(), i64::MIN);
    }

    #[test]
    fn vectors_that_are_too_short_count_as_zero() {
        let mut short = line(2, 1000, 100, 190_000, true);
        short.promotions[0].unit_amounts.truncate(1);
        short.taxes.clear();
        assert_eq!(short.value(0..2), Value { gross: 950 + 1000, tax: 0 });
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(amount: i64, weights in proptest::collection::vec(any::<i64>(), 1..20)) {
            let parts = allocate(amount, &weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(amount));
        }

        #[test]
        fn a_part_is_its_share_or_the_next_integer(
            amount in -1_000_000_i64..1_000_000,
            weights in proptest::collection::vec(0_i64..10_000, 1..20),
        ) {
            let total: i64 = weights.iter().sum();
            prop_assume!(total > 0);
            for (part, weight) in allocate(amount, &weights).into_iter().zip(&weights) {
                prop_assert!((part * total - amount * weight).abs() < total, "{part} of {amount} by {weight}/{total}");
            }
        }

        #[test]
        fn what_weighs_nothing_gets_nothing(amount: i64, weight in 1_i64..1000) {
            prop_assert_eq!(allocate(amount, &[0, weight, 0]), [0, amount, 0]);
        }

        #[test]
        fn equal_weights_differ_by_one_at_most_and_fall(amount in 0_i64..1_000_000, units in 1_usize..50) {
            let parts = allocate(amount, &vec![1990; units]);
            prop_assert!(parts.is_sorted_by(|earlier, later| earlier >= later));
            prop_assert!(parts[0] - parts[units - 1] <= 1);
        }

        #[test]
        fn tax_is_symmetric(amount in -SAFE..=SAFE, rate_ppm in 0_u32..=10_000_000, included: bool) {
            prop_assert_eq!(tax_of(-amount, rate_ppm, included), -tax_of(amount, rate_ppm, included));
        }

        #[test]
        fn tax_never_falls_with_the_amount(amount: i64, rate_ppm: u32, included: bool) {
            prop_assert!(tax_of(amount, rate_ppm, included) <= tax_of(amount.saturating_add(1), rate_ppm, included));
        }

        #[test]
        fn contained_tax_is_the_tax_on_what_remains(amount in 0_i64..1_000_000_000, rate_ppm in 0_u32..=1_000_000) {
            let tax = tax_of(amount, rate_ppm, true);
            prop_assert!((0..=amount).contains(&tax));
            prop_assert!((tax_of(amount - tax, rate_ppm, false) - tax).abs() <= 1);
        }

        #[test]
        fn a_line_is_the_sum_of_its_pieces(
            quantity in 1_u32..20,
            at in 0_u32..20,
            unit_price in 0_i64..100_000,
            permille in 0_i64..=1000,
            rate_ppm in 0_u32..300_000,
            tax_included: bool,
        ) {
            let promotion = i64::from(quantity) * unit_price * permille / 1000;
            let line = line(quantity, unit_price, promotion, rate_ppm, tax_included);
            let at = at.min(quantity);
            let whole = line.value(0..quantity);
            prop_assert_eq!(line.value(0..at) + line.value(at..quantity), whole);
            let paid = if tax_included { whole.gross } else { whole.net() };
            prop_assert_eq!(paid, unit_price * i64::from(quantity) - promotion);
            prop_assert!((0..quantity).all(|unit| line.unit_value(unit).net() >= 0));
        }
    }
}
