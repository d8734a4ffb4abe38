//! R13: what left is credited once, as lost or as returned.

use super::{
    books::{OrderBook, Tally, as_receipt},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineId, ReceiptId, ShipmentId, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R13",
        name: "lost or returned",
        text: "Over all credit memos, for receipts and for lost parcels, the ERP credits no more units of a line than \
               left; and of what was in one undelivered parcel, none twice: a parcel that turns up after it was \
               lost, and paid for, is credited no more.",
        source: "practice: claims for lost parcels; bug report odoo/odoo#259653",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::CreditMemoPosted { credit_memo }), Some(order)) = (moment.effect(), moment.order)
    else {
        return;
    };
    let parcel = parcel_of(order, &credit_memo.receipt_id);
    for line in &credit_memo.lines {
        bench.looks();
        let all = credited(order, &line.line_id, |_| true);
        compare(order, &line.line_id, (all, order.shipped(&line.line_id)), "left", bench);
        let Some((shipment_id, packed)) = parcel.and_then(|id| {
            let packed = order.shipments.get(id)?.lines.get(&line.line_id).copied().unwrap_or(0);
            Some((id, packed))
        }) else {
            continue;
        };
        let own = credited(order, &line.line_id, |id| parcel_of(order, id) == Some(shipment_id));
        let what = format!("were in parcel {shipment_id}, which came back or was lost");
        compare(order, &line.line_id, (own, i64::from(packed)), &what, bench);
    }
}

/// The undelivered parcel that a credit memo is for: by its own number where it is lost, or by a receipt's.
fn parcel_of<'o>(order: &'o OrderBook, id: &ReceiptId) -> Option<&'o ShipmentId> {
    let lost = order.shipments.iter().find(|(shipment_id, book)| book.lost && as_receipt(shipment_id) == *id);
    lost.map(|(shipment_id, _)| shipment_id)
        .or_else(|| order.receipts.get(id).and_then(|receipt| receipt.shipment.as_ref()))
}

/// Units of a line in credit memos of a kind.
fn credited(order: &OrderBook, line: &LineId, of: impl Fn(&ReceiptId) -> bool) -> Tally {
    let mut sum = Tally::default();
    for ((id, credited), tally) in &order.receivable.credited {
        if credited == line && of(id) {
            sum.join(tally);
        }
    }
    sum
}

fn compare(order: &OrderBook, line: &LineId, (credited, bound): (Tally, i64), what: &str, bench: &mut Bench) {
    if credited.total() <= bound {
        return;
    }
    let sentence = format!(
        "Order {}, line {line}: the ERP credited {}, but {bound} {what}.",
        order.number,
        units(credited.total())
    );
    bench.found(
        Finding::new(format!("credited units of {line}"), sentence)
            .evidence(credited.seqs().iter().copied())
            .says(System::Erp, format!("{} credited", credited.total()), true),
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
        model::{ConditionGrade, ScanCode},
    };

    fn lost() -> History {
        let mut history = Life { quantity: 2, parcels: vec![1, 1], ..Life::default() }.history();
        history.scan("S-1", ScanCode::Lost);
        history.credit_lost("S-1", 1);
        history
    }

    #[test]
    fn a_lost_parcel_is_credited_and_what_others_brought_back_too() {
        let mut history = lost();
        history.return_units("R-1", 1, ConditionGrade::A);
        assert_eq!(findings("R13", &history.records()), [""; 0]);
    }

    #[test]
    fn a_lost_parcel_that_turns_up_and_is_credited_again_is_found_though_more_units_left() {
        let mut history = lost();
        history.dock_receives_parcel("R-1", "S-1", 1);
        assert_eq!(findings("R13", &history.records()), [""; 0]);
        history.credit_lost("R-1", 1);
        assert_eq!(
            findings("R13", &history.records()),
            [
                "Order W-17, line L-1: the ERP credited 2 units, but 1 were in parcel S-1, which came back or was lost."
            ]
        );
    }

    #[test]
    fn more_than_left_is_found() {
        let mut history = lost();
        history.return_units("R-1", 1, ConditionGrade::A);
        history.return_units("R-2", 1, ConditionGrade::A);
        assert_eq!(
            findings("R13", &history.records()),
            ["Order W-17, line L-1: the ERP credited 3 units, but 2 left."]
        );
    }

    proptest! {
        #[test]
        fn a_memo_over_more_units_than_left_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let mut changed = false;
            history.edit(|effect| {
                if let (Effect::CreditMemoPosted { credit_memo }, false) = (effect, changed) {
                    credit_memo.lines.iter_mut().for_each(|line| line.quantity += life.quantity);
                    changed = true;
                }
            });
            prop_assert_eq!(!findings("R13", &history.records()).is_empty(), changed);
        }
    }
}
