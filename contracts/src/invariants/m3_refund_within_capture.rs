//! M3: nobody gives back more than was taken.

use super::{
    books::{OrderBook, Via},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{AccountId, Money, System, TenderId},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M3",
        name: "refund within capture",
        text: "All refunds and credits of an order together never exceed the money that was taken for it, and \
               those of one means of payment never exceed what was taken from it. A refund on its way counts; \
               one that failed does not. What was charged again may be given back again.",
        source: "bug reports craftcms/commerce#1098, PrestaShop/PrestaShop#21194, vendurehq/vendure#2762",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order else { return };
    let amount = match moment.effect() {
        Some(Effect::RefundAccepted { refund, .. }) => {
            check_card(order, &refund.tender_id, refund.amount, bench);
            refund.amount
        }
        Some(Effect::AccountCredited { entry, issued }) => {
            if !issued {
                check_account(order, &entry.account_id, entry.amount, bench);
            }
            entry.amount
        }
        Some(Effect::RefundShown { notice }) if is_paid_by_marketplace(moment) => notice.refund.amount,
        _ => return,
    };
    bench.looks();
    let given = order.money.live_payouts().map(|payout| payout.amount).sum();
    let taken = order.money.taken() + order.money.recharged(|_| true);
    report(order, "all means of payment", (given, taken), amount, order.money.seqs(), bench);
}

fn is_paid_by_marketplace(moment: &Moment<'_>) -> bool {
    moment.committed().is_some_and(|committed| committed.system == System::Marketplace)
}

fn check_card(order: &OrderBook, tender: &TenderId, amount: Money, bench: &mut Bench) {
    let holds = order.money.holds.values().filter(|hold| hold.tender == *tender);
    let captured: i64 = holds.map(|hold| hold.captured.total()).sum();
    let taken = captured + order.money.recharged(|recharge| recharge.tender == *tender);
    let payouts = order.money.live_payouts();
    let own = payouts.filter(|payout| matches!(&payout.via, Via::Card { tender: of, .. } if of == tender));
    let (given, seqs) = own.fold((0, Vec::new()), add);
    report(order, &format!("tender {tender}"), (given, taken), amount, seqs, bench);
}

fn check_account(order: &OrderBook, account: &AccountId, amount: Money, bench: &mut Bench) {
    let spent = order.money.spent.iter().filter(|spent| spent.account == *account);
    let taken = spent.map(|spent| spent.amount).sum();
    let payouts = order.money.live_payouts();
    let own = payouts
        .filter(|payout| matches!(&payout.via, Via::Account { account: of, issued: false } if of == account));
    let (given, seqs) = own.fold((0, Vec::new()), add);
    report(order, &format!("account {account}"), (given, taken), amount, seqs, bench);
}

fn add((sum, mut seqs): (i64, Vec<u64>), payout: &super::books::Payout) -> (i64, Vec<u64>) {
    seqs.push(payout.seq);
    (sum + payout.amount, seqs)
}

fn report(
    order: &OrderBook,
    whose: &str,
    (given, taken): (i64, i64),
    unit: Money,
    seqs: Vec<u64>,
    bench: &mut Bench,
) {
    if given <= taken {
        return;
    }
    let money = |amount| Money { amount, ..unit };
    let sentence = format!(
        "Order {}: {} was given back to {whose}, but only {} was taken: {} too much.",
        order.number,
        money(given),
        money(taken),
        money(given - taken)
    );
    bench.found(Finding::new(whose, sentence).evidence(seqs));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::testing::{History, Life, findings};

    #[test]
    fn refunding_all_that_was_taken_is_lawful_and_a_failed_refund_is_no_refund() {
        let mut history = History::shipped();
        history.refund("F-1", "R-1", "C-1", 9_980);
        history.fail_refund("F-1");
        history.refund("F-2", "R-1", "C-1", 9_980);
        assert_eq!(findings("M3", &history.records()), [""; 0]);
    }

    #[test]
    fn two_steps_beyond_the_capture_are_found() {
        let mut history = History::shipped();
        history.refund("F-1", "R-1", "C-1", 6_000);
        history.refund("F-2", "R-2", "C-1", 6_000);
        assert_eq!(
            findings("M3", &history.records()),
            [
                "Order W-17: 120.00 EUR was given back to tender T-1, but only 99.80 EUR was taken: 20.20 EUR too much.",
                "Order W-17: 120.00 EUR was given back to all means of payment, but only 99.80 EUR was taken: 20.20 EUR too much.",
            ]
        );
    }

    #[test]
    fn a_card_gets_back_no_gift_cards_money() {
        let life = Life { gift_card: 5_000, ..Life::default() };
        let mut history = life.shipped();
        history.refund("F-1", "R-1", "C-1", 9_980);
        assert_eq!(
            findings("M3", &history.records()),
            [
                "Order W-17: 99.80 EUR was given back to tender T-1, but only 49.80 EUR was taken: 50.00 EUR too much."
            ]
        );
    }

    proptest! {
        #[test]
        fn is_broken_exactly_when_more_goes_back_than_came(amounts in prop::collection::vec(1_i64..6_000, 1..5)) {
            let mut history = History::shipped();
            for (number, amount) in amounts.iter().enumerate() {
                history.refund(&format!("F-{number}"), &format!("R-{number}"), "C-1", *amount);
            }
            let broken = !findings("M3", &history.records()).is_empty();
            prop_assert_eq!(broken, amounts.iter().sum::<i64>() > 9_980);
        }
    }
}
