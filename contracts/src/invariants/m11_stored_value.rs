//! M11: stored value adds up and is given once.

use super::{
    books::{OrderBook, Payout, Via},
    law::{Bench, Check, Finding, Moment, join, times},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{Money, StoreCredit, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M11",
        name: "stored value adds up",
        text: "The balance of an account is its credits less its debits and never negative. A receipt or \
               cancellation issues store credit at most once, and gives an account its money back at most once.",
        source: "bug reports Adyen/adyen-magento2#2035, mollie/magento2#761, solidusio/solidus#3989",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let entry = match moment.effect() {
        Some(Effect::AccountDebited { entry }) => entry,
        Some(Effect::AccountCredited { entry, issued }) => {
            if let Some(order) = moment.order {
                check_once(order, entry, *issued, bench);
            }
            entry
        }
        _ => return,
    };
    check_balance(moment, entry, bench);
}

fn check_balance(moment: &Moment<'_>, entry: &StoreCredit, bench: &mut Bench) {
    let Some(account) = moment.books.accounts.account(&entry.account_id).filter(|account| account.opened)
    else {
        return;
    };
    bench.looks();
    if account.balance.amount >= 0 {
        return;
    }
    let sentence = format!(
        "Order {}: account {} was debited to {}: more was spent than was on it.",
        entry.order_number, entry.account_id, account.balance
    );
    let finding = Finding::new(format!("account {}", entry.account_id), sentence);
    bench.found(finding.evidence(account.seqs.iter().copied()).says(
        System::StoredValue,
        format!("balance {}", entry.balance),
        true,
    ));
}

fn check_once(order: &OrderBook, entry: &StoreCredit, issued: bool, bench: &mut Bench) {
    bench.looks();
    let same: Vec<&Payout> = order
        .money
        .live_payouts_for(&entry.cause)
        .filter(|payout| match &payout.via {
            Via::Account { account, issued: of } => *of == issued && (issued || *account == entry.account_id),
            _ => false,
        })
        .collect();
    if same.len() < 2 {
        return;
    }
    let amounts = join(same.iter().map(|payout| Money { amount: payout.amount, ..entry.amount }.to_string()));
    let verb = if issued { "gave store credit" } else { "gave stored value back" };
    let sentence = format!(
        "Order {} {verb} {} for {}: {amounts}.",
        order.number,
        times(same.len()),
        super::m6_refund_value::cause_name(order, &entry.cause)
    );
    let finding = Finding::new(format!("credit for {}", entry.cause), sentence);
    bench.found(finding.evidence(same.iter().map(|payout| payout.seq)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings},
        journal::Effect,
        model::ConditionGrade,
    };

    #[test]
    fn a_credit_that_is_issued_twice_is_found() {
        let mut history = Life { store_credit: true, ..Life::default() }.returned(1);
        history.repeat(|effect| matches!(effect, Effect::AccountCredited { .. }));
        assert_eq!(
            findings("M11", &history.records()),
            ["Order W-17 gave store credit twice for receipt R-1: 49.90 EUR and 49.90 EUR."]
        );
    }

    #[test]
    fn a_gift_card_that_is_restored_twice_is_found() {
        let mut history = Life { gift_card: 5_000, ..Life::default() }.accepted();
        history.cancel_units("X-1", 2);
        history.repeat(|effect| matches!(effect, Effect::AccountCredited { .. }));
        assert_eq!(
            findings("M11", &history.records()),
            ["Order W-17 gave stored value back twice for X-1: 50.00 EUR and 50.00 EUR."]
        );
    }

    #[test]
    fn spending_more_than_there_is_is_found() {
        let mut history = Life { gift_card: 5_000, ..Life::default() }.accepted();
        history.repeat(|effect| matches!(effect, Effect::AccountDebited { .. }));
        assert_eq!(
            findings("M11", &history.records()),
            ["Order W-17: account G-1 was debited to -50.00 EUR: more was spent than was on it."]
        );
    }

    proptest! {
        #[test]
        fn several_receipts_each_give_one_credit(quantity in 1_u32..6) {
            let mut history = Life { quantity, store_credit: true, ..Life::default() }.shipped();
            for number in 0..quantity {
                history.return_units(&format!("R-{number}"), 1, ConditionGrade::B);
            }
            prop_assert!(findings("M11", &history.records()).is_empty());
            let repeated = history.repeat(|effect| matches!(effect, Effect::AccountCredited { .. }));
            prop_assert_eq!(repeated, quantity as usize);
            prop_assert_eq!(findings("M11", &history.records()).len(), repeated);
        }
    }
}
