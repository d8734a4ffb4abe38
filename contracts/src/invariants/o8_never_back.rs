//! O8: nothing goes back.

use super::{
    law::{Bench, Check, Moment},
    steps::{Motion, Step, step},
};
use crate::invariants::Law;

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O8",
        name: "never back",
        text: "No status that a system shows falls in rank, a terminal status stays, and canceled, shipped and \
               returned units never become fewer. Late and repeated messages change nothing.",
        source: "bug reports woocommerce/woocommerce-gateway-stripe#905, mollie/WooCommerce#1252, \
                 NEARBuilders/nearmerch.com#214",
    },
    on_effect: Some(check),
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(step) = step(moment) else { return };
    bench.looks();
    for (what, from, to) in step.moves(Motion::Back) {
        let sentence = format!("{what} fell back from {from} to {to} {}.", step.place());
        bench.found(step.finding(&format!("{what} {from} to {to}"), sentence).says(step.system, to, true));
    }
    check_units(&step, bench);
}

fn check_units(step: &Step<'_>, bench: &mut Bench) {
    for (line_id, to) in &step.to.lines {
        let Some(from) = step.from.lines.get(line_id) else { continue };
        let buckets = [
            ("canceled", from.canceled, to.canceled),
            ("shipped", from.shipped, to.shipped),
            ("returned", from.returned, to.returned),
        ];
        for (name, before, after) in buckets.into_iter().filter(|(_, before, after)| after < before) {
            let sentence = format!(
                "Order {}, line {line_id}: {name} units fell from {before} to {after} {}.",
                step.order,
                step.place()
            );
            bench.found(step.finding(&format!("{name} units of {line_id}"), sentence));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings},
        model::{OrderStatus, ShipmentStatus},
    };

    #[test]
    fn a_late_message_that_demotes_an_order_is_found_in_each_view() {
        let mut history = History::shipped();
        history.show(OrderStatus::Delivered);
        history.show(OrderStatus::Shipped);
        assert_eq!(
            findings("O8", &history.records()),
            [
                "Order W-17 fell back from delivered to shipped at the storefront.",
                "Order W-17 fell back from delivered to shipped in customer service.",
            ]
        );
    }

    #[test]
    fn a_parcel_that_goes_back_and_units_that_vanish_are_found() {
        let mut parcel = History::shipped();
        parcel.show_parcel("S-1", ShipmentStatus::Delivered);
        parcel.show_parcel("S-1", ShipmentStatus::InTransit);
        assert_eq!(
            findings("O8", &parcel.records()),
            ["Order W-17: parcel S-1 fell back from delivered to in_transit at the storefront."]
        );
        let mut units = Life::default().returned(1);
        units.edit_states(|state| state.returned = 0);
        units.show(OrderStatus::PartiallyReturned);
        assert_eq!(
            findings("O8", &units.records()),
            [
                "Order W-17, line L-1: returned units fell from 1 to 0 at the storefront.",
                "Order W-17, line L-1: returned units fell from 1 to 0 in customer service.",
            ]
        );
    }

    #[test]
    fn an_older_timeline_entry_that_arrives_late_is_history_and_no_step_back() {
        let mut history = Life::default().returned(1);
        history.repeat_timeline(2);
        assert_eq!(findings("O8", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_terminal_status_stays(to in 0_u8..9) {
            let statuses = [
                OrderStatus::Placed, OrderStatus::Accepted, OrderStatus::InFulfillment, OrderStatus::PartiallyShipped,
                OrderStatus::Shipped, OrderStatus::Delivered, OrderStatus::PartiallyReturned, OrderStatus::Returned,
                OrderStatus::Canceled,
            ];
            let Some(to) = statuses.get(usize::from(to)) else { return Ok(()) };
            let mut history = Life::default().placed();
            history.show(OrderStatus::Rejected);
            history.show(*to);
            prop_assert_eq!(findings("O8", &history.records()).len(), 2);
        }
    }
}
