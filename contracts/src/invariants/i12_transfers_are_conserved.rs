//! I12: goods that go from one place to another are neither lost nor made on the way.

use super::{
    books::{OrderBook, TransferEntry},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{
        Sku, System, TransferId,
        TransferPostingKind::{Dispatched, Received, WrittenOff},
    },
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I12",
        name: "transfers are conserved",
        text: "Of each transfer and SKU no more is booked as dispatched, received or written off than left, came or \
               was lost. At rest all of it is booked, and what left is received, in transit or written off.",
        source: "double-entry stock ledger; bug report odoo/odoo#131457",
    },
    on_effect: Some(check_surplus),
    on_exchange: None,
    at_rest: Some(check_exactly),
};

fn check_surplus(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(Effect::TransferPosted { posting }) = moment.effect() else { return };
    let Some(skus) = moment.books.transfers.transfer(&posting.transfer_id) else { return };
    for line in &posting.lines {
        let Some(entry) = skus.get(&line.sku) else { continue };
        bench.looks();
        let surplus = entry.booked(Dispatched) > entry.dispatched
            || entry.booked(Received) > entry.received
            || entry.booked(WrittenOff) > entry.lost;
        if surplus {
            bench.found(finding(&posting.transfer_id, &line.sku, entry));
        }
    }
}

fn check_exactly(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (transfer_id, skus) in moment.books.transfers.of_scenario(order.scenario.as_deref()) {
        for (sku, entry) in skus {
            bench.looks();
            let on_the_way = entry.dispatched - entry.received - entry.lost;
            let agrees = entry.booked(Dispatched) == entry.dispatched
                && entry.booked(Received) == entry.received
                && entry.booked(WrittenOff) == entry.lost
                && entry.in_transit == on_the_way;
            if !agrees {
                bench.found(finding(transfer_id, sku, entry));
            }
        }
    }
}

fn finding(transfer_id: &TransferId, sku: &Sku, entry: &TransferEntry) -> Finding {
    let happened = format!(
        "{} left, {} came and {} were lost",
        units(entry.dispatched),
        units(entry.received),
        units(entry.lost)
    );
    let booked = format!(
        "{} dispatched, {} received, {} written off and {} in transit",
        units(entry.booked(Dispatched)),
        units(entry.booked(Received)),
        units(entry.booked(WrittenOff)),
        units(entry.in_transit)
    );
    let sentence = format!("Transfer {transfer_id}: of {sku} {happened}, but the ERP has {booked}.");
    Finding::new(format!("{sku} of {transfer_id}"), sentence)
        .evidence(entry.seqs.iter().copied())
        .says(System::Wms, happened, false)
        .says(System::Erp, booked, true)
}

#[cfg(test)]
pub(in crate::invariants) mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings},
        journal::Effect,
        model::{
            InventoryMovement, MovementReason, StockCondition, System, Timestamp, Transfer, TransferLine,
            TransferLoss, TransferPosting, TransferPostingKind, TransferReceipt,
        },
    };

    fn lines(quantity: u32) -> Vec<TransferLine> {
        vec![TransferLine { sku: "shirt".into(), quantity }]
    }

    fn post(history: &mut History, kind: TransferPostingKind, quantity: u32) {
        let posting = TransferPosting {
            posting_id: format!("{kind:?}"),
            transfer_id: "T-1".into(),
            kind,
            from_node: "store-12".into(),
            to_node: "dc-north".into(),
            lines: lines(quantity),
        };
        history.tell(System::Erp, Effect::TransferPosted { posting });
        let sign = if kind == TransferPostingKind::Dispatched { 1 } else { -1 };
        let movement = InventoryMovement {
            movement_id: format!("{kind:?}").as_str().into(),
            order_number: None,
            line_id: None,
            node_id: "dc-north".into(),
            sku: "shirt".into(),
            condition: StockCondition::InTransit,
            quantity: sign * i64::from(quantity),
            reason: MovementReason::Transfer,
            cause: "T-1".to_owned(),
        };
        history.tell(System::Erp, Effect::StockMoved { movement });
    }

    /// Units leave; some come and some are lost.
    fn moved(left: u32, came: u32, lost: u32) -> History {
        let mut history = History::accepted();
        let transfer = Transfer {
            transfer_id: "T-1".into(),
            from_node: "store-12".into(),
            to_node: "dc-north".into(),
            lines: lines(left),
            dispatched_at: Timestamp::UNIX_EPOCH,
        };
        history.tell(System::Wms, Effect::TransferDispatched { transfer });
        if came > 0 {
            let receipt = TransferReceipt {
                receipt_id: "R-1".to_owned(),
                transfer_id: "T-1".into(),
                node_id: "dc-north".into(),
                lines: lines(came),
                received_at: Timestamp::UNIX_EPOCH,
            };
            history.tell(System::Wms, Effect::TransferReceived { receipt });
        }
        if lost > 0 {
            let loss = TransferLoss {
                loss_id: "L-1".to_owned(),
                transfer_id: "T-1".into(),
                lines: lines(lost),
                lost_at: Timestamp::UNIX_EPOCH,
            };
            history.tell(System::Wms, Effect::TransferLost { loss });
        }
        history
    }

    /// A transfer of which everything is booked as it happened.
    pub(in crate::invariants) fn conserved() -> History {
        let mut history = moved(5, 3, 1);
        post(&mut history, TransferPostingKind::Dispatched, 5);
        post(&mut history, TransferPostingKind::Received, 3);
        post(&mut history, TransferPostingKind::WrittenOff, 1);
        history.settle();
        history
    }

    #[test]
    fn what_is_booked_as_it_happened_is_no_finding() {
        assert_eq!(findings("I12", &conserved().records()), [""; 0]);
    }

    #[test]
    fn a_short_receipt_that_is_booked_as_whole_is_found_at_once() {
        let mut history = moved(5, 3, 0);
        post(&mut history, TransferPostingKind::Dispatched, 5);
        post(&mut history, TransferPostingKind::Received, 5);
        assert_eq!(
            findings("I12", &history.records()),
            [
                "Transfer T-1: of shirt 5 units left, 3 units came and 0 units were lost, but the ERP has 5 units \
                 dispatched, 5 units received, 0 units written off and 5 units in transit."
            ]
        );
    }

    #[test]
    fn a_dispatch_that_is_not_booked_is_found_at_rest() {
        let mut history = moved(5, 0, 0);
        assert_eq!(findings("I12", &history.records()), [""; 0]);
        history.settle();
        assert_eq!(
            findings("I12", &history.records()),
            [
                "Transfer T-1: of shirt 5 units left, 0 units came and 0 units were lost, but the ERP has 0 units \
                 dispatched, 0 units received, 0 units written off and 0 units in transit."
            ]
        );
    }

    #[test]
    fn units_that_vanish_from_the_ledger_are_found_at_rest() {
        let mut history = conserved();
        history.remove(
            |effect| matches!(effect, Effect::StockMoved { movement } if movement.quantity == -3 && movement.condition == StockCondition::InTransit),
        );
        assert_eq!(findings("I12", &history.records()).len(), 1);
    }

    proptest! {
        /// Whatever is booked otherwise than it happened is found, and nothing else.
        #[test]
        fn what_is_booked_otherwise_is_found(
            (came, lost) in (1_u32..4, 1_u32..4),
            (left_booked, came_booked, lost_booked) in (7_u32..9, 1_u32..4, 1_u32..4),
        ) {
            let mut history = moved(8, came, lost);
            post(&mut history, TransferPostingKind::Dispatched, left_booked);
            post(&mut history, TransferPostingKind::Received, came_booked);
            post(&mut history, TransferPostingKind::WrittenOff, lost_booked);
            history.settle();
            let wrong = (left_booked, came_booked, lost_booked) != (8, came, lost);
            prop_assert_eq!(findings("I12", &history.records()).len(), usize::from(wrong));
        }
    }
}
