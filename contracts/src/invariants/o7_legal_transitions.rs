//! O7: statuses take legal steps only.

use super::{
    law::{Bench, Check, Moment},
    steps::{Motion, motion, step},
};
use crate::{invariants::Law, journal::Effect, lifecycle::Lifecycle as _};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O7",
        name: "legal transitions",
        text: "Every status of an order, parcel or return that a system shows is reached from the one it showed \
               before by legal steps. A view may skip steps; it may not invent them.",
        source: "the lifecycle tables; bug reports solidusio/solidus#2947, spree/spree#5203",
    },
    on_effect: Some(check),
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    if let Some(Effect::FulfillmentStatusChanged { fulfillment_order_id, from, to }) = moment.effect() {
        bench.looks();
        if motion(*from, *to) != Motion::Legal {
            bench.rig(format!(
                "the warehouse moved fulfillment order {fulfillment_order_id} from {} to {}",
                from.name(),
                to.name()
            ));
        }
    }
    let Some(step) = step(moment) else { return };
    bench.looks();
    for (what, from, to) in step.moves(Motion::Illegal) {
        let sentence =
            format!("{what} went from {from} to {to} {}; no legal steps lead there.", step.place());
        bench.found(step.finding(&format!("{what} {from} to {to}"), sentence).says(step.system, to, true));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings},
        lifecycle::Lifecycle as _,
        model::OrderStatus,
    };

    #[test]
    fn canceling_what_has_shipped_is_no_legal_step() {
        let mut history = History::shipped();
        history.show(OrderStatus::Canceled);
        assert_eq!(
            findings("O7", &history.records()),
            [
                "Order W-17 went from shipped to canceled at the storefront; no legal steps lead there.",
                "Order W-17 went from shipped to canceled in customer service; no legal steps lead there.",
            ]
        );
    }

    #[test]
    fn a_view_may_skip_steps() {
        let mut history = Life::default().placed();
        history.show(OrderStatus::Placed);
        history.show(OrderStatus::Delivered);
        assert_eq!(findings("O7", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn every_step_is_lawful_to_o7_or_o8_exactly_if_it_is_reachable(from in 0_usize..10, to in 0_usize..10) {
            let (Some(from), Some(to)) = (OrderStatus::ALL.get(from), OrderStatus::ALL.get(to)) else {
                return Ok(());
            };
            let mut history = Life::default().placed();
            history.show(*from);
            history.show(*to);
            let records = history.records();
            let broken = [findings("O7", &records), findings("O8", &records)].concat();
            prop_assert_eq!(broken.is_empty(), from.reachable(*to));
        }
    }
}
