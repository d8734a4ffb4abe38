//! R11: too much, or something else, is an exception and no return.

use super::law::{Bench, Check, Finding, Moment, units};
use crate::{invariants::Law, journal::Effect, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R11",
        name: "no more than was announced",
        text: "Over all receipts of a return authorization, the ERP books no unit more of a line than the \
               authorization allows, and none of a line that it does not name.",
        source: "bug reports odoo/odoo#112291, spree/spree#14678",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::ReturnReceiptBooked { receipt }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    let Some(rma_id) = &receipt.rma_id else { return };
    let Some(authorization) = order.authorizations.get(rma_id) else { return };
    for line in &receipt.lines {
        bench.looks();
        let booked = authorization.booked.get(&line.line_id).copied().unwrap_or(0);
        let allowed = authorization.lines.get(&line.line_id).copied().unwrap_or(0);
        if booked <= allowed {
            continue;
        }
        let sentence = format!(
            "Order {}, line {} ({}): the ERP booked {} as received for return {rma_id}, which allows {allowed}.",
            order.number,
            line.line_id,
            line.sku,
            units(i64::from(booked))
        );
        bench.found(
            Finding::new(format!("line {} of {rma_id}", line.line_id), sentence)
                .evidence([authorization.seq, moment.record.seq])
                .says(System::Erp, format!("{booked} received"), true),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::testing::{Life, findings};

    #[test]
    fn units_that_nobody_announced_are_found() {
        let mut history = Life::default().shipped();
        history.announce("RMA-1", 1);
        history.dock_receives("R-1", "RMA-1", 2, 0);
        history.book_receipt("R-1", "RMA-1", 2);
        assert_eq!(
            findings("R11", &history.records()),
            [
                "Order W-17, line L-1 (shirt): the ERP booked 2 units as received for return RMA-1, which allows 1."
            ]
        );
    }

    proptest! {
        #[test]
        fn is_broken_exactly_if_receipts_sum_to_more(allowed in 1_u32..5, parts in prop::collection::vec(1_u32..4, 1..4)) {
            let mut history = Life { quantity: 20, parcels: vec![20], ..Life::default() }.shipped();
            history.announce("RMA-1", allowed);
            for (number, units) in parts.iter().enumerate() {
                let id = format!("R-{number}");
                history.dock_receives(&id, "RMA-1", *units, 0);
                history.book_receipt(&id, "RMA-1", *units);
            }
            let broken = !findings("R11", &history.records()).is_empty();
            prop_assert_eq!(broken, parts.iter().sum::<u32>() > allowed);
        }
    }
}
