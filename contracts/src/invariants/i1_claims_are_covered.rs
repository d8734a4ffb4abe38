//! I1: what orders claimed is there, unless a count did not find it.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{NodeId, Sku, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I1",
        name: "claims are covered",
        text: "Sellable units at a node are never fewer than those of them that orders claimed, but for units that a \
               count did not find. What is kept back from channels as safety stock is I10's.",
        source: "bug reports magento/inventory#2343, medusajs/medusa#11131; GS1 CBV disposition sellable_accessible",
    },
    on_effect: Some(check_claim),
    on_exchange: None,
    at_rest: Some(check_issues),
};

/// A claim, and what an issue leaves after it used its claim up.
fn check_claim(moment: &Moment<'_>, bench: &mut Bench) {
    let lines = match moment.effect() {
        Some(Effect::StockReserved { reservation }) => &reservation.lines,
        Some(Effect::ReservationConsumed { release }) => &release.lines,
        _ => return,
    };
    for line in lines {
        check(moment, moment.order, (&line.node_id, &line.sku), bench);
    }
}

/// Issues that used up no claim show at rest only.
fn check_issues(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let issued = order.lines.values().filter(|line| line.issued.total() > 0);
    for sku in issued.filter_map(|line| line.sku.as_ref()) {
        for node in moment.books.stock.nodes_of(sku) {
            check(moment, Some(order), (node, sku), bench);
        }
    }
}

fn check(moment: &Moment<'_>, order: Option<&OrderBook>, (node, sku): (&NodeId, &Sku), bench: &mut Bench) {
    let level = moment.books.stock.level(node, sku);
    let Some(level) = level.filter(|level| level.opened) else { return };
    bench.looks();
    let short = level.reserved - level.on_hand - level.missing;
    if short <= 0 {
        return;
    }
    let order = order.map_or_else(String::new, |order| format!("Order {}: ", order.number));
    let sentence = format!(
        "{order}{node} has {} of {sku}, of which {} are claimed: {short} too few.",
        units(level.on_hand),
        level.reserved
    );
    let finding = Finding::new(format!("{sku} at {node}"), sentence);
    bench.found(finding.evidence(level.seqs.iter().copied()).says(
        System::Erp,
        format!("on hand {}, claimed {}", level.on_hand, level.reserved),
        true,
    ));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
    };

    fn opening(history: &mut History, units: i64) {
        history.edit(|effect| {
            if let Effect::StockOpened { quantity, .. } = effect {
                *quantity = units;
            }
        });
    }

    #[test]
    fn a_claim_on_what_is_not_there_is_found() {
        let mut history = History::accepted();
        opening(&mut history, 1);
        assert_eq!(
            findings("I1", &history.records()),
            ["Order W-17: dc-north has 1 unit of shirt, of which 2 are claimed: 1 too few."]
        );
    }

    #[test]
    fn what_a_count_did_not_find_is_nobodys_claim() {
        let mut history = History::accepted();
        history.count(-19);
        history.settle();
        assert_eq!(findings("I1", &history.records()), [""; 0]);
    }

    #[test]
    fn goods_that_leave_although_others_claimed_them_are_found_at_rest() {
        let mut history = History::accepted();
        opening(&mut history, 2);
        history.issue_unclaimed(1);
        history.settle();
        assert_eq!(
            findings("I1", &history.records()),
            ["Order W-17: dc-north has 1 unit of shirt, of which 2 are claimed: 1 too few."]
        );
    }

    proptest! {
        #[test]
        fn every_life_covers_its_claims_and_a_unit_less_does_not(life in lives()) {
            let mut history = life.accepted();
            prop_assert_eq!(findings("I1", &history.records()), [""; 0]);
            opening(&mut history, i64::from(life.quantity) - 1);
            prop_assert_eq!(findings("I1", &history.records()).len(), 1);
        }
    }
}
