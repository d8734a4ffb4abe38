//! M20: shipping is given back for no more than was paid for it.

use super::{
    books::OrderBook,
    granted,
    law::{Bench, Check, Finding, Moment},
};
use crate::{invariants::Law, journal::Effect, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M20",
        name: "shipping as paid",
        text: "What is given back of the charge for shipping, over all price adjustments and credit memos of an order, \
               is no more than the customer paid for it, promotions on shipping taken off.",
        source: "bug reports Sylius/RefundPlugin#252, Sylius/RefundPlugin#110, magento/magento2#10982",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(effect)) = (moment.order, moment.effect()) else { return };
    match effect {
        Effect::CreditMemoPosted { credit_memo } if credit_memo.shipping.is_some() => {
            let given = order.receivable.shipping.total();
            let seqs = order.receivable.shipping.seqs().to_vec();
            compare(order, ("in credit memos", System::Erp), given, seqs, bench);
        }
        Effect::RefundAccepted { .. } | Effect::AccountCredited { .. } | Effect::RefundShown { .. } => {
            check_payouts(order, bench);
        }
        _ => {}
    }
}

/// What adjustments gave back beyond the goods that they name is for shipping.
fn check_payouts(order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let (mut given, mut seqs) = (0, Vec::new());
    for (id, adjustment) in order.adjustments.iter().filter(|(_, known)| known.shipping.is_some()) {
        let paid: i64 = order.money.live_payouts_for(id).map(|payout| payout.amount).sum();
        given += (paid - granted::ceiling(order, terms, adjustment).0).max(0);
        seqs.extend(order.money.live_payouts_for(id).map(|payout| payout.seq));
    }
    if !seqs.is_empty() {
        compare(order, ("to the customer", System::Psp), given, seqs, bench);
    }
}

fn compare(
    order: &OrderBook,
    (whereto, system): (&str, System),
    given: i64,
    seqs: Vec<u64>,
    bench: &mut Bench,
) {
    let Some(terms) = &order.terms else { return };
    bench.looks();
    if given <= terms.shipping.gross {
        return;
    }
    let sentence = format!(
        "Order {}: {} of shipping was given back {whereto}, but only {} was paid for it.",
        order.number,
        terms.money(given),
        terms.money(terms.shipping.gross)
    );
    let finding = Finding::new(format!("shipping {whereto}"), sentence).evidence([terms.seq]).evidence(seqs);
    bench.found(finding.says(system, terms.money(given).to_string(), true));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::testing::{Life, findings};

    fn granted(amounts: &[i64]) -> Vec<String> {
        let mut history = Life { shipping: 490, ..Life::default() }.shipped();
        for (number, amount) in amounts.iter().enumerate() {
            history.adjust(&format!("PA-{number}"), 0, *amount);
        }
        findings("M20", &history.records())
    }

    #[test]
    fn shipping_that_is_given_back_in_parts_is_lawful_up_to_what_was_paid() {
        assert_eq!(granted(&[200, 290]), [""; 0]);
        assert_eq!(
            granted(&[200, 291]),
            [
                "Order W-17: 4.91 EUR of shipping was given back to the customer, but only 4.90 EUR was paid for it.",
                "Order W-17: 4.91 EUR of shipping was given back in credit memos, but only 4.90 EUR was paid for it.",
            ]
        );
    }

    proptest! {
        #[test]
        fn is_broken_exactly_when_more_goes_back_than_was_paid(amounts in prop::collection::vec(1_i64..400, 1..4)) {
            let broken = !granted(&amounts).is_empty();
            prop_assert_eq!(broken, amounts.iter().sum::<i64>() > 490);
        }
    }
}
