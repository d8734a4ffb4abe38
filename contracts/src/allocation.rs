//! Arithmetic of promotions, taxes and refunds. All sums are exact; nothing is rounded twice.
//!
//! Every promotion and tax is allocated to single units when the order is placed, by largest remainder.
//! Later steps only add up units: a partial shipment, cancellation or return never re-rates anything, and
//! over all units the parts sum to the whole. Units of a line ship in ascending and are canceled in
//! descending order of their index; they are returned in ascending order.

use std::ops::Range;

use crate::model::{Order, OrderLine};

/// Splits an amount by weights so that the parts sum to it exactly (largest remainder; ties go to the
/// earlier part). All weights zero: the whole goes to the first part.
///
/// ```
/// use counterproof_contracts::allocation::allocate;
/// assert_eq!(allocate(100, &[1, 1, 1]), [34, 33, 33]);
/// ```
pub fn allocate(amount: i64, weights: &[i64]) -> Vec<i64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total <= 0 {
        let mut parts = vec![0; weights.len()];
        if let Some(first) = parts.first_mut() {
            *first = amount;
        }
        return parts;
    }
    let exact = |weight: i64| i128::from(amount) * i128::from(weight);
    let mut parts: Vec<i64> =
        weights.iter().map(|weight| narrow(exact(*weight).div_euclid(total))).collect();
    let rest = amount - parts.iter().sum::<i64>();
    let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
    by_remainder.sort_by_key(|index| {
        let weight = weights.get(*index).copied().unwrap_or(0);
        (std::cmp::Reverse(exact(weight).rem_euclid(total)), *index)
    });
    for index in by_remainder.into_iter().take(usize::try_from(rest).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(index) {
            *part += 1;
        }
    }
    parts
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

/// What one unit, or several, of a line are worth.
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
        self.gross - self.tax
    }
}

impl std::ops::Add for Value {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { gross: self.gross + other.gross, tax: self.tax + other.tax }
    }
}

impl std::iter::Sum for Value {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::default(), std::ops::Add::add)
    }
}

impl OrderLine {
    /// What the customer pays for one unit after promotions, before tax comes on top.
    pub fn unit_price_after_promotions(&self, unit: u32) -> i64 {
        let index = unit as usize;
        let promotions: i64 = self
            .promotions
            .iter()
            .filter_map(|promotion| promotion.unit_amounts.get(index))
            .sum();
        self.unit_price.amount - promotions
    }

    /// What one unit is worth; units are counted from 0.
    pub fn unit_value(&self, unit: u32) -> Value {
        let index = unit as usize;
        let tax: i64 = self.taxes.iter().filter_map(|tax| tax.unit_amounts.get(index)).sum();
        let price = self.unit_price_after_promotions(unit);
        Value { gross: if self.tax_included { price } else { price + tax }, tax }
    }

    /// What a range of units is worth.
    pub fn value(&self, units: Range<u32>) -> Value {
        units.map(|unit| self.unit_value(unit)).sum()
    }
}

impl Order {
    /// What the customer pays for shipping.
    pub fn shipping_value(&self) -> Value {
        self.shipping
            .as_ref()
            .map_or(Value::default(), |shipping| Value { gross: shipping.amount.amount, tax: shipping.tax_amount })
    }

    /// What all lines and shipping are worth: must equal the order's total.
    pub fn value(&self) -> Value {
        self.lines.iter().map(|line| line.value(0..line.quantity)).sum::<Value>() + self.shipping_value()
    }
}
