//! R5: every system hears the reason that the customer gave.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, join},
};
use crate::{
    invariants::Law,
    model::{ReturnReason, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R5",
        name: "reason as given",
        text: "At rest, the reason for which a line comes back is, in authorizations and receipts of the ERP and \
               the warehouse, one that the customer gave for that line to a channel, a store or a dock: codes are \
               neither mixed up nor replaced by a default.",
        source: "bug reports odoo/odoo#8621, odoo/odoo#53783; practice: mapping of reason codes",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for told in &order.reasons.told {
        bench.looks();
        let given: Vec<(ReturnReason, u64)> =
            order.reasons.given.get(&told.line).into_iter().flatten().copied().collect();
        if given.iter().any(|(reason, _)| *reason == told.reason) {
            continue;
        }
        let mut reasons: Vec<String> = given.iter().map(|(reason, _)| name(*reason)).collect();
        reasons.dedup();
        let said = if reasons.is_empty() { "no reason".to_owned() } else { join(reasons) };
        let sentence = format!(
            "Order {}, line {}: the {} was told {} for {}, but the customer gave {said}.",
            order.number,
            told.line,
            told.system.title(),
            name(told.reason),
            told.document
        );
        bench.found(
            Finding::new(format!("{} of {} at {}", told.line, told.document, told.system), sentence)
                .evidence(given.iter().map(|(_, seq)| *seq))
                .evidence([told.seq])
                .says(System::Middleware, name(told.reason), true),
        );
    }
}

/// The code as it stands in documents.
fn name(reason: ReturnReason) -> String {
    serde_json::to_value(reason).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
        model::ReturnReason,
    };

    fn default_reason(history: &mut History) -> usize {
        let mut count = 0;
        history.edit(|effect| {
            if let Effect::ReturnReceiptBooked { receipt } = effect {
                receipt.lines.iter_mut().for_each(|line| line.reason = ReturnReason::Defective);
                count += 1;
            }
        });
        history.settle();
        count
    }

    #[test]
    fn a_reason_that_the_customer_did_not_give_is_found() {
        let mut history = Life::default().returned(1);
        default_reason(&mut history);
        assert_eq!(
            findings("R5", &history.records()),
            [
                "Order W-17, line L-1: the ERP was told defective for receipt R-1, but the customer gave changed_mind."
            ]
        );
    }

    proptest! {
        #[test]
        fn each_receipt_with_another_reason_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let booked = default_reason(&mut history);
            prop_assert_eq!(findings("R5", &history.records()).len(), booked);
        }
    }
}
