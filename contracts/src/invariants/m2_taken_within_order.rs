//! M2: an order never takes more than the customer agreed to pay, by any means.

use super::{
    books::{MoneyBook, Terms},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{System, TenderKind},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M2",
        name: "taken within the order",
        text: "What is captured from cards, debited from accounts or collected by the marketplace for an order \
               is never more than the tenders of that kind, whatever the number of authorizations.",
        source: "bug report Sylius/Sylius#8958",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(effect), Some(order)) = (moment.effect(), moment.order) else { return };
    let Some(terms) = &order.terms else { return };
    let (system, taken, seqs) = match effect {
        Effect::PaymentCaptured { .. } => captured(&order.money),
        Effect::AccountDebited { .. } => debited(&order.money),
        Effect::MarketplaceCollected { .. } => collected(&order.money),
        _ => return,
    };
    bench.looks();
    let agreed = agreed(terms, system);
    if taken <= agreed {
        return;
    }
    let sentence = format!(
        "Order {}: the {} took {}, but the customer agreed to {}.",
        order.number,
        system.title(),
        terms.money(taken),
        terms.money(agreed)
    );
    bench.found(
        Finding::new(format!("taken at {system}"), sentence).evidence([terms.seq]).evidence(seqs).says(
            system,
            format!("took {}", terms.money(taken)),
            true,
        ),
    );
}

type Taken = (System, i64, Vec<u64>);

fn captured(money: &MoneyBook) -> Taken {
    let seqs = money.captures.iter().map(|taken| taken.seq).collect();
    (System::Psp, money.captures.iter().map(|taken| taken.amount).sum(), seqs)
}

fn debited(money: &MoneyBook) -> Taken {
    (System::StoredValue, money.stored_value(), money.spent.iter().map(|spent| spent.seq).collect())
}

fn collected(money: &MoneyBook) -> Taken {
    let (amount, seq) = money.collected.unwrap_or_default();
    (System::Marketplace, amount, vec![seq])
}

/// What the customer agreed to pay there.
fn agreed(terms: &Terms, system: System) -> i64 {
    let there = |kind: TenderKind| match kind {
        TenderKind::Card => System::Psp,
        TenderKind::GiftCard | TenderKind::StoreCredit => System::StoredValue,
        TenderKind::MarketplaceCollected => System::Marketplace,
        TenderKind::ExchangeCredit => System::Erp,
    };
    let tenders = terms.tenders.iter().filter(|tender| there(tender.kind) == system);
    tenders.map(|tender| tender.amount.amount).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        journal::Effect,
    };

    #[test]
    fn a_capture_of_the_total_although_a_gift_card_paid_a_part_is_found() {
        let mut history = Life { gift_card: 3_000, ..Life::default() }.accepted();
        history.capture("C-1", "S-1", 9_980);
        assert_eq!(
            findings("M2", &history.records()),
            ["Order W-17: the payment provider took 99.80 EUR, but the customer agreed to 69.80 EUR."]
        );
    }

    #[test]
    fn a_second_authorization_allows_no_more() {
        let mut history = Life::default().shipped();
        history.authorize("A-2", "T-1", 9_980);
        history.capture("C-2", "S-2", 1);
        assert_eq!(
            findings("M2", &history.records()),
            ["Order W-17: the payment provider took 99.81 EUR, but the customer agreed to 99.80 EUR."]
        );
    }

    #[test]
    fn a_marketplace_that_collects_too_much_is_found() {
        let mut history = Life { marketplace: true, ..Life::default() }.shipped();
        history.edit(|effect| {
            if let Effect::MarketplaceCollected { amount } = effect {
                amount.amount += 1;
            }
        });
        assert_eq!(
            findings("M2", &history.records()),
            ["Order W-17: the marketplace took 99.81 EUR, but the customer agreed to 99.80 EUR."]
        );
    }

    proptest! {
        #[test]
        fn a_capture_beyond_the_tender_is_found_in_every_life(life in lives(), more in 1_i64..100) {
            let mut history = life.history();
            let total = life.price * i64::from(life.quantity) - life.promotion + life.shipping;
            history.capture("C-9", "S-9", total + more);
            prop_assert_eq!(findings("M2", &history.records()).len(), 1);
        }
    }
}
