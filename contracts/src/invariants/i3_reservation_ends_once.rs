//! I3: a claim on stock ends once.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineId, NodeId, ReservationRelease, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I3",
        name: "a reservation ends once",
        text: "Each claimed unit is given back or used up, never both and never twice. At rest, an order claims no \
               more units than may ship still; one that is shipped, canceled or refused claims none.",
        source: "bug reports medusajs/medusa#11266, magento/inventory#1849, vendurehq/vendure#2874",
    },
    on_effect: Some(check_over),
    on_exchange: None,
    at_rest: Some(check_leak),
};

fn check_over(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(effect)) = (moment.order, moment.effect()) else { return };
    if let Effect::ReservationReleased { release } | Effect::ReservationConsumed { release } = effect {
        check_release(order, release, bench);
    }
}

fn check_release(order: &OrderBook, release: &ReservationRelease, bench: &mut Bench) {
    for line in &release.lines {
        let key = (line.line_id.clone(), line.node_id.clone());
        let Some(claim) = order.claims.get(&key) else { continue };
        bench.looks();
        if claim.live() >= 0 {
            continue;
        }
        let sentence = format!(
            "Order {}: {} of {} were claimed at {}, but {} given back and {} used up.",
            order.number,
            units(claim.reserved.total()),
            line.sku,
            line.node_id,
            claim.released.total(),
            claim.consumed.total()
        );
        bench.found(Finding::new(subject(&line.line_id, &line.node_id), sentence).evidence(claim.seqs()));
    }
}

fn subject(line: &LineId, node: &NodeId) -> String {
    format!("line {line} at {node}")
}

fn check_leak(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    for (line_id, line) in &terms.lines {
        let of_line = order.claims.iter().filter(|((of, _), _)| of == line_id);
        let live: i64 = of_line.clone().map(|(_, claim)| claim.live()).sum();
        if of_line.clone().next().is_none() {
            continue;
        }
        bench.looks();
        let open = order.open_units(line_id);
        if live <= open {
            continue;
        }
        let may = if open == 0 { "none of them" } else { "not all of them" };
        let sentence = format!(
            "Order {}: {} of {} are claimed still, but {may} can ship any more.",
            order.number,
            units(live),
            line.sku
        );
        let finding = Finding::new(format!("line {line_id}"), sentence)
            .evidence(of_line.flat_map(|(_, claim)| claim.seqs()));
        bench.found(finding.says(System::Erp, format!("{live} claimed, {open} open"), true));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_claim_that_outlives_its_order_is_found_at_rest() {
        let mut history = History::accepted();
        history.cancel_units("X-1", 2);
        history.remove(|effect| matches!(effect, Effect::ReservationReleased { .. }));
        assert_eq!(findings("I3", &history.records()), [""; 0]);
        history.settle();
        assert_eq!(
            findings("I3", &history.records()),
            ["Order W-17: 2 units of shirt are claimed still, but none of them can ship any more."]
        );
    }

    #[test]
    fn a_claim_that_is_given_back_and_used_up_is_found() {
        let mut history = History::shipped();
        history.release_claim(1);
        assert_eq!(
            findings("I3", &history.records()),
            ["Order W-17: 2 units of shirt were claimed at dc-north, but 1 given back and 2 used up."]
        );
    }

    proptest! {
        #[test]
        fn a_claim_that_nobody_uses_up_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let removed = history.remove(|effect| matches!(effect, Effect::ReservationConsumed { .. }));
            history.settle();
            prop_assert_eq!(findings("I3", &history.records()).len(), usize::from(removed > 0));
        }
    }
}
