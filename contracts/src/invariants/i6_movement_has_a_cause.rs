//! I6: no stock comes or goes without a cause.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    model::{ReceiptId, ShipmentId, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I6",
        name: "a movement has a cause",
        text: "At rest, each goods issue of an order names a parcel that left, and each movement of returned goods \
               a receipt of a dock or store.",
        source: "bug reports magento/inventory#1895, medusajs/medusa#3034",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for ((cause, line), issued) in &order.issues {
        bench.looks();
        if !order.shipments.contains_key(&ShipmentId::new(cause)) {
            let what = format!("{} of line {line} left stock", units(issued.total()));
            bench.found(finding(order, &what, cause, issued.seqs()));
        }
    }
    for restock in &order.restocks {
        bench.looks();
        if !order.receipts.contains_key(&ReceiptId::new(&restock.cause)) {
            let what = format!("{} of line {} came into stock", units(restock.units), restock.line);
            bench.found(finding(order, &what, &restock.cause, &[restock.seq]));
        }
    }
}

fn finding(order: &OrderBook, what: &str, cause: &str, seqs: &[u64]) -> Finding {
    let sentence = format!("Order {}: {what} for {cause}, which nobody shipped or received.", order.number);
    let finding = Finding::new(format!("movement for {cause}"), sentence);
    finding.evidence(seqs.iter().copied()).says(System::Erp, format!("moved stock for {cause}"), true)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
    };

    fn rename(history: &mut History) -> usize {
        let mut count = 0;
        history.edit(|effect| {
            if let Effect::StockMoved { movement } = effect {
                movement.cause = format!("no-{}", movement.cause);
                count += 1;
            }
        });
        history.settle();
        count
    }

    #[test]
    fn movements_that_nothing_caused_are_found() {
        let mut history = Life::default().returned(1);
        rename(&mut history);
        assert_eq!(
            findings("I6", &history.records()),
            [
                "Order W-17: 2 units of line L-1 left stock for no-S-1, which nobody shipped or received.",
                "Order W-17: 1 unit of line L-1 came into stock for no-R-1, which nobody shipped or received.",
            ]
        );
    }

    proptest! {
        #[test]
        fn each_movement_without_cause_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let moved = rename(&mut history);
            prop_assert_eq!(findings("I6", &history.records()).len(), moved);
        }
    }
}
