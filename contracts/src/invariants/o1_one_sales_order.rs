//! O1: one order of a channel is one order in the ERP.

use super::law::{Bench, Check, Finding, Moment, join, times};
use crate::{
    invariants::{Law, books::Booking},
    journal::Effect,
    model::System,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O1",
        name: "one sales order",
        text: "The ERP has at most one live sales order for a channel's order, however often the channel submits \
               it and whatever the retries.",
        source: "bug reports odoo/odoo#40567, odoo/odoo#152259, razorpay/razorpay-magento#175, \
                 amzn/amazon-payments-magento-2-plugin#164",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(Effect::SalesOrderBooked { sales_order }) = moment.effect() else { return };
    bench.looks();
    let all = moment.books.bookings(sales_order.sales_channel, &sales_order.channel_order_id);
    let live = live(moment, all);
    let numbered = moment.order.map_or(0, |order| order.bookings.count());
    if live.len() < 2 && numbered <= all.len() {
        return;
    }
    let documents = join(live.iter().map(|booking| {
        booking.document.as_ref().map_or_else(|| "without number".to_owned(), ToString::to_string)
    }));
    let sentence = format!(
        "Order {} was booked {} in the ERP for the channel's order {}: {documents}.",
        sales_order.order_number,
        times(live.len().max(numbered)),
        sales_order.channel_order_id
    );
    let finding = Finding::new("sales order", sentence).evidence(live.iter().map(|booking| booking.seq));
    bench.found(finding.says(System::Erp, format!("{} sales orders", live.len().max(numbered)), true));
}

/// Bookings that were not canceled as a whole before the next one.
fn live<'a>(moment: &Moment<'_>, all: &'a [Booking]) -> Vec<&'a Booking> {
    let canceled = |booking: &Booking| {
        let lines = moment.books.order(&booking.order).map(|order| &order.lines);
        let units: i64 = lines.map_or(0, |lines| lines.values().map(|line| line.erp_canceled.total()).sum());
        units >= i64::from(booking.units)
    };
    match all.split_last() {
        Some((last, earlier)) => earlier.iter().filter(|booking| !canceled(booking)).chain([last]).collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives, violations},
        journal::Effect,
    };

    #[test]
    fn an_order_that_is_booked_twice_is_found() {
        let mut history = History::accepted();
        history.book_again(2);
        let found = violations("O1", &history.records());
        assert_eq!(
            found.first().unwrap().sentence,
            "Order W-17 was booked twice in the ERP for the channel's order web-17: so-W-17-1 and so-W-17-2."
        );
        assert_eq!(found.first().unwrap().evidence.len(), 2);
    }

    #[test]
    fn an_order_that_was_canceled_as_a_whole_may_be_booked_again() {
        let mut history = History::accepted();
        history.cancel_units("X-1", 2);
        history.book_again(2);
        assert_eq!(findings("O1", &history.records()), [""; 0]);
    }

    #[test]
    fn the_same_number_for_two_channel_orders_is_found() {
        let mut history = History::accepted();
        history.book_again(2);
        let mut bookings = 0;
        history.edit(|effect| {
            if let Effect::SalesOrderBooked { sales_order } = effect {
                bookings += 1;
                sales_order.channel_order_id = format!("web-{bookings}").into();
            }
        });
        assert_eq!(findings("O1", &history.records()).len(), 1);
    }

    proptest! {
        #[test]
        fn a_second_booking_is_found_in_every_life(life in lives()) {
            let mut history = life.accepted();
            prop_assert!(findings("O1", &history.records()).is_empty());
            history.book_again(life.quantity);
            prop_assert_eq!(findings("O1", &history.records()).len(), 1);
        }
    }
}
