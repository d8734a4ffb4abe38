//! E14: a late failure does not override a success.

use super::law::{Bench, Check, Finding, Moment};
use crate::{
    invariants::{Law, books::Via},
    model::{RefundStatus, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E14",
        name: "success stays",
        text: "A refund that the middleware once told to be with the customer is not told as pending or failed \
               later, unless the payment provider has said since that it failed.",
        source: "bug reports woocommerce/woocommerce-gateway-stripe#905, komoju/komoju-woocommerce#166",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    if exchange.to != System::Middleware {
        return;
    }
    let Some((from, to)) = order.answers.view.step_at(moment.record.seq) else { return };
    for (id, now) in &to.refunds {
        let Some(before) = from.refunds.get(id) else { continue };
        bench.looks();
        let failed = order.money.payouts.iter().any(|payout| {
            matches!(&payout.via, Via::Card { refund, .. } if refund == id) && payout.is_failed()
        });
        if *before != RefundStatus::Succeeded || *now == RefundStatus::Succeeded || failed {
            continue;
        }
        let sentence = format!(
            "Order {}: the middleware told refund {id} as {now:?} after it had told that it succeeded, and the \
             payment provider says nothing else.",
            order.number
        );
        let finding = Finding::new(format!("refund {id}"), sentence).evidence([from.seq, to.seq]);
        bench.found(finding.says(System::Middleware, format!("{now:?}"), true));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::invariants::testing::{Life, findings};

    fn answered(statuses: &[RefundStatus], fails: bool) -> Vec<String> {
        let mut history = Life::default().returned(1);
        for (index, status) in statuses.iter().enumerate() {
            if fails && index > 0 {
                history.fail_refund("F-R-1-1");
            }
            history.answer_refund("F-R-1-1", *status);
        }
        findings("E14", &history.records())
    }

    #[test]
    fn a_success_that_is_taken_back_is_found_unless_the_provider_took_it_back() {
        let statuses = [RefundStatus::Pending, RefundStatus::Succeeded, RefundStatus::Failed];
        assert_eq!(
            answered(&statuses, false),
            [
                "Order W-17: the middleware told refund F-R-1-1 as Failed after it had told that it succeeded, and the payment provider says nothing else."
            ]
        );
        assert_eq!(answered(&statuses, true), [""; 0]);
    }

    proptest! {
        #[test]
        fn only_a_fall_from_success_is_found(flags in prop::collection::vec(any::<bool>(), 1..6)) {
            let status = |flag| if flag { RefundStatus::Succeeded } else { RefundStatus::Pending };
            let statuses: Vec<RefundStatus> = flags.iter().map(|flag| status(*flag)).collect();
            let falls = flags.windows(2).any(|pair| pair == [true, false]);
            prop_assert_eq!(!answered(&statuses, false).is_empty(), falls);
        }
    }
}
