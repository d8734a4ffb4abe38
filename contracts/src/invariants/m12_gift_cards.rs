//! M12: a gift card that is bought is worth what was paid for it, once, and nothing any more when that was paid back.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, times},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{GiftCard, Money, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M12",
        name: "gift cards that are bought",
        text: "A gift card that is bought is activated once, and not before the money for it was taken. At rest, one \
               that was paid back is disabled, and one that was not is not. That stored value which paid is given back \
               where it came from, M3 and M4 say.",
        source: "bug report Setono/SyliusGiftCardPlugin#284",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: Some(check_disabled),
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(Effect::GiftCardActivated { card }), Some(order)) = (moment.effect(), moment.order) else {
        return;
    };
    bench.looks();
    check_once(order, card, bench);
    check_paid(order, card, bench);
}

fn check_once(order: &OrderBook, card: &GiftCard, bench: &mut Bench) {
    let same: Vec<u64> = order
        .gift_cards
        .iter()
        .filter(|known| known.card.line_id == card.line_id)
        .map(|known| known.seq)
        .collect();
    if same.len() < 2 {
        return;
    }
    let sentence = format!(
        "Order {}: the gift card of line {} was activated {}, each worth {}.",
        order.number,
        card.line_id,
        times(same.len()),
        card.amount
    );
    let finding = Finding::new(format!("cards of line {}", card.line_id), sentence).evidence(same);
    bench.found(finding.says(System::StoredValue, format!("account {}", card.account_id), true));
}

/// Stored value that pays a part of the order is taken before anything else.
fn check_paid(order: &OrderBook, card: &GiftCard, bench: &mut Bench) {
    let captures = order.money.captures.iter().filter(|taken| taken.shipment == card.delivery_id);
    let captured: i64 = captures.map(|taken| taken.amount).sum();
    let taken = captured + order.money.stored_value();
    if taken >= card.amount.amount {
        return;
    }
    let money = |amount| Money { amount, ..card.amount };
    let sentence = format!(
        "Order {}: the gift card of line {} was activated with {} when {} had been taken for it.",
        order.number,
        card.line_id,
        card.amount,
        money(taken)
    );
    let finding = Finding::new(format!("money for line {}", card.line_id), sentence);
    bench.found(finding.evidence(order.money.seqs()).says(
        System::Psp,
        format!("took {}", money(captured)),
        true,
    ));
}

fn check_disabled(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for known in &order.gift_cards {
        bench.looks();
        let paid_back = order.given_up(&known.card.line_id);
        let words = match known.disabled {
            None if paid_back.low > 0 => "was paid back, but can be spent still",
            Some(_) if paid_back.high == 0 => "was disabled, but not paid back",
            _ => continue,
        };
        let account = &known.card.account_id;
        let sentence =
            format!("Order {}: the gift card of line {} {words}.", order.number, known.card.line_id);
        let mut finding = Finding::new(format!("card {account}"), sentence).evidence([known.seq]);
        finding = finding.evidence(known.disabled).evidence(order.authorizations.values().map(|own| own.seq));
        if let Some(account) = moment.books.accounts.account(account) {
            finding = finding.says(System::StoredValue, format!("balance {}", account.balance), true);
        }
        bench.found(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        invariants::testing::{Life, findings},
        journal::Effect,
    };

    #[test]
    fn a_card_that_is_activated_before_it_is_paid_is_found() {
        for (taken, found) in [(5_000, 0), (4_999, 1), (0, 1)] {
            let mut history = Life::gift_card_order();
            if taken > 0 {
                history.capture("C-1", "card-L-1", taken);
            }
            history.activate_card("G-7");
            let sentences = findings("M12", &history.records());
            assert_eq!(sentences.len(), found, "{sentences:?}");
            if taken == 0 {
                assert_eq!(
                    sentences,
                    [
                        "Order W-17: the gift card of line L-1 was activated with 50.00 EUR when 0.00 EUR had been taken for it."
                    ]
                );
            }
        }
    }

    #[test]
    fn a_card_that_is_activated_twice_is_found() {
        let mut history = Life::gift_card_order();
        history.capture("C-1", "card-L-1", 5_000);
        history.activate_card("G-7");
        history.activate_card("G-8");
        assert_eq!(
            findings("M12", &history.records()),
            ["Order W-17: the gift card of line L-1 was activated twice, each worth 50.00 EUR."]
        );
    }

    #[test]
    fn a_card_that_was_paid_back_is_disabled_and_no_other() {
        for (paid_back, disabled, found) in [
            (true, true, None),
            (false, false, None),
            (
                true,
                false,
                Some("Order W-17: the gift card of line L-1 was paid back, but can be spent still."),
            ),
            (false, true, Some("Order W-17: the gift card of line L-1 was disabled, but not paid back.")),
        ] {
            let mut history = Life::gift_card_order();
            history.capture("C-1", "card-L-1", 5_000);
            history.activate_card("G-7");
            if paid_back {
                history.keep("RMA-1", 1, true);
            }
            if disabled {
                history.disable_card("G-7", "RMA-1");
            }
            history.settle();
            assert_eq!(findings("M12", &history.records()), Vec::from_iter(found.map(str::to_owned)));
            assert_eq!(
                history.repeat(|effect| matches!(effect, Effect::GiftCardDisabled { .. })),
                usize::from(disabled)
            );
        }
    }
}
