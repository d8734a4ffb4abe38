//! M14: an exchange charges the customer, or refunds, or neither.

use super::{
    books::{OrderBook, Via},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    model::{ExchangeSettlementKind, ReceiptId},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M14",
        name: "an exchange charges or refunds",
        text: "At rest, an exchange that stands takes from the customer what the replacement costs more than the \
               returned goods, or gives back what it costs less: never both. Units of the replacement that came \
               back are another matter, and so is what was kept of an earlier refund for a promotion.",
        source: "practice: exchanges at Shopify, Loop and Salesforce Order Management",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

/// Looks at the replacement; the order that it replaces goods of says what was given back.
fn check(moment: &Moment<'_>, replacement: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &replacement.terms else { return };
    let Some(link) = terms.exchange.as_ref().filter(|_| replacement.receipts.is_empty()) else { return };
    let Some(original) = moment.books.order(&link.order_number) else { return };
    bench.looks();
    let beside = |order: &OrderBook| -> i64 {
        let payouts = order.money.live_payouts().filter(|payout| payout.via != Via::Exchange);
        payouts.map(|payout| payout.amount).sum()
    };
    let charged = replacement.money.taken() - replacement.money.exchanged.total() - beside(replacement);
    let own = original.settlements.values().filter(|(known, _)| known.exchange_id == link.exchange_id);
    let (mut applied, mut refunded, mut seqs) = (0, 0, Vec::new());
    for (settlement, seq) in own {
        let cause = match settlement.kind {
            ExchangeSettlementKind::Applied => &settlement.cause,
            ExchangeSettlementKind::Returned => &settlement.settlement_id,
        };
        let payouts = original.money.live_payouts_for(cause).filter(|payout| payout.via != Via::Exchange);
        let mut paid_back = 0;
        for payout in payouts {
            paid_back += payout.amount;
            seqs.push(payout.seq);
        }
        // What was kept of an earlier refund is given back beside the exchange.
        let released =
            original.receivable.released.get(&ReceiptId::new(cause.as_str())).copied().unwrap_or(0);
        refunded += (paid_back - released).max(0);
        applied += match settlement.kind {
            ExchangeSettlementKind::Applied => settlement.amount.amount,
            ExchangeSettlementKind::Returned => -settlement.amount.amount,
        };
        seqs.push(*seq);
    }
    if applied <= 0 || charged <= 0 || refunded <= 0 {
        return;
    }
    let sentence = format!(
        "Exchange {}: the customer was charged {} for replacement {} and got {} back for the goods of order {}; an \
         exchange does one of the two.",
        link.exchange_id,
        terms.money(charged),
        replacement.number,
        terms.money(refunded),
        original.number
    );
    let finding = Finding::new(format!("exchange {}", link.exchange_id), sentence);
    bench.found(finding.evidence(seqs).evidence(replacement.money.seqs()));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::testing::{Swap, findings};

    #[test]
    fn an_exchange_up_charges_and_one_down_refunds() {
        assert_eq!(findings("M14", &Swap::up(1_010).records()), [""; 0]);
        assert_eq!(findings("M14", &Swap::down(2_000).records()), [""; 0]);
        assert_eq!(findings("M14", &Swap::up(0).records()), [""; 0]);
    }

    #[test]
    fn a_charge_and_a_refund_for_one_exchange_are_found() {
        let swap = Swap { refund: 4_990, ..Swap::up(1_010) };
        assert_eq!(
            findings("M14", &swap.records()),
            [
                "Exchange EX-1: the customer was charged 10.10 EUR for replacement W-17-S-1 and got 49.90 EUR back for \
                 the goods of order W-17; an exchange does one of the two."
            ]
        );
    }

    proptest! {
        #[test]
        fn is_broken_exactly_if_both_happen(charge in 0_i64..3_000, refund in 0_i64..4_000) {
            let swap = Swap { refund, ..Swap::up(charge) };
            prop_assert_eq!(!findings("M14", &swap.records()).is_empty(), charge > 0 && refund > 0);
        }
    }
}
