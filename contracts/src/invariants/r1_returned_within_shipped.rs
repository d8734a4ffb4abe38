//! R1: no more comes back into the books than left.

use super::law::{Bench, Check, Finding, Moment, units};
use crate::{invariants::Law, journal::Effect, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R1",
        name: "returned within shipped",
        text: "Over all receipts of stores and docks, the ERP books no more units of a line as returned than \
               left.",
        source: "bug reports odoo/odoo#259653, odoo/odoo#112291",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::ReturnReceiptBooked { receipt }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    for line in &receipt.lines {
        let Some(book) = order.lines.get(&line.line_id) else { continue };
        bench.looks();
        let (returned, shipped) = (book.erp_returned.total(), order.shipped(&line.line_id));
        if returned <= shipped {
            continue;
        }
        let sentence = format!(
            "Order {}, line {} ({}): the ERP booked {} as returned, but {shipped} left.",
            order.number,
            line.line_id,
            line.sku,
            units(returned)
        );
        bench.found(
            Finding::new(format!("line {}", line.line_id), sentence)
                .evidence(book.shipped.seqs().iter().copied())
                .evidence(book.erp_returned.seqs().iter().copied())
                .says(System::Erp, format!("{returned} returned"), true)
                .says(System::Wms, format!("{shipped} shipped"), false),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
        model::ConditionGrade,
    };

    #[test]
    fn a_unit_that_comes_back_at_the_store_and_by_mail_is_found() {
        let mut history = Life { quantity: 1, ..Life::default() }.shipped();
        history.return_units("R-1", 1, ConditionGrade::A);
        history.return_units("R-2", 1, ConditionGrade::A);
        assert_eq!(
            findings("R1", &history.records()),
            ["Order W-17, line L-1 (shirt): the ERP booked 2 units as returned, but 1 left."]
        );
    }

    proptest! {
        #[test]
        fn a_receipt_of_more_than_left_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let mut changed = false;
            history.edit(|effect| {
                if let (Effect::ReturnReceiptBooked { receipt }, false) = (effect, changed) {
                    receipt.lines.iter_mut().for_each(|line| line.quantity += life.quantity);
                    changed = true;
                }
            });
            prop_assert_eq!(findings("R1", &history.records()).len(), usize::from(changed));
        }
    }
}
