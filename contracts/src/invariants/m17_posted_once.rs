//! M17: the general ledger balances, and says everything once.

use super::law::{Bench, Check, Finding, Moment, times};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{PostingKind, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M17",
        name: "posted once",
        text: "The invoice of a parcel, the credit memo of a receipt and a write-off are posted to the general ledger once. \
               Debits of each posting equal its credits; if not, the simulated ERP is at fault.",
        source: "double-entry bookkeeping; bug report mollie/WooCommerce#1264",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::Posted { posting }), Some(order)) = (moment.effect(), moment.order) else { return };
    bench.looks();
    let debits: i64 = posting.lines.iter().map(|line| line.debit).sum();
    let credits: i64 = posting.lines.iter().map(|line| line.credit).sum();
    if debits != credits {
        bench
            .rig(format!("the ERP's posting {} debits {debits} and credits {credits}", posting.erp_document));
    }
    let Some(posted) = order.receivable.posted(posting.kind, &posting.cause) else { return };
    if posted.count() < 2 {
        return;
    }
    let what = match posting.kind {
        PostingKind::Invoice => "the invoice for parcel",
        PostingKind::CreditMemo => "the credit memo for receipt",
        PostingKind::ExchangeSettlement => "the settlement of exchange",
        PostingKind::WriteOff => "write-off",
    };
    let sentence = format!(
        "Order {}: {what} {} was posted to the general ledger {}.",
        order.number,
        posting.cause,
        times(posted.count())
    );
    let finding = Finding::new(format!("{what} {}", posting.cause), sentence);
    bench.found(finding.evidence(posted.seqs().iter().copied()).says(
        System::Erp,
        format!("posted {}", times(posted.count())),
        true,
    ));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::{
            Judge,
            testing::{History, Life, findings, lives},
        },
        journal::Effect,
        policy::Policy,
    };

    fn is_posting(effect: &Effect) -> bool {
        matches!(effect, Effect::Posted { .. })
    }

    #[test]
    fn what_is_posted_again_is_found() {
        let mut history = Life::default().returned(1);
        history.repeat(is_posting);
        assert_eq!(
            findings("M17", &history.records()),
            [
                "Order W-17: the invoice for parcel S-1 was posted to the general ledger twice.",
                "Order W-17: the credit memo for receipt R-1 was posted to the general ledger twice.",
            ]
        );
    }

    #[test]
    fn a_posting_that_does_not_balance_is_the_rig_s_fault() {
        let mut history = History::shipped();
        history.edit(|effect| {
            if let Effect::Posted { posting } = effect {
                posting.lines.iter_mut().for_each(|line| line.debit += 1);
            }
        });
        let mut judge = Judge::new(Policy::default());
        history.records().iter().for_each(|record| drop(judge.observe(record)));
        let told: Vec<&str> = judge.broken_checks().iter().map(|broken| broken.reason.as_str()).collect();
        assert_eq!(told, ["the ERP's posting inv-S-1 debits 9982 and credits 9980"]);
    }

    proptest! {
        #[test]
        fn each_repeated_posting_is_found_in_every_life(life in lives()) {
            let mut history = life.history();
            let repeated = history.repeat(is_posting);
            prop_assert_eq!(findings("M17", &history.records()).len(), repeated);
        }
    }
}
