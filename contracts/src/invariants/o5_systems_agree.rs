//! O5: at rest, every system tells the same story of an order.

use std::collections::BTreeMap;

use super::{
    books::{LineBook, OrderBook, ShipmentBook, Shown, Span, Terms},
    law::{Bench, Check, Finding, Moment, join},
};
use crate::{
    invariants::Law,
    lifecycle::Lifecycle,
    model::{LineId, LineState, OrderStatus, ScanCode, ShipmentStatus, System},
    protocol::{EventType, marketplace::LIST_ORDERS},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O5",
        name: "systems agree",
        text: "At rest, ordered, canceled, shipped, returned and lost units of a line are equal in every system that \
               holds them: channel, customer service, ERP, warehouse, docks and stores, and the middleware's own \
               answer. An accepted order is in the ERP, a refused one is not; one that a feed handed out is in the \
               ERP, unless it was refused or stands in the dead letters. Channel and customer service show the same \
               status, and parcels stand where the carrier saw them.",
        source: "bug reports odoo/odoo#8621, odoo/odoo#259653, solidusio/solidus#3719, NEARBuilders/nearmerch.com#214",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    check_booked(order, terms, bench);
    for line_id in terms.lines.keys() {
        check_line(order, terms, line_id, bench);
    }
    check_status(order, bench);
    check_parcels(order, bench);
}

/// How the middleware came to have an order, and where: the channel's submission was acknowledged, or a feed handed it
/// out. What a person is to look at is not lost.
fn given(order: &OrderBook) -> Option<(String, u64)> {
    if let Some((true, seq)) = order.acknowledged {
        return Some(("was acknowledged".to_owned(), seq));
    }
    let (feed, seq) = order.messages.listed.as_ref()?;
    let parked = order.messages.dead_letters.contains(&(System::Marketplace, LIST_ORDERS.id.to_owned()));
    (!parked && order.acknowledged.is_none()).then(|| (format!("was handed out in feed {feed}"), *seq))
}

/// An order that the middleware has is in the ERP, or the channel knows why not.
fn check_booked(order: &OrderBook, terms: &Terms, bench: &mut Bench) {
    let Some((given, seq)) = given(order) else { return };
    bench.looks();
    let status = order.shown().map(|shown| shown.status);
    let refused = status == Some(OrderStatus::Rejected);
    let canceled = terms.lines.iter().all(|(line, terms)| order.canceled(line) >= i64::from(terms.quantity));
    let live: i64 = order.lines.values().map(|line| line.booked.total() - line.erp_canceled.total()).sum();
    let (sentence, says) = if order.bookings.count() == 0 && !refused && !canceled {
        (format!("Order {} {given}, but the ERP has no sales order for it.", order.number), "no sales order")
    } else if refused && live > 0 {
        (
            format!("Order {} was refused, but the ERP has a sales order for it.", order.number),
            "a live sales order",
        )
    } else {
        return;
    };
    let shown = status.map_or_else(|| "placed".to_owned(), Lifecycle::name);
    let channel = terms.channel.system();
    let finding = Finding::new("sales order", sentence).evidence([terms.seq, seq]);
    bench.found(finding.evidence(order.bookings.seqs().iter().copied()).says(channel, shown, false).says(
        System::Erp,
        says,
        true,
    ));
}

/// What one system says of one line, as far as it holds it.
#[derive(Default)]
struct Says {
    ordered: Option<i64>,
    canceled: Option<i64>,
    shipped: Option<i64>,
    returned: Option<i64>,
    lost: Option<i64>,
}

type Bucket = (&'static str, fn(&Says) -> Option<i64>);
const BUCKETS: [Bucket; 5] = [
    ("ordered", |says| says.ordered),
    ("canceled", |says| says.canceled),
    ("shipped", |says| says.shipped),
    ("returned", |says| says.returned),
    ("lost", |says| says.lost),
];

impl Says {
    fn of_snapshot(state: Option<&LineState>, ordered: i64) -> Self {
        // A system that was told nothing yet shows the order as it was placed.
        state.map_or(
            Self {
                ordered: Some(ordered),
                canceled: Some(0),
                shipped: Some(0),
                returned: Some(0),
                lost: Some(0),
            },
            |state| Self {
                ordered: Some(state.ordered.into()),
                canceled: Some(state.canceled.into()),
                shipped: Some(state.shipped.into()),
                returned: Some(state.returned.into()),
                lost: Some(state.lost.into()),
            },
        )
    }

    fn of_erp(book: &LineBook, gift_card: bool) -> Self {
        // Two numbers of the ERP tell what shipped; if they differ, the one that is behind is what is wrong. A gift
        // card is in no stock.
        let shipped = if gift_card || book.issued.total() == book.shipped.total() {
            book.invoiced.total()
        } else {
            book.issued.total()
        };
        Self {
            ordered: Some(book.booked.total()),
            canceled: Some(book.erp_canceled.total()),
            shipped: Some(shipped),
            returned: Some(book.erp_returned.total()),
            lost: None,
        }
    }

    fn text(&self) -> String {
        let told = |name: &str, value: i64| name != "lost" || value != 0;
        let parts = BUCKETS.iter().filter_map(|(name, value)| Some((name, value(self)?)));
        let parts =
            parts.filter(|(name, value)| told(name, *value)).map(|(name, value)| format!("{name} {value}"));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// What every system says of a line. Physical truth first: the warehouse for what left.
fn positions(order: &OrderBook, terms: &Terms, line_id: &LineId) -> BTreeMap<System, Says> {
    let book = order.lines.get(line_id).cloned().unwrap_or_default();
    let ordered = terms.lines.get(line_id).map_or(0, |line| i64::from(line.quantity));
    let state =
        |shown: Option<&Shown>| Says::of_snapshot(shown.and_then(|shown| shown.lines.get(line_id)), ordered);
    let mut all = BTreeMap::new();
    all.insert(System::CustomerService, state(order.timeline.current.as_ref()));
    all.insert(terms.channel.system(), state(order.shown()));
    let gift_card = order.is_gift_card(line_id);
    let source = if gift_card { System::StoredValue } else { System::Wms };
    all.insert(source, Says { shipped: Some(book.shipped.total()), ..Says::default() });
    if order.bookings.count() > 0 {
        all.insert(System::Erp, Says::of_erp(&book, gift_card));
    }
    if let Some(answer) = order.last_answer() {
        all.insert(System::Middleware, state(Some(answer)));
    }
    all
}

/// What a bucket must be: what physically happened, where somebody saw it, and else what most systems say.
fn truth(order: &OrderBook, terms: &Terms, line_id: &LineId, bucket: &str, said: &[i64]) -> Span {
    match bucket {
        "ordered" => Span::exactly(terms.lines.get(line_id).map_or(0, |line| i64::from(line.quantity))),
        "shipped" => Span::exactly(order.shipped(line_id)),
        "returned" => order.returned(line_id),
        "lost" => order.lost(line_id),
        _ => Span::exactly(majority(said)),
    }
}

fn majority(said: &[i64]) -> i64 {
    let votes = |value: i64| said.iter().filter(|other| **other == value).count();
    said.iter().copied().max_by_key(|value| (votes(*value), *value)).unwrap_or(0)
}

fn check_line(order: &OrderBook, terms: &Terms, line_id: &LineId, bench: &mut Bench) {
    bench.looks();
    let positions = positions(order, terms, line_id);
    let mut odd: BTreeMap<System, bool> = positions.keys().map(|system| (*system, false)).collect();
    let mut parts = Vec::new();
    for (name, value) in BUCKETS {
        let said: Vec<(System, i64)> =
            positions.iter().filter_map(|(system, says)| Some((*system, value(says)?))).collect();
        let numbers: Vec<i64> = said.iter().map(|(_, number)| *number).collect();
        let truth = truth(order, terms, line_id, name, &numbers);
        let agree = numbers.iter().all(|number| truth.holds(*number))
            && (truth.low != truth.high
                || numbers.windows(2).all(|pair| matches!(pair, [one, other] if one == other)));
        if agree {
            continue;
        }
        for (system, _) in said.iter().filter(|(_, number)| !truth.holds(*number)) {
            odd.insert(*system, true);
        }
        let told = said.iter().map(|(system, number)| format!("{} {number}", system.title()));
        parts.push(format!("{name} units ({})", join(told)));
    }
    if parts.is_empty() {
        return;
    }
    let sku = terms.lines.get(line_id).map_or_else(String::new, |line| format!(" ({})", line.sku));
    let sentence =
        format!("Order {}, line {line_id}{sku}: the systems disagree on {}.", order.number, join(parts));
    let mut finding = Finding::new(format!("line {line_id}"), sentence).evidence(evidence(order, line_id));
    for (system, says) in &positions {
        finding = finding.says(*system, says.text(), odd.get(system).copied().unwrap_or(false));
    }
    bench.found(finding);
}

fn evidence(order: &OrderBook, line_id: &LineId) -> Vec<u64> {
    let shown = order.shown().map(|shown| shown.seq);
    let told = order.timeline.current.as_ref().map(|shown| shown.seq);
    let mut seqs: Vec<u64> = shown.into_iter().chain(told).collect();
    if let Some(book) = order.lines.get(line_id) {
        for tally in [&book.booked, &book.erp_canceled, &book.shipped, &book.issued, &book.invoiced] {
            seqs.extend_from_slice(tally.seqs());
        }
        seqs.extend_from_slice(book.received.seqs());
        seqs.extend_from_slice(book.erp_returned.seqs());
    }
    seqs.sort_unstable();
    seqs
}

fn check_status(order: &OrderBook, bench: &mut Bench) {
    let (Some(told), Some(channel)) = (order.timeline.current.as_ref(), order.channel()) else { return };
    bench.looks();
    // A channel that was told nothing shows the order as it was placed.
    let shown = order.shown();
    let (status, sequence) = shown.map_or((OrderStatus::Placed, 0), |shown| (shown.status, shown.sequence));
    if status == told.status {
        return;
    }
    let sentence = format!(
        "Order {}: the {} shows {}, customer service {}.",
        order.number,
        channel.title(),
        status.name(),
        told.status.name()
    );
    let older_is_channel = sequence < told.sequence;
    bench.found(
        Finding::new("status", sentence)
            .evidence(shown.map(|shown| shown.seq))
            .evidence([told.seq])
            .says(channel, status.name(), older_is_channel)
            .says(System::CustomerService, told.status.name(), !older_is_channel),
    );
}

/// The status that a parcel has after its furthest scan.
const fn after(scan: ScanCode) -> ShipmentStatus {
    match scan {
        ScanCode::PickedUp | ScanCode::InTransit => ShipmentStatus::InTransit,
        ScanCode::OutForDelivery | ScanCode::DeliveryAttempted => ShipmentStatus::OutForDelivery,
        ScanCode::Delivered => ShipmentStatus::Delivered,
        ScanCode::ReturnToSender => ShipmentStatus::ReturnToSender,
        ScanCode::Lost => ShipmentStatus::Lost,
    }
}

/// Whether a scan of the parcel came with a code that nobody knows yet, and a person is to look at it: what the channel
/// shows may be older.
fn waits_for_a_person(order: &OrderBook, shipment: &ShipmentBook) -> bool {
    let letter = (System::Carrier, EventType::CarrierScanRecorded.name().to_owned());
    order.messages.dead_letters.contains(&letter)
        && shipment.tracking.as_ref().is_some_and(|number| order.messages.told_unreadably_of(number.as_str()))
}

fn check_parcels(order: &OrderBook, bench: &mut Bench) {
    let (Some(shown), Some(channel)) = (order.shown(), order.channel()) else { return };
    for (shipment_id, shipment) in &order.shipments {
        let left = if shipment.pickup { ShipmentStatus::Delivered } else { ShipmentStatus::Shipped };
        let seen = shipment.scanned.map_or(left, |(code, _)| after(code));
        bench.looks();
        let told = shown.shipments.get(shipment_id).copied();
        if told == Some(seen) || told.is_some() && waits_for_a_person(order, shipment) {
            continue;
        }
        let says = told.map_or_else(|| "no such parcel".to_owned(), Lifecycle::name);
        let sentence = format!(
            "Order {}: parcel {shipment_id} is {}, but the {} shows {says}.",
            order.number,
            seen.name(),
            channel.title()
        );
        let witness = if shipment.scanned.is_some() { System::Carrier } else { System::Wms };
        bench.found(
            Finding::new(format!("parcel {shipment_id}"), sentence)
                .evidence([shipment.seq, shown.seq])
                .evidence(shipment.scanned.map(|(_, seq)| seq))
                .says(witness, seen.name(), false)
                .says(channel, says, true),
        );
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::prelude::*;

    use crate::{
        faults::{DriftChange, Misfortune},
        invariants::testing::{History, Life, findings, lives, violations},
        journal::Effect,
        model::{OrderStatus, ScanCode, System},
    };

    #[test]
    fn a_return_that_the_channel_never_hears_of_is_found_and_the_channel_is_named() {
        let mut history = Life::default().returned(1);
        history.remove_last(|effect| matches!(effect, Effect::StatusShown { .. }));
        history.settle();
        let found = violations("O5", &history.records());
        let sentences: Vec<&str> = found.iter().map(|violation| violation.sentence.as_str()).collect();
        assert_eq!(
            sentences,
            [
                "Order W-17, line L-1 (shirt): the systems disagree on returned units (ERP 1, storefront 0 and customer service 1).",
                "Order W-17: the storefront shows shipped, customer service partially_returned.",
            ]
        );
        let odd: Vec<System> = found
            .first()
            .unwrap()
            .systems
            .iter()
            .filter(|position| position.odd)
            .map(|position| position.system)
            .collect();
        assert_eq!(odd, [System::Storefront]);
    }

    #[test]
    fn an_acknowledged_order_that_the_erp_never_gets_is_found() {
        let mut history = Life::default().placed();
        history.settle();
        assert_eq!(
            findings("O5", &history.records()),
            ["Order W-17 was acknowledged, but the ERP has no sales order for it."]
        );
    }

    /// An order that nobody submitted, and that a feed handed out.
    fn listed() -> History {
        let mut history = Life { marketplace: true, ..Life::default() }.placed();
        history.list_in_feed("feed-1");
        history
    }

    #[test]
    fn an_order_of_a_feed_that_is_nowhere_is_found() {
        let mut history = listed();
        history.settle();
        let found = violations("O5", &history.records());
        assert_eq!(
            found.first().unwrap().sentence,
            "Order W-17 was handed out in feed feed-1, but the ERP has no sales order for it."
        );
        assert_eq!(found.first().unwrap().evidence.len(), 2);
    }

    #[test]
    fn an_order_of_a_feed_that_a_person_looks_at_is_not_lost() {
        let mut history = listed();
        history.list_dead_letter_of(System::Marketplace, "listOrders");
        history.settle();
        assert_eq!(findings("O5", &history.records()), [""; 0]);
    }

    #[test]
    fn a_cancellation_before_the_order_was_booked_that_the_channel_never_hears_of_is_found() {
        let mut history = Life::default().placed();
        history.show(OrderStatus::Placed);
        history.show(OrderStatus::Canceled);
        history.remove_last(|effect| matches!(effect, Effect::StatusShown { .. }));
        history.settle();
        let found = findings("O5", &history.records());
        let sentence = "Order W-17: the storefront shows placed, customer service canceled.";
        assert!(found.iter().any(|found| found == sentence), "{found:?}");
    }

    #[test]
    fn a_channel_that_is_never_told_anything_is_found() {
        let mut history = History::accepted();
        history.remove(|effect| matches!(effect, Effect::StatusShown { .. }));
        history.settle();
        let found = findings("O5", &history.records());
        assert_eq!(found, ["Order W-17: the storefront shows placed, customer service in_fulfillment."]);
    }

    #[test]
    fn a_shipment_that_is_never_invoiced_is_found() {
        let mut history = History::shipped();
        history.remove(|effect| matches!(effect, Effect::InvoicePosted { .. }));
        history.settle();
        assert_eq!(
            findings("O5", &history.records()),
            [
                "Order W-17, line L-1 (shirt): the systems disagree on shipped units (ERP 0, warehouse 2, storefront 2 and customer service 2)."
            ]
        );
    }

    #[test]
    fn a_delivery_that_the_channel_never_shows_is_found() {
        let mut history = History::shipped();
        history.scan("S-1", ScanCode::Delivered);
        history.settle();
        assert_eq!(
            findings("O5", &history.records()),
            ["Order W-17: parcel S-1 is delivered, but the storefront shows shipped."]
        );
    }

    #[test]
    fn a_scan_that_nobody_can_read_and_that_waits_for_a_person_is_not_shown() {
        let scanned = |unreadable: bool, parked: bool| {
            let mut history = History::shipped();
            history.scan("S-1", ScanCode::Delivered);
            let event_type = "retail.carrier.scan_recorded.v1".to_owned();
            let raised =
                Effect::EventRaised { event_id: "EV-9".into(), event_type, subject: "P-S-1".to_owned() };
            history.happen(System::Carrier, raised);
            if unreadable {
                history.strike("EV-9", Misfortune::Drift { change: DriftChange::NewCode, at: None });
            }
            if parked {
                history.list_dead_letter("retail.carrier.scan_recorded.v1");
            }
            history.settle();
            findings("O5", &history.records()).len()
        };
        assert_eq!((scanned(false, true), scanned(true, false), scanned(true, true)), (1, 1, 0));
    }

    #[test]
    fn the_middleware_s_own_answer_counts_only_when_it_is_the_last_word() {
        let mut early = History::accepted();
        early.answer_read();
        early.ship_parcel("S-1", 2);
        early.settle();
        assert_eq!(findings("O5", &early.records()), [""; 0]);
        let mut late = Life::default().returned(1);
        late.answer_read_with(|state| state.returned = 0);
        late.settle();
        assert_eq!(findings("O5", &late.records()).len(), 1);
    }

    proptest! {
        #[test]
        fn a_cancellation_that_the_erp_never_books_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let removed = history.remove(|effect| matches!(effect, Effect::SalesOrderCanceled { .. }));
            history.settle();
            prop_assert_eq!(findings("O5", &history.records()).len(), usize::from(removed > 0));
        }
    }
}
