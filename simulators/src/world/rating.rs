//! The arithmetic of taxes: one function for the channel's checkout and for the tax engine.
//!
//! The tax of a line is computed once, on the sum of its discounted units, and spread over the units by
//! largest remainder, so that partial shipments and returns add up to it exactly. What is rated, and where
//! it goes, others decide.

use counterproof_contracts::{
    allocation::{allocate, tax_of},
    model::TaxLine,
};

use super::{Jurisdiction, TaxCategory};

impl Jurisdiction {
    /// The rate of a category in parts per million.
    pub fn rate_ppm(&self, category: TaxCategory) -> u32 {
        self.rates_ppm.get(&category).copied().unwrap_or(0)
    }
}

/// The taxes of one line, unit by unit. `unit_amounts` is what the customer pays for each unit after
/// promotions, in minor units, not negative; with the tax where `included`.
///
/// `None` where the amounts are negative or their sum is beyond any amount of money.
pub fn line_taxes(
    jurisdiction: &Jurisdiction,
    category: TaxCategory,
    unit_amounts: &[i64],
    included: bool,
) -> Option<Vec<TaxLine>> {
    let sum = sum_of(unit_amounts)?;
    let rate_ppm = jurisdiction.rate_ppm(category);
    Some(vec![TaxLine {
        jurisdiction: jurisdiction.code.clone(),
        tax_type: jurisdiction.tax_type,
        rate_ppm,
        unit_amounts: allocate(tax_of(sum, rate_ppm, included), unit_amounts),
    }])
}

/// The sum of amounts that are not negative; `None` otherwise, or beyond 10^15 minor units.
fn sum_of(amounts: &[i64]) -> Option<i64> {
    const AMOUNT_MAX: i64 = 1_000_000_000_000_000;
    amounts.iter().try_fold(0_i64, |sum, amount| {
        let sum = sum.checked_add(*amount)?;
        (*amount >= 0 && sum <= AMOUNT_MAX).then_some(sum)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;
    use crate::world::World;

    fn units(country: &str, postal_code: &str, category: TaxCategory, amounts: &[i64]) -> Vec<i64> {
        let world = World::embedded().unwrap();
        let jurisdiction = world.jurisdiction(country, postal_code).unwrap();
        let taxes = line_taxes(jurisdiction, category, amounts, jurisdiction.included).unwrap();
        assert_eq!(taxes.len(), 1);
        taxes[0].unit_amounts.clone()
    }

    #[test]
    fn included_tax_is_a_part_of_the_line() {
        // 3 × 49.90 = 149.70; 149.70 × 19 / 119 = 23.9016…
        assert_eq!(units("DE", "20095", TaxCategory::Standard, &[4990; 3]), [797, 797, 796]);
        assert_eq!(units("DE", "20095", TaxCategory::Reduced, &[1299]), [85]);
        assert_eq!(units("AT", "1010", TaxCategory::Standard, &[12_000]), [2_000]);
        assert_eq!(units("DE", "20095", TaxCategory::Exempt, &[5000, 5000]), [0, 0]);
    }

    #[test]
    fn exclusive_tax_comes_on_top() {
        // 2 × 54.90 = 109.80; 109.80 × 8.875 % = 9.74475
        assert_eq!(units("US", "10007", TaxCategory::Standard, &[5490; 2]), [487, 487]);
    }

    #[test]
    fn refuses_negative_and_absurd_amounts() {
        let world = World::embedded().unwrap();
        let jurisdiction = world.jurisdiction("DE", "20095").unwrap();
        for amounts in [vec![-1], vec![i64::MAX, i64::MAX], vec![i64::MIN, 1]] {
            assert_eq!(line_taxes(jurisdiction, TaxCategory::Standard, &amounts, true), None);
        }
    }
}
