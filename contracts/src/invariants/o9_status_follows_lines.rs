//! O9: an order's status is the one that its lines give.

use super::{
    books::{OrderBook, Shown},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    lifecycle::Lifecycle,
    model::{LineState, OrderStatus, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O9",
        name: "status follows lines",
        text: "At rest, the status that a channel, customer service or the middleware shows of an order fits the \
               units beside it: nothing shipped before `partially_shipped`, nothing open from `shipped` on, all \
               that shipped is back, or lost, when `returned`, and everything is canceled when `canceled`.",
        source: "bug reports solidusio/solidus#2947, odoo/odoo#245013",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let views = order.views.iter().filter_map(|(system, view)| Some((*system, view.current.as_ref()?)));
    let told = order.timeline.current.as_ref().map(|shown| (System::CustomerService, shown));
    let answered = order.answers.view.current.as_ref().map(|shown| (System::Middleware, shown));
    for (system, shown) in views.chain(told).chain(answered) {
        check_shown(order, system, shown, bench);
    }
}

fn check_shown(order: &OrderBook, system: System, shown: &Shown, bench: &mut Bench) {
    if shown.lines.is_empty() {
        return;
    }
    bench.looks();
    let sums = Sums::of(shown.lines.values());
    if sums.give(shown.status) {
        return;
    }
    let Sums { ordered, canceled, shipped, returned } = sums;
    let sentence = format!(
        "Order {}: the {} shows {}, but of {ordered} ordered units {canceled} are canceled, {shipped} shipped and \
         {returned} returned or lost.",
        order.number,
        system.title(),
        shown.status.name()
    );
    let finding = Finding::new(format!("status at {system}"), sentence).evidence([shown.seq]);
    bench.found(finding.says(system, shown.status.name(), true));
}

/// Units of all lines.
#[derive(Default)]
struct Sums {
    ordered: u64,
    canceled: u64,
    shipped: u64,
    returned: u64,
}

impl Sums {
    fn of<'a>(lines: impl Iterator<Item = &'a LineState>) -> Self {
        lines.fold(Self::default(), |sums, line| Self {
            ordered: sums.ordered + u64::from(line.ordered),
            canceled: sums.canceled + u64::from(line.canceled),
            shipped: sums.shipped + u64::from(line.shipped),
            returned: sums.returned + u64::from(line.returned) + u64::from(line.lost),
        })
    }

    /// Whether these units may have this status.
    const fn give(&self, status: OrderStatus) -> bool {
        let closed = self.shipped + self.canceled >= self.ordered;
        let back = self.returned > 0;
        match status {
            OrderStatus::Placed
            | OrderStatus::Accepted
            | OrderStatus::InFulfillment
            | OrderStatus::ReadyForPickup => self.shipped == 0 && self.canceled < self.ordered,
            OrderStatus::Rejected => self.shipped == 0,
            OrderStatus::PartiallyShipped => self.shipped > 0 && !closed && !back,
            OrderStatus::Shipped | OrderStatus::Delivered => self.shipped > 0 && closed && !back,
            OrderStatus::PartiallyReturned => back && !(closed && self.returned >= self.shipped),
            OrderStatus::Returned => back && closed && self.returned >= self.shipped,
            OrderStatus::Canceled => self.canceled >= self.ordered,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        model::OrderStatus,
    };

    #[test]
    fn an_order_that_is_called_shipped_while_units_are_open_is_found() {
        let mut history = History::accepted();
        history.ship_parcel("S-1", 1);
        history.show(OrderStatus::Shipped);
        history.settle();
        assert_eq!(
            findings("O9", &history.records()),
            [
                "Order W-17: the storefront shows shipped, but of 2 ordered units 0 are canceled, 1 shipped and 0 returned or lost.",
                "Order W-17: the customer service shows shipped, but of 2 ordered units 0 are canceled, 1 shipped and 0 returned or lost.",
            ]
        );
    }

    #[test]
    fn what_is_shown_on_the_way_counts_only_as_the_last_word() {
        let mut history = History::accepted();
        history.show(OrderStatus::Shipped);
        history.ship_parcel("S-1", 2);
        history.settle();
        assert_eq!(findings("O9", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn a_status_of_nothing_canceled_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let all_canceled = life.parcels.is_empty() && life.cancel_rest;
            history.show(OrderStatus::Canceled);
            history.settle();
            prop_assert_eq!(findings("O9", &history.records()).is_empty(), all_canceled);
        }
    }
}
