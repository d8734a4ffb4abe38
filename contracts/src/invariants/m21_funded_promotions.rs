//! M21: who funds a promotion owes it.

use super::{
    books::{OrderBook, Span, Terms},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{PromotionFunding, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M21",
        name: "funded promotions are owed",
        text: "At rest, what invoices less credit memos say that a manufacturer or marketplace owes is its \
               promotions' share in the units that the customer keeps, and in shipping once something left.",
        source: "practice: claims for vendor-funded and marketplace-funded promotions",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    for funding in [PromotionFunding::Manufacturer, PromotionFunding::Marketplace] {
        let due = due(moment, order, terms, funding);
        let owed = order.funds.owed.get(&funding);
        if due.high == 0 && owed.is_none() {
            continue;
        }
        bench.looks();
        let owed = owed.cloned().unwrap_or_default();
        if due.holds(owed.total()) {
            continue;
        }
        let bound = if owed.total() > due.high { due.high } else { due.low };
        let who = if funding == PromotionFunding::Manufacturer { "manufacturer" } else { "marketplace" };
        let sentence = format!(
            "Order {}: in the ERP the {who} owes {} for its promotions, but its share in what the customer keeps is {}.",
            order.number,
            terms.money(owed.total()),
            terms.money(bound)
        );
        let finding = Finding::new(format!("owed by the {who}"), sentence).evidence([terms.seq]);
        let finding = finding.evidence(owed.seqs().iter().copied());
        bench.found(finding.says(System::Erp, terms.money(owed.total()).to_string(), true));
    }
}

fn due(moment: &Moment<'_>, order: &OrderBook, terms: &Terms, funding: PromotionFunding) -> Span {
    let goods: Span = terms
        .lines
        .iter()
        .map(|(line_id, line)| {
            let (shipped, returned) = (order.shipped(line_id), order.not_kept(line_id));
            let share = |units: i64| line.pricing.funded(funding, u32::try_from(units.max(0)).unwrap_or(0));
            Span { low: share(shipped - returned.high).low, high: share(shipped - returned.low).high }
        })
        .sum();
    let shipping = terms.pricing.shipping_funded.get(&funding).copied().unwrap_or(0);
    goods + order.kept_of_shipping(shipping, moment.policy)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::PromotionFunding,
    };

    #[test]
    fn a_manufacturer_that_is_never_asked_to_pay_is_found() {
        let life = Life { promotion: 1_000, funding: PromotionFunding::Manufacturer, ..Life::default() };
        let mut history = life.returned(1);
        history.settle();
        assert_eq!(findings("M21", &history.records()), [""; 0]);
        history.edit(|effect| {
            if let Effect::InvoicePosted { invoice } = effect {
                invoice.contributions.clear();
            }
        });
        assert_eq!(
            findings("M21", &history.records()),
            [
                "Order W-17: in the ERP the manufacturer owes -5.00 EUR for its promotions, but its share in what the customer keeps is 5.00 EUR."
            ]
        );
    }

    proptest! {
        #[test]
        fn in_every_life_who_funds_promotions_owes_them(life in lives()) {
            let life = Life { funding: PromotionFunding::Marketplace, ..life };
            let mut history = life.history();
            history.settle();
            prop_assert_eq!(findings("M21", &history.records()), [""; 0]);
        }
    }
}
