//! The catalogue of defects, read from `defects.toml`: what real integrations did wrong, and which law must see it.
//!
//! Whether an implementation can be given a defect is not known here; whoever can do that finds it by its id.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The published file.
const PUBLISHED: &str = include_str!("../defects.toml");

/// The part of an integration that suffers from a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Domain {
    /// From a channel to a booked, paid order.
    OrderCapture,
    /// Stock, claims and what channels may offer.
    InventorySync,
    /// What nodes and carriers do, and what is told of it.
    FulfillmentUpdates,
    /// What comes back.
    ReturnsProcessing,
    /// Money, taxes and books.
    FinancialReconciliation,
}

impl Domain {
    /// Every domain, in the order of an order's life.
    pub const ALL: [Self; 5] = [
        Self::OrderCapture,
        Self::InventorySync,
        Self::FulfillmentUpdates,
        Self::ReturnsProcessing,
        Self::FinancialReconciliation,
    ];

    /// The domain in words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::OrderCapture => "order capture",
            Self::InventorySync => "inventory synchronization",
            Self::FulfillmentUpdates => "fulfillment updates",
            Self::ReturnsProcessing => "returns processing",
            Self::FinancialReconciliation => "financial reconciliation",
        }
    }
}

/// A defect of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CataloguedDefect {
    /// Identifier, in words with hyphens.
    pub id: String,
    /// What is wrong, in a sentence.
    pub text: String,
    /// Which part of the integration suffers.
    pub domain: Domain,
    /// How it comes about.
    pub failure: String,
    /// What it does to the business.
    pub impact: String,
    /// Reports of it in real software, as `owner/repository#number`.
    pub reports: Vec<String>,
    /// Laws of which one at least must see it; the first names the business fact that it breaks.
    pub laws: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<D> {
    defect: Vec<D>,
}

/// The defects in a catalogue's text.
pub(crate) fn read<D: DeserializeOwned>(text: &str) -> Result<Vec<D>, String> {
    toml::from_str(text).map(|file: File<D>| file.defect).map_err(|error| error.to_string())
}

/// The published catalogue, in the order of the file.
///
/// ```
/// let catalogue = counterproof_contracts::defects::published()?;
/// assert!(catalogue.iter().any(|defect| defect.id == "refund-without-tax"));
/// # Ok::<(), &'static str>(())
/// ```
///
/// # Errors
/// Why the file cannot be read; a test keeps that from happening.
pub fn published() -> Result<&'static [CataloguedDefect], &'static str> {
    static CATALOGUE: LazyLock<Result<Vec<CataloguedDefect>, String>> = LazyLock::new(|| read(PUBLISHED));
    match &*CATALOGUE {
        Ok(catalogue) => Ok(catalogue),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::collections::BTreeSet;

    use super::*;
    use crate::invariants::Judge;

    #[test]
    fn every_defect_has_an_id_of_its_own_reports_and_laws_that_are_judged() {
        let laws: BTreeSet<&str> = Judge::laws().iter().map(|law| law.id).collect();
        let mut ids = BTreeSet::new();
        for defect in published().unwrap() {
            assert!(ids.insert(&defect.id), "{} stands twice", defect.id);
            assert!(defect.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", defect.id);
            assert!(defect.text.ends_with('.'), "{}", defect.id);
            assert!(!defect.failure.is_empty() && !defect.impact.is_empty(), "{}", defect.id);
            let is_report = |report: &String| {
                report.rsplit_once('#').is_some_and(|(repository, number)| {
                    repository.contains('/') && number.bytes().all(|byte| byte.is_ascii_digit())
                })
            };
            assert!(!defect.reports.is_empty() && defect.reports.iter().all(is_report), "{}", defect.id);
            assert!(!defect.laws.is_empty(), "{}", defect.id);
            for law in &defect.laws {
                assert!(laws.contains(law.as_str()), "{}: {law} is no law", defect.id);
            }
        }
        for domain in Domain::ALL {
            assert!(published().unwrap().iter().any(|defect| defect.domain == domain), "{}", domain.title());
        }
    }
}
