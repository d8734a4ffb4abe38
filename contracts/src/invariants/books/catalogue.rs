//! Products, places and customers as the ERP has them, and as channels show them.

use std::collections::BTreeMap;

use crate::{
    journal::{Committed, Effect},
    model::{CustomerChange, CustomerRef, NodeId, Sku, System},
};

/// A product, a place or a customer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::invariants) enum Subject {
    /// A product.
    Product(Sku),
    /// A place.
    Location(NodeId),
    /// A customer.
    Customer(CustomerRef),
}

/// A version, and the line of the journal where it was committed.
pub(in crate::invariants) type Version = (u64, u64);

/// What is known of a product, place or customer.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Entry {
    /// In the ERP.
    pub(in crate::invariants) changed: Option<Version>,
    /// In each channel.
    pub(in crate::invariants) shown: BTreeMap<System, Version>,
}

/// Every product, place and customer that changed, by the scenario in which it did.
#[derive(Debug, Default)]
pub(in crate::invariants) struct CatalogueBook(BTreeMap<(Option<String>, Subject), Entry>);

impl CatalogueBook {
    /// What changed in a scenario.
    pub(in crate::invariants) fn of_scenario(
        &self,
        scenario: Option<&str>,
    ) -> impl Iterator<Item = (&Subject, &Entry)> {
        let of = self.0.iter().filter(move |((of, _), _)| of.as_deref() == scenario);
        of.map(|((_, subject), entry)| (subject, entry))
    }

    /// Drops what belongs to a scenario.
    pub(super) fn forget(&mut self, scenario: &str) {
        self.0.retain(|(of, _), _| of.as_deref() != Some(scenario));
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.0.len()
    }

    pub(super) fn apply(&mut self, seq: u64, committed: &Committed, scenario: Option<&str>) {
        let (subject, version, changed) = match &committed.effect {
            Effect::ProductChanged { change } => (product(change), change.version, true),
            Effect::ProductShown { change } => (product(change), change.version, false),
            Effect::LocationChanged { change } => (location(change), change.version, true),
            Effect::LocationShown { change } => (location(change), change.version, false),
            Effect::CustomerChanged { change } => (customer(change), change.version, true),
            Effect::CustomerShown { change } => (customer(change), change.version, false),
            _ => return,
        };
        let entry = self.0.entry((scenario.map(str::to_owned), subject)).or_default();
        if changed {
            entry.changed = Some((version, seq));
        } else {
            entry.shown.insert(committed.system, (version, seq));
        }
    }
}

fn product(change: &crate::model::ProductChange) -> Subject {
    Subject::Product(change.product.sku.clone())
}

fn location(change: &crate::model::LocationChange) -> Subject {
    Subject::Location(change.location.node_id.clone())
}

fn customer(change: &CustomerChange) -> Subject {
    Subject::Customer(change.customer.customer_ref.clone())
}
