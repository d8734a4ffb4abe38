//! The arithmetic of taxes: one place for the channel's checkout and for the tax engine.
//!
//! The taxes of a line are computed once, on the sum of its discounted units, and spread over the units by
//! largest remainder, so that partial shipments and returns add up to them exactly. What is rated, and where
//! it goes, others decide.

use std::collections::BTreeMap;

use counterproof_contracts::{
    allocation::{allocate, tax_of},
    model::{Sku, TaxLine, TaxScheme, TaxTerms, TaxType, Timestamp},
};

use super::{Jurisdiction, TaxCategory, World};

/// Goods from outside the EU that are worth more, without tax, cannot be taxed at the checkout: minor units of
/// the euro (Directive 2006/112/EC, article 369l).
pub const IOSS_VALUE_MAX: i64 = 15_000;

/// The member states of the European Union, by ISO 3166-1 alpha-2.
const UNION: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
    "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Whether a country is a member state of the European Union.
pub fn in_union(country: &str) -> bool {
    UNION.contains(&country)
}

/// A rate of a jurisdiction that is another for goods from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateChange {
    /// The jurisdiction's code.
    pub jurisdiction: String,
    /// Sales from this instant on have it.
    pub from: Timestamp,
    /// Parts per million.
    pub rate_ppm: u32,
}

/// Rates that changed, by what is sold, in the order in which they did.
pub type RateChanges = BTreeMap<Sku, Vec<RateChange>>;

impl Jurisdiction {
    /// The rate of a category in parts per million.
    pub fn rate_ppm(&self, category: TaxCategory) -> u32 {
        self.rates_ppm.get(&category).copied().unwrap_or(0)
    }
}

/// Who taxes an order, under which rules, at the rates of which day.
#[derive(Debug, Clone)]
pub struct Taxation<'w> {
    levies: Vec<&'w Jurisdiction>,
    scheme: TaxScheme,
    exempt: bool,
    at: Timestamp,
    changes: &'w RateChanges,
}

/// A rate that applies.
struct Levy<'w> {
    jurisdiction: &'w Jurisdiction,
    rate_ppm: u32,
}

impl<'w> Taxation<'w> {
    /// The taxation of goods that go to an address. `None` where nobody is known to levy tax there, although
    /// the scheme says that somebody does.
    pub fn of(
        world: &'w World,
        (country, postal_code): (&str, &str),
        terms: &TaxTerms,
        at: Timestamp,
        changes: &'w RateChanges,
    ) -> Option<Self> {
        let mut levies = match terms.scheme {
            TaxScheme::Dap => Vec::new(),
            _ => world.jurisdictions(country, postal_code),
        };
        if terms.scheme == TaxScheme::Ioss {
            levies.retain(|levy| levy.tax_type == TaxType::Vat);
        }
        if levies.is_empty() && terms.scheme != TaxScheme::Dap {
            return None;
        }
        // A value added tax at import is on the duty, too, so that is rated first.
        levies.sort_by_key(|levy| levy.tax_type != TaxType::Duty);
        let exempt = terms.exemption_certificate.is_some();
        Some(Self { levies, scheme: terms.scheme, exempt, at, changes })
    }

    /// Under which rules.
    pub const fn scheme(&self) -> TaxScheme {
        self.scheme
    }

    /// Whether prices contain the taxes.
    pub fn included(&self) -> bool {
        !self.exempt && self.levies.first().is_some_and(|levy| levy.included)
    }

    fn rated(&self, category: TaxCategory, sku: &Sku) -> Vec<Levy<'w>> {
        let changed = |jurisdiction: &Jurisdiction| {
            let changes = self.changes.get(sku)?;
            let in_force =
                |change: &&RateChange| change.jurisdiction == jurisdiction.code && change.from <= self.at;
            changes.iter().rfind(in_force).map(|change| change.rate_ppm)
        };
        let rate = |jurisdiction: &'w Jurisdiction| Levy {
            jurisdiction,
            rate_ppm: if self.exempt {
                0
            } else {
                changed(jurisdiction).unwrap_or_else(|| jurisdiction.rate_ppm(category))
            },
        };
        self.levies.iter().map(|jurisdiction| rate(jurisdiction)).collect()
    }

    /// The taxes of one line, unit by unit. `unit_amounts` is what is paid for each unit after promotions that
    /// the retailer funds, in minor units, not negative; with the tax where `included`.
    ///
    /// `None` where the amounts are negative or their sum is beyond any amount of money.
    pub fn line_taxes(
        &self,
        category: TaxCategory,
        sku: &Sku,
        unit_amounts: &[i64],
        included: bool,
    ) -> Option<Vec<TaxLine>> {
        let sum = sum_of(unit_amounts)?;
        Some(taxes_on(sum, &self.rated(category, sku), included, unit_amounts))
    }

    /// The taxes of a charge for shipping, each with one entry.
    pub fn shipping_taxes(&self, amount: i64, included: bool) -> Vec<TaxLine> {
        let mut levies = self.rated(TaxCategory::Standard, &Sku::new(""));
        levies.retain(|levy| levy.jurisdiction.taxes_shipping);
        taxes_on(amount, &levies, included, &[amount])
    }

    /// What is left of a price without the taxes that it contains.
    pub fn net_of(&self, price: i64, category: TaxCategory, sku: &Sku) -> i64 {
        let contained = Self { exempt: false, ..self.clone() };
        let rate: u32 = contained.rated(category, sku).iter().map(|levy| levy.rate_ppm).sum();
        price - tax_of(price, rate, true)
    }
}

/// The taxes on a sum, spread over units. Where prices contain them, they are one amount that is shared out by
/// their rates.
fn taxes_on(sum: i64, levies: &[Levy<'_>], included: bool, weights: &[i64]) -> Vec<TaxLine> {
    let amounts = if included {
        let rates: Vec<i64> = levies.iter().map(|levy| i64::from(levy.rate_ppm)).collect();
        let rate = levies.iter().map(|levy| levy.rate_ppm).sum();
        allocate(tax_of(sum, rate, true), &rates)
    } else {
        on_top(sum, levies)
    };
    let line = |(levy, amount): (&Levy<'_>, i64)| TaxLine {
        jurisdiction: levy.jurisdiction.code.clone(),
        tax_type: levy.jurisdiction.tax_type,
        rate_ppm: levy.rate_ppm,
        unit_amounts: allocate(amount, weights),
    };
    levies.iter().zip(amounts).map(line).collect()
}

/// Each tax on a sum that is without any, duties first.
fn on_top(sum: i64, levies: &[Levy<'_>]) -> Vec<i64> {
    let mut duty = 0;
    levies
        .iter()
        .map(|levy| {
            let base = if levy.jurisdiction.tax_type == TaxType::Vat { sum + duty } else { sum };
            let amount = tax_of(base, levy.rate_ppm, false);
            if levy.jurisdiction.tax_type == TaxType::Duty {
                duty += amount;
            }
            amount
        })
        .collect()
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

    const NO_CHANGES: &RateChanges = &RateChanges::new();

    fn taxes(
        address: (&str, &str),
        terms: &TaxTerms,
        category: TaxCategory,
        amounts: &[i64],
    ) -> Vec<(String, u32, Vec<i64>)> {
        let world = World::embedded().unwrap();
        let taxation = Taxation::of(&world, address, terms, Timestamp::UNIX_EPOCH, NO_CHANGES).unwrap();
        let included = taxation.included();
        let taxes = taxation.line_taxes(category, &Sku::new("x"), amounts, included).unwrap();
        taxes.into_iter().map(|tax| (tax.jurisdiction, tax.rate_ppm, tax.unit_amounts)).collect()
    }

    fn units(country: &str, postal_code: &str, category: TaxCategory, amounts: &[i64]) -> Vec<i64> {
        let taxes = taxes((country, postal_code), &TaxTerms::default(), category, amounts);
        (0..amounts.len()).map(|unit| taxes.iter().map(|(.., amounts)| amounts[unit]).sum()).collect()
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
    fn each_jurisdiction_taxes_on_top_by_itself() {
        // 2 × 54.90 = 109.80: the state 4.392, the city 4.941, the transport district 0.41175.
        let found = taxes(("US", "10007"), &TaxTerms::default(), TaxCategory::Standard, &[5490; 2]);
        let state = ("US-NY".to_owned(), 40_000, vec![220, 219]);
        let city = ("US-NY-NYC".to_owned(), 45_000, vec![247, 247]);
        assert_eq!(found, [state, city, ("US-NY-MCTD".to_owned(), 3_750, vec![21, 20])]);
        assert_eq!(units("US", "97204", TaxCategory::Standard, &[5490]), [0], "there is none in Oregon");
    }

    #[test]
    fn a_tax_at_import_is_on_the_duty() {
        let terms = TaxTerms { scheme: TaxScheme::Ddp, ..TaxTerms::default() };
        // 599.00: duty 64.093; 25 % of 663.09 = 165.7725.
        let found = taxes(("NO", "0154"), &terms, TaxCategory::Standard, &[59_900]);
        let expected = [("NO".to_owned(), 107_000, vec![6_409]), ("NO".to_owned(), 250_000, vec![16_577])];
        assert_eq!(found, expected);
    }

    #[test]
    fn nobody_is_taxed_where_the_recipient_pays_at_the_border_or_a_certificate_frees() {
        let dap = TaxTerms { scheme: TaxScheme::Dap, ..TaxTerms::default() };
        assert_eq!(taxes(("GB", "W1U 3BW"), &dap, TaxCategory::Standard, &[4_299]), []);
        let exempt = TaxTerms { exemption_certificate: Some("NY-1".to_owned()), ..TaxTerms::default() };
        let freed = taxes(("US", "10007"), &exempt, TaxCategory::Standard, &[5_490]);
        assert!(freed.iter().all(|(_, rate, amounts)| *rate == 0 && amounts == &[0]), "{freed:?}");
        assert_eq!(freed.len(), 3);
    }

    #[test]
    fn a_rate_changes_for_later_sales_only() {
        let world = World::embedded().unwrap();
        let sku = Sku::new("linen-shirt-t");
        let change = RateChange {
            jurisdiction: "DE".to_owned(),
            from: Timestamp::from_second(100).unwrap(),
            rate_ppm: 210_000,
        };
        let changes = RateChanges::from([(sku.clone(), vec![change])]);
        let rate = |second, sku: &Sku| {
            let at = Timestamp::from_second(second).unwrap();
            let terms = TaxTerms::default();
            let taxation = Taxation::of(&world, ("DE", "20095"), &terms, at, &changes).unwrap();
            taxation.line_taxes(TaxCategory::Standard, sku, &[100], true).unwrap()[0].rate_ppm
        };
        assert_eq!(
            [rate(99, &sku), rate(100, &sku), rate(100, &Sku::new("other"))],
            [190_000, 210_000, 190_000]
        );
    }

    #[test]
    fn refuses_negative_and_absurd_amounts() {
        let world = World::embedded().unwrap();
        let terms = TaxTerms::default();
        let taxation =
            Taxation::of(&world, ("DE", "20095"), &terms, Timestamp::UNIX_EPOCH, NO_CHANGES).unwrap();
        for amounts in [vec![-1], vec![i64::MAX, i64::MAX], vec![i64::MIN, 1]] {
            assert_eq!(taxation.line_taxes(TaxCategory::Standard, &Sku::new("x"), &amounts, true), None);
        }
        assert!(Taxation::of(&world, ("BR", "1"), &terms, Timestamp::UNIX_EPOCH, NO_CHANGES).is_none());
    }
}
