//! R2: what is booked as returned is what somebody received.

use std::collections::BTreeMap;

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, join, units},
};
use crate::{
    invariants::Law,
    model::{LineId, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R2",
        name: "booked as received",
        text: "At rest, each receipt that the ERP booked is one that a dock or store has, with no more units of \
               any line than came.",
        source: "bug reports odoo/odoo#112291, frappe/ecommerce_integrations#397",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (receipt_id, booked) in &order.booked_receipts {
        bench.looks();
        let receipt = order.receipts.get(receipt_id);
        if receipt.is_some_and(|receipt| fits(booked, &receipt.came())) {
            continue;
        }
        let received = receipt.map_or_else(|| "no goods at all".to_owned(), |receipt| goods(&receipt.came()));
        let sentence = format!(
            "Order {}: the ERP booked receipt {receipt_id} with {}, but it has {received}.",
            order.number,
            goods(booked)
        );
        let finding =
            Finding::new(format!("receipt {receipt_id}"), sentence).evidence(booking_seqs(order, booked));
        let finding = finding.says(System::Erp, goods(booked), true);
        bench.found(match receipt {
            Some(receipt) => {
                finding.evidence(receipt.seqs.iter().copied()).says(receipt.system, received, false)
            }
            None => finding,
        });
    }
}

/// Whether what is booked came.
fn fits(booked: &BTreeMap<LineId, u32>, came: &BTreeMap<LineId, u32>) -> bool {
    booked.iter().all(|(line, units)| came.get(line).is_some_and(|came| units <= came))
}

/// Where the ERP booked units of these lines.
fn booking_seqs(order: &OrderBook, booked: &BTreeMap<LineId, u32>) -> Vec<u64> {
    let books = booked.keys().filter_map(|line| order.lines.get(line));
    books.flat_map(|book| book.erp_returned.seqs().iter().copied()).collect()
}

fn goods(lines: &BTreeMap<LineId, u32>) -> String {
    join(lines.iter().map(|(line, quantity)| format!("{} of line {line}", units(i64::from(*quantity)))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
    };

    fn book_more(history: &mut History, more: u32) -> usize {
        let mut count = 0;
        history.edit(|effect| {
            if let Effect::ReturnReceiptBooked { receipt } = effect {
                receipt.lines.iter_mut().for_each(|line| line.quantity += more);
                count += 1;
            }
        });
        history.settle();
        count
    }

    #[test]
    fn a_unit_that_nobody_received_is_found() {
        let mut history = Life::default().returned(1);
        book_more(&mut history, 1);
        assert_eq!(
            findings("R2", &history.records()),
            [
                "Order W-17: the ERP booked receipt R-1 with 2 units of line L-1, but it has 1 unit of line L-1."
            ]
        );
    }

    proptest! {
        #[test]
        fn each_receipt_that_is_booked_otherwise_is_found_in_every_life(life in lives(), more in 1_u32..3) {
            let mut history = life.history();
            let booked = book_more(&mut history, more);
            prop_assert_eq!(findings("R2", &history.records()).len(), booked);
        }
    }
}
