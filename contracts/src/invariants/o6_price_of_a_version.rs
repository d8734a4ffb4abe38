//! O6: what an order costs is fixed with each of its versions.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{SalesOrderChange, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O6",
        name: "a version has one price",
        text: "What an order costs, and the tax in it, is fixed with each version: whoever is told a version is told \
               the total and the tax that the customer agreed to, and nobody is told a version that no channel asked \
               for.",
        source: "bug report medusajs/medusa#2341",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    if let (Some(order), Some(Effect::SalesOrderChanged { change })) = (moment.order, moment.effect()) {
        check_change(order, change, moment.record.seq, bench);
    }
}

fn check_change(order: &OrderBook, change: &SalesOrderChange, seq: u64, bench: &mut Bench) {
    bench.looks();
    let wish = order.changes.wishes.get(&change.change_id).filter(|wish| wish.number == change.version);
    let Some(wish) = wish else {
        let sentence = format!(
            "Order {}: the ERP was told version {} (change {}), which no channel asked for.",
            order.number, change.version, change.change_id
        );
        let finding = Finding::new(format!("version {}", change.version), sentence).evidence([seq]);
        bench.found(finding.says(System::Erp, format!("version {}", change.version), true));
        return;
    };
    let agreed = &wish.version;
    if agreed.total == change.total && agreed.tax == change.total_tax.amount {
        return;
    }
    let tax = crate::model::Money::new(agreed.tax, agreed.total.currency);
    let sentence = format!(
        "Order {}: version {} costs {} with {} of tax, but the ERP was told {} with {}.",
        order.number, change.version, agreed.total, tax, change.total, change.total_tax
    );
    let finding = Finding::new(format!("version {}", change.version), sentence).evidence([agreed.seq, seq]);
    bench.found(finding.says(
        System::Erp,
        format!("{} with {} of tax", change.total, change.total_tax),
        true,
    ));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
    };

    #[test]
    fn an_erp_that_is_told_another_price_is_found() {
        let mut history = Life::default().accepted();
        history.change("CH-1", 2_000, None);
        history.edit(|effect| {
            if let Effect::SalesOrderChanged { change } = effect {
                change.total.amount += 1;
            }
        });
        assert_eq!(
            findings("O6", &history.records()),
            [
                "Order W-17: version 2 costs 40.00 EUR with 6.39 EUR of tax, but the ERP was told 40.01 EUR with 6.39 EUR."
            ]
        );
    }

    #[test]
    fn a_version_that_nobody_asked_for_is_found() {
        let mut history = Life::default().accepted();
        history.change("CH-1", 2_000, None);
        history.remove(|effect| matches!(effect, Effect::OrderChangeRequested { .. }));
        assert_eq!(
            findings("O6", &history.records()),
            ["Order W-17: the ERP was told version 2 (change CH-1), which no channel asked for."]
        );
    }

    proptest! {
        #[test]
        fn every_change_that_is_told_as_it_was_asked_is_lawful(life in lives(), price in 100_i64..5_000) {
            let mut history = life.accepted();
            history.change("CH-1", price, Some("A-2"));
            history.settle();
            prop_assert_eq!(findings("O6", &history.records()), [""; 0]);
            prop_assert_eq!(findings("O11", &history.records()), [""; 0]);
        }
    }
}
