//! D1: products, places and customers are in the channels as they are in the ERP.

use super::{
    books::{CatalogueEntry, CatalogueSubject, OrderBook},
    law::{Bench, Check, Finding, Moment},
};
use crate::{invariants::Law, model::System};

/// Who is told of products.
const CATALOGUES: [System; 3] = [System::Storefront, System::Marketplace, System::Pos];
/// Who is told of places.
const DIRECTORIES: [System; 2] = [System::Storefront, System::Pos];
/// Who is told of customers.
const ACCOUNTS: [System; 3] = [System::Storefront, System::Pos, System::CustomerService];

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "D1",
        name: "master data agrees",
        text: "At rest, every channel shows each product that changed, storefront and stores each place, and \
               they and customer service each customer, in the version that the ERP told last.",
        source: "single source of master data; bug report magento/magento2#12205",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (subject, entry) in moment.books.catalogue.of_scenario(order.scenario.as_deref()) {
        let channels: &[System] = match subject {
            CatalogueSubject::Product(_) => &CATALOGUES,
            CatalogueSubject::Location(_) => &DIRECTORIES,
            CatalogueSubject::Customer(_) => &ACCOUNTS,
        };
        for channel in channels {
            check_shown(subject, entry, *channel, bench);
        }
    }
}

fn check_shown(subject: &CatalogueSubject, entry: &CatalogueEntry, channel: System, bench: &mut Bench) {
    let Some((version, seq)) = entry.changed else { return };
    bench.looks();
    let shown = entry.shown.get(&channel);
    if shown.is_some_and(|(shown, _)| *shown == version) {
        return;
    }
    let name = match subject {
        CatalogueSubject::Product(sku) => format!("product {sku}"),
        CatalogueSubject::Location(node_id) => format!("place {node_id}"),
        CatalogueSubject::Customer(customer_ref) => format!("customer {customer_ref}"),
    };
    let says = shown.map_or_else(|| "no version".to_owned(), |(shown, _)| format!("version {shown}"));
    let sentence =
        format!("The {} shows {says} of {name} at rest; the ERP has version {version}.", channel.title());
    let finding = Finding::new(format!("{channel} {name}"), sentence);
    let seqs = shown.map(|(_, seq)| *seq).into_iter().chain([seq]);
    bench.found(
        finding
            .evidence(seqs)
            .says(System::Erp, format!("version {version}"), false)
            .says(channel, says, true),
    );
}

#[cfg(test)]
pub(in crate::invariants) mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings},
        journal::Effect,
        model::{
            Currency, Customer, CustomerChange, Location, LocationChange, Money, NodeKind, Product,
            ProductChange, ProductStatus, System,
        },
    };

    fn product(version: u64) -> ProductChange {
        let product = Product {
            sku: "shirt".into(),
            name: "linen shirt".to_owned(),
            price: Money::new(4_990, Currency::EUR),
            tax_category: "standard".to_owned(),
            final_sale: false,
        };
        ProductChange { version, status: ProductStatus::Active, product }
    }

    fn location(version: u64) -> LocationChange {
        let location = Location {
            node_id: "store-41".into(),
            name: "Store 41".to_owned(),
            kind: NodeKind::Store,
            accepts_returns: false,
        };
        LocationChange { version, open: true, location }
    }

    /// A product changed, and some channels show it.
    pub(in crate::invariants) fn told(channels: &[System]) -> History {
        let mut history = History::accepted();
        history.tell(System::Erp, Effect::ProductChanged { change: product(2) });
        for channel in channels {
            history.tell(*channel, Effect::ProductShown { change: product(2) });
        }
        history
    }

    #[test]
    fn a_channel_that_was_not_told_is_found() {
        let mut history = told(&[System::Storefront, System::Pos]);
        history.tell(System::Marketplace, Effect::ProductShown { change: product(1) });
        history.tell(System::Erp, Effect::LocationChanged { change: location(7) });
        history.tell(System::Storefront, Effect::LocationShown { change: location(7) });
        history.settle();
        assert_eq!(
            findings("D1", &history.records()),
            [
                "The marketplace shows version 1 of product shirt at rest; the ERP has version 2.",
                "The point of sale shows no version of place store-41 at rest; the ERP has version 7."
            ]
        );
    }

    #[test]
    fn customer_service_that_was_not_told_of_a_merge_is_found() {
        let change = |version, merged_into| CustomerChange {
            version,
            customer: Customer { customer_ref: "C-2".into(), country: "DE".to_owned() },
            merged_into,
        };
        let mut history = History::accepted();
        history.tell(System::Erp, Effect::CustomerChanged { change: change(2, Some("C-1".into())) });
        for system in [System::Storefront, System::Pos] {
            history.tell(system, Effect::CustomerShown { change: change(2, Some("C-1".into())) });
        }
        history.tell(System::CustomerService, Effect::CustomerShown { change: change(1, None) });
        history.settle();
        assert_eq!(
            findings("D1", &history.records()),
            ["The customer service shows version 1 of customer C-2 at rest; the ERP has version 2."]
        );
    }

    #[test]
    fn what_every_channel_shows_is_no_finding() {
        let mut history = told(&super::CATALOGUES);
        history.settle();
        assert_eq!(findings("D1", &history.records()), [""; 0]);
    }

    proptest! {
        /// Whatever a channel showed in between: the last version decides.
        #[test]
        fn the_last_version_decides(versions in proptest::collection::vec(1_u64..9, 1..9)) {
            let mut history = told(&[System::Storefront, System::Marketplace]);
            for version in &versions {
                history.tell(System::Pos, Effect::ProductShown { change: product(*version) });
            }
            history.settle();
            let wrong = versions.last() != Some(&2);
            prop_assert_eq!(findings("D1", &history.records()).len(), usize::from(wrong));
        }
    }
}
