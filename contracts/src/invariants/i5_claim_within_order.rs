//! I5: an order claims no more stock than it needs.

use super::law::{Bench, Check, Finding, Moment, units};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineId, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I5",
        name: "claims within the order",
        text: "Over all nodes, live claims of a line are never more units than were ordered.",
        source: "bug reports medusajs/medusa#16406, vendurehq/vendure#2874, magento/inventory#1878",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::StockReserved { reservation }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    let Some(terms) = &order.terms else { return };
    let mut lines: Vec<&LineId> = reservation.lines.iter().map(|line| &line.line_id).collect();
    lines.dedup();
    for line_id in lines {
        let ordered = terms.lines.get(line_id).map_or(0, |line| i64::from(line.quantity));
        let of_line = order.claims.iter().filter(|((of, _), _)| of == line_id);
        let live: i64 = of_line.clone().map(|(_, claim)| claim.live()).sum();
        bench.looks();
        if live <= ordered {
            continue;
        }
        let sentence = format!(
            "Order {}, line {line_id}: {} are claimed at once, but only {ordered} were ordered.",
            order.number,
            units(live)
        );
        bench.found(
            Finding::new(format!("line {line_id}"), sentence)
                .evidence([terms.seq])
                .evidence(of_line.flat_map(|(_, claim)| claim.seqs()))
                .says(System::Erp, format!("{live} claimed"), true),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Effect,
    };

    fn is_claim(effect: &Effect) -> bool {
        matches!(effect, Effect::StockReserved { .. })
    }

    #[test]
    fn a_second_claim_is_found() {
        let mut history = History::accepted();
        history.repeat(is_claim);
        assert_eq!(
            findings("I5", &history.records()),
            ["Order W-17, line L-1: 4 units are claimed at once, but only 2 were ordered."]
        );
    }

    #[test]
    fn a_claim_after_the_first_was_given_back_is_lawful() {
        let mut history = History::accepted();
        history.release_claim(2);
        history.repeat(is_claim);
        assert_eq!(findings("I5", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_claim_that_is_too_large_is_found_in_every_life(life in lives(), more in 1_u32..5) {
            let mut history = life.history();
            history.edit(|effect| {
                if let Effect::StockReserved { reservation } = effect {
                    reservation.lines.iter_mut().for_each(|line| line.quantity += more);
                }
            });
            prop_assert_eq!(findings("I5", &history.records()).len(), 1);
        }
    }
}
