//! O11: no change gets lost, and none is undone by an older one.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::{invariants::Law, journal::Effect, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O11",
        name: "no lost update",
        text: "Versions of an order that a system is told rise strictly. At rest, the ERP has the version that the \
               channel shows to be in force.",
        source: "bug reports medusajs/medusa#11645, saleor/saleor#17776",
    },
    on_effect: Some(check_rise),
    on_exchange: None,
    at_rest: Some(check_same),
};

fn check_rise(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(Effect::SalesOrderChanged { change })) = (moment.order, moment.effect()) else {
        return;
    };
    bench.looks();
    let before = order.changes.booked.iter().rev().nth(1);
    let (known, known_seq) = before.map_or((1, None), |(version, seq)| (*version, Some(*seq)));
    if change.version > known {
        return;
    }
    let sentence =
        format!("Order {}: the ERP was told version {} after version {known}.", order.number, change.version);
    let finding = Finding::new(format!("version {} after {known}", change.version), sentence);
    bench.found(finding.evidence(known_seq.into_iter().chain([moment.record.seq])).says(
        System::Erp,
        format!("version {}", change.version),
        true,
    ));
}

fn check_same(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some((shown, version)) = order.changes.current() else { return };
    if order.bookings.count() == 0 || (shown == 1 && order.changes.booked.is_empty()) {
        return;
    }
    bench.looks();
    let booked = order.changes.booked.last().map_or(1, |(booked, _)| *booked);
    if booked == shown {
        return;
    }
    let channel = order.channel().unwrap_or(System::Storefront);
    let sentence = format!(
        "Order {}: version {shown} is in force at the {}, but the ERP has version {booked}.",
        order.number,
        channel.title()
    );
    let finding = Finding::new("version at rest", sentence).evidence([version.seq]);
    bench.found(
        finding
            .evidence(order.changes.booked.last().map(|(_, seq)| *seq))
            .says(channel, format!("version {shown}"), booked > shown)
            .says(System::Erp, format!("version {booked}"), booked < shown),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_change_that_the_erp_never_hears_of_is_found() {
        let mut history = Life::default().accepted();
        history.change("CH-1", 2_000, None);
        history.remove(|effect| matches!(effect, Effect::SalesOrderChanged { .. }));
        history.settle();
        assert_eq!(
            findings("O11", &history.records()),
            ["Order W-17: version 2 is in force at the storefront, but the ERP has version 1."]
        );
    }

    #[test]
    fn an_older_version_that_overwrites_a_newer_one_is_found() {
        let mut history = Life::default().accepted();
        history.change("CH-1", 2_000, None);
        history.change("CH-2", 1_000, None);
        history
            .repeat(|effect| matches!(effect, Effect::SalesOrderChanged { change } if change.version == 2));
        history.settle();
        assert_eq!(
            findings("O11", &history.records()),
            [
                "Order W-17: the ERP was told version 2 after version 3.",
                "Order W-17: version 3 is in force at the storefront, but the ERP has version 2.",
            ]
        );
    }

    proptest! {
        #[test]
        fn a_change_that_the_channel_never_learns_is_found_in_every_life(life in lives()) {
            let mut history = life.accepted();
            history.change("CH-1", 100, None);
            history.remove(|effect| matches!(effect, Effect::OrderChanged { .. }));
            history.settle();
            prop_assert_eq!(findings("O11", &history.records()).len(), 1);
        }
    }
}
