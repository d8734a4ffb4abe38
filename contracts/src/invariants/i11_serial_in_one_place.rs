//! I11: a serial number is in one place.

use super::{
    books::{OrderBook, Sighting},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{ReceiptId, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I11",
        name: "a serial is in one place",
        text: "A unit with a serial number is with one customer or with the retailer. It does not leave for an order \
               while it is with a customer; no store takes a unit back, and no dock's receipt is paid for, whose \
               serial did not leave for that order or came back before.",
        source: "standard: GS1 SGTIN; practice: returns fraud with other units",
    },
    on_effect: Some(check_sighted),
    on_exchange: None,
    at_rest: Some(check_paid),
};

fn check_sighted(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(committed)) = (moment.order, moment.committed()) else { return };
    match &committed.effect {
        Effect::ShipmentShipped { shipment } => {
            for unit in &shipment.serials {
                check_leaves(moment, order, &unit.serial, bench);
            }
        }
        Effect::GoodsReturned { receipt } if committed.system == System::Pos => {
            for unit in &receipt.serials {
                bench.looks();
                if let Some(strange) = strange(order, &unit.serial) {
                    let what = format!("a store took serial {} back", unit.serial);
                    bench.found(finding(order, &unit.serial, &what, strange));
                }
            }
        }
        _ => {}
    }
}

/// A unit that leaves is with nobody.
fn check_leaves(moment: &Moment<'_>, order: &OrderBook, serial: &str, bench: &mut Bench) {
    bench.looks();
    let seen = order.serials.get(serial).map_or(&[][..], Vec::as_slice);
    let twice = matches!(seen, [.., before, last] if before.left && last.left);
    let elsewhere = moment.books.orders_of(order.scenario.as_deref()).into_iter().find(|number| {
        let other = moment.books.order(number).filter(|other| other.number != order.number);
        let last = other.and_then(|other| other.serials.get(serial)?.last());
        last.is_some_and(|sighting| sighting.left)
    });
    let with = match elsewhere {
        Some(other) => format!("order {other}"),
        None if twice => "the same order".to_owned(),
        None => return,
    };
    let sentence =
        format!("Order {}: serial {serial} left, but it is with the customer of {with}.", order.number);
    let finding = Finding::new(format!("serial {serial}"), sentence);
    bench.found(finding.evidence(seen.iter().map(|sighting| sighting.seq)));
}

/// Why a serial that came back cannot be this order's; nothing if it can.
fn strange(order: &OrderBook, serial: &str) -> Option<&'static str> {
    let seen = order.serials.get(serial).map_or(&[][..], Vec::as_slice);
    let (last, before) = seen.split_last()?;
    let assigned_from = source(order, last);
    // Goods that a clerk assigned came once: with the receipt under which they were held.
    let mut before =
        before.iter().filter(|known| assigned_from.is_none() || known.receipt.as_ref() != assigned_from);
    match before.next_back() {
        None => Some("never left for it"),
        Some(before) if !before.left => Some("had come back before"),
        Some(_) => None,
    }
}

/// The receipt under which goods were held until a clerk assigned them.
fn source<'b>(order: &'b OrderBook, last: &Sighting) -> Option<&'b ReceiptId> {
    let rma = order.receipts.get(last.receipt.as_ref()?)?.rma.as_ref()?;
    order.authorizations.get(rma)?.held.as_ref()
}

fn finding(order: &OrderBook, serial: &str, what: &str, strange: &str) -> Finding {
    let sentence = format!("Order {}: {what}, which {strange}.", order.number);
    let seen = order.serials.get(serial).into_iter().flatten().map(|sighting| sighting.seq);
    Finding::new(format!("serial {serial}"), sentence).evidence(seen)
}

/// A dock takes what comes; what is not the order's is not paid for.
fn check_paid(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (serial, seen) in &order.serials {
        let back = |sighting: &&Sighting| !sighting.left;
        let Some(receipt) = seen.iter().rfind(back).and_then(|sighting| sighting.receipt.as_ref()) else {
            continue;
        };
        let dock = order.receipts.get(receipt).filter(|book| book.system == System::Wms);
        if dock.is_none() {
            continue;
        }
        bench.looks();
        let paid: i64 = order.money.live_payouts_for(receipt.as_str()).map(|payout| payout.amount).sum();
        if let Some(strange) = strange(order, serial).filter(|_| paid > 0) {
            let what = format!("receipt {receipt} was paid for with serial {serial}");
            bench.found(finding(order, serial, &what, strange));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings},
        journal::Effect,
        model::{ConditionGrade, SerializedUnit, System},
    };

    fn shipped(serials: &[&str]) -> History {
        let mut history = Life { parcels: Vec::new(), ..Life::default() }.accepted();
        history.scan_serials(serials);
        history.ship_parcel("S-1", 2);
        history
    }

    /// One unit comes back with this serial.
    fn back(history: &mut History, receipt: &str, serial: &str) {
        history.return_units(receipt, 1, ConditionGrade::A);
        history.edit(|effect| {
            if let Effect::GoodsReturned { receipt: told } = effect
                && told.receipt_id.as_str() == receipt
            {
                told.serials = vec![SerializedUnit { line_id: "L-1".into(), serial: serial.to_owned() }];
            }
        });
    }

    #[test]
    fn what_left_may_come_back_and_leave_again() {
        let mut history = shipped(&["SN-1", "SN-2"]);
        back(&mut history, "R-1", "SN-2");
        history.scan_serials(&["SN-2"]);
        history.ship_parcel("S-2", 1);
        assert_eq!(findings("I11", &history.records()), [""; 0]);
    }

    #[test]
    fn a_serial_that_leaves_twice_is_found() {
        let mut history = shipped(&["SN-1", "SN-2"]);
        history.scan_serials(&["SN-1"]);
        history.ship_parcel("S-2", 1);
        assert_eq!(
            findings("I11", &history.records()),
            ["Order W-17: serial SN-1 left, but it is with the customer of the same order."]
        );
    }

    #[test]
    fn a_strange_serial_and_one_that_comes_back_twice_are_found() {
        let mut history = shipped(&["SN-1", "SN-2"]);
        back(&mut history, "R-1", "SN-9");
        assert_eq!(
            findings("I11", &history.records()),
            ["Order W-17: a store took serial SN-9 back, which never left for it."]
        );
        let mut history = shipped(&["SN-1", "SN-2"]);
        back(&mut history, "R-1", "SN-1");
        back(&mut history, "R-2", "SN-1");
        assert_eq!(
            findings("I11", &history.records()),
            ["Order W-17: a store took serial SN-1 back, which had come back before."]
        );
    }

    #[test]
    fn a_dock_may_have_it_but_nobody_pays() {
        let mut history = shipped(&["SN-1", "SN-2"]);
        back(&mut history, "R-1", "SN-9");
        history.settle();
        let mut records = history.records();
        for record in &mut records {
            if let crate::journal::Entry::Effect(committed) = &mut record.entry
                && matches!(committed.effect, Effect::GoodsReturned { .. })
            {
                committed.system = System::Wms;
            }
        }
        assert_eq!(
            findings("I11", &records),
            ["Order W-17: receipt R-1 was paid for with serial SN-9, which never left for it."]
        );
    }

    /// A dock holds what came; a clerk assigns it, and it is received under another number.
    fn assigned(held: Option<&str>) -> Vec<String> {
        let mut history = shipped(&["SN-1", "SN-2"]);
        history.announce("rma-2", 1);
        back(&mut history, "R-1", "SN-1");
        back(&mut history, "R-2", "SN-1");
        history.edit(|effect| match effect {
            Effect::ReturnAuthorized { authorization } => {
                authorization.held_receipt_id = held.map(Into::into);
            }
            Effect::GoodsReturned { receipt } if receipt.receipt_id.as_str() == "R-2" => {
                receipt.rma_id = Some("rma-2".into());
            }
            _ => {}
        });
        findings("I11", &history.records())
    }

    #[test]
    fn what_a_clerk_assigns_came_once() {
        assert_eq!(assigned(Some("R-1")), [""; 0]);
        let twice = "Order W-17: a store took serial SN-1 back, which had come back before.";
        assert_eq!(assigned(Some("R-9")), [twice]);
        assert_eq!(assigned(None), [twice]);
    }

    proptest! {
        #[test]
        fn serials_that_left_come_back_once_each(first in 1_u32..4, second in 1_u32..4) {
            let mut history = shipped(&["SN-1", "SN-2"]);
            back(&mut history, "R-1", &format!("SN-{first}"));
            back(&mut history, "R-2", &format!("SN-{second}"));
            let sound = first < 3 && second < 3 && first != second;
            prop_assert_eq!(findings("I11", &history.records()).is_empty(), sound);
        }
    }
}
