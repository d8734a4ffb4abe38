//! M18: of a refund the middleware says what the payment provider says, and what failed is given otherwise.

use std::collections::BTreeSet;

use super::{
    books::{OrderBook, Payout, Terms, Via},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    lifecycle::Lifecycle,
    model::{RefundId, RefundStatus, System},
    policy::FailedRefund,
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M18",
        name: "refund status",
        text: "At rest the middleware says of each card refund what the payment provider says of its last attempt: a \
               failure that comes late, even after the money had arrived, is taken, and one of an earlier attempt is \
               not. What failed in the end is given back in another way, in full and once, unless the retailer \
               declares that a person decides or the customer has the money from a dispute.",
        source: "Stripe and Adyen: a refund may fail after it was accepted, and after it succeeded; bug report \
                 woocommerce/woocommerce-gateway-stripe#905",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let refunds: BTreeSet<&RefundId> = order
        .money
        .payouts
        .iter()
        .filter_map(|payout| match &payout.via {
            Via::Card { refund, .. } => Some(refund),
            _ => None,
        })
        .collect();
    for refund in refunds {
        let Some((status, payout)) = order.money.refund_status(refund) else { continue };
        check_told(order, refund, status, payout, bench);
        if status == RefundStatus::Failed
            && moment.policy.payments.failed_refunds == FailedRefund::StoreCredit
        {
            check_replaced(order, terms, refund, payout, bench);
        }
    }
}

fn check_told(
    order: &OrderBook,
    refund: &RefundId,
    status: RefundStatus,
    payout: &Payout,
    bench: &mut Bench,
) {
    let Some(answer) = order.last_answer() else { return };
    bench.looks();
    let said = answer.refunds.get(refund).copied();
    // The next attempt waits for the end of a dispute.
    let waits = said == Some(RefundStatus::Requested) && order.money.disputed() > 0;
    if said == Some(status) || (status == RefundStatus::Failed && waits) {
        return;
    }
    let says = said.map_or_else(|| "unknown".to_owned(), Lifecycle::name);
    let sentence = format!(
        "Order {}: refund {refund} is {} at the payment provider, but {says} to the middleware.",
        order.number,
        status.name()
    );
    let finding = Finding::new(format!("status of {refund}"), sentence).evidence([payout.seq, answer.seq]);
    bench.found(finding.says(System::Psp, status.name(), false).says(System::Middleware, says, true));
}

fn check_replaced(order: &OrderBook, terms: &Terms, refund: &RefundId, failed: &Payout, bench: &mut Bench) {
    bench.looks();
    let instead = order.money.live_payouts().filter(|payout| payout.cause == refund.as_str());
    let (amounts, seqs): (Vec<i64>, Vec<u64>) = instead.map(|payout| (payout.amount, payout.seq)).unzip();
    let given: i64 = amounts.iter().sum();
    // What is given instead waits for the end of a dispute, whichever payment is disputed.
    let waits = order.money.is_disputed();
    let bound = if waits { 0 } else { failed.amount - order.money.disputed() };
    if (bound..=failed.amount).contains(&given) {
        return;
    }
    let sentence = format!(
        "Order {}: refund {refund} of {} failed, and {} was given instead.",
        order.number,
        terms.money(failed.amount),
        terms.money(given)
    );
    let seqs = seqs.into_iter().chain([failed.seq]);
    bench.found(Finding::new(format!("instead of {refund}"), sentence).evidence(seqs));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings},
        model::{ConditionGrade, RefundStatus},
    };

    /// One unit came back, and its refund failed although it had arrived.
    fn failed() -> History {
        let mut history = Life::default().shipped();
        history.return_units("R-1", 1, ConditionGrade::A);
        history.fail_refund("F-R-1-1");
        history
    }

    #[test]
    fn a_failed_refund_that_nobody_replaces_is_found() {
        let mut history = failed();
        history.answer_refund("F-R-1-1", RefundStatus::Failed);
        history.settle();
        assert_eq!(
            findings("M18", &history.records()),
            ["Order W-17: refund F-R-1-1 of 49.90 EUR failed, and 0.00 EUR was given instead."]
        );
    }

    #[test]
    fn store_credit_instead_is_lawful_once() {
        let mut history = failed();
        history.credit("F-R-1-1", 4_990);
        history.answer_refund("F-R-1-1", RefundStatus::Failed);
        history.settle();
        for law in ["M3", "M4", "M5", "M6", "M11", "M18"] {
            assert_eq!(findings(law, &history.records()), [""; 0], "{law}");
        }
        history.credit("F-R-1-1", 4_990);
        history.settle();
        assert_eq!(
            findings("M18", &history.records()),
            ["Order W-17: refund F-R-1-1 of 49.90 EUR failed, and 99.80 EUR was given instead."]
        );
    }

    #[test]
    fn a_failure_that_the_middleware_does_not_believe_is_found() {
        let mut history = failed();
        history.credit("F-R-1-1", 4_990);
        history.answer_refund("F-R-1-1", RefundStatus::Succeeded);
        history.settle();
        assert_eq!(
            findings("M18", &history.records()),
            [
                "Order W-17: refund F-R-1-1 is failed at the payment provider, but succeeded to the middleware."
            ]
        );
    }

    #[test]
    fn late_word_of_an_earlier_attempt_that_overrides_a_success_is_found() {
        let mut history = failed();
        history.refund_again("F-R-1-1", "R-1", 4_990);
        history.answer_refund("F-R-1-1", RefundStatus::Failed);
        history.settle();
        assert_eq!(
            findings("M18", &history.records()),
            [
                "Order W-17: refund F-R-1-1 is succeeded at the payment provider, but failed to the middleware."
            ]
        );
    }

    proptest! {
        #[test]
        fn any_other_amount_instead_is_found(amount in 1_i64..9_980) {
            let mut history = failed();
            history.credit("F-R-1-1", amount);
            history.settle();
            prop_assert_eq!(findings("M18", &history.records()).is_empty(), amount == 4_990);
        }
    }
}
