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
               that was paid back is disabled, and one that was not is not; what the others were sold for is in the ERP's \
               books as owed to their holders, and no revenue. That stored value which paid is given back \
               where it came from, M3 and M4 say.",
        source: "bug report Setono/SyliusGiftCardPlugin#284; IFRS 15 B44-B47, ASC 606-10-55-46 (prepayments)",
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
    check_owed(order, bench);
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

/// What was paid for a card is a prepayment: it is earned when the card pays, not when it is sold.
fn check_owed(order: &OrderBook, bench: &mut Bench) {
    let Some(terms) = &order.terms else { return };
    let sold = terms.lines.values().any(|line| line.gift_card);
    if !sold && order.receivable.deferred.total() == 0 {
        return;
    }
    bench.looks();
    let active = order.gift_cards.iter().filter(|known| known.disabled.is_none());
    let worth: i64 = active.map(|known| known.card.amount.amount).sum();
    let owed = order.receivable.deferred.total();
    if owed == worth {
        return;
    }
    let sentence = format!(
        "Order {}: the ERP's books owe {} to the holders of gift cards that were sold for {}.",
        order.number,
        terms.money(owed),
        terms.money(worth)
    );
    let finding = Finding::new("owed to holders of gift cards", sentence)
        .evidence(order.gift_cards.iter().map(|known| known.seq))
        .evidence(order.receivable.amount.seqs().iter().copied());
    bench.found(finding.says(System::Erp, format!("{} deferred", terms.money(owed)), true));
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
            history.invoice_card(Some(5_000));
            if paid_back {
                history.keep("RMA-1", 1, true);
            }
            if disabled {
                history.disable_card("G-7", "RMA-1");
                history.credit_card("RMA-1", Some(5_000));
            }
            history.settle();
            assert_eq!(findings("M12", &history.records()), Vec::from_iter(found.map(str::to_owned)));
            assert_eq!(
                history.repeat(|effect| matches!(effect, Effect::GiftCardDisabled { .. })),
                usize::from(disabled)
            );
        }
    }

    #[test]
    fn a_card_whose_sale_is_booked_as_revenue_is_found() {
        let owes = |owed: &str, sold: &str| {
            format!(
                "Order W-17: the ERP's books owe {owed} EUR to the holders of gift cards that were sold for {sold} EUR."
            )
        };
        for (sold, taken_back, found) in [
            (Some(5_000), None, None),
            (Some(4_999), None, Some(owes("49.99", "50.00"))),
            (None, None, Some(owes("0.00", "50.00"))),
            (Some(5_000), Some(Some(5_000)), None),
            (Some(5_000), Some(None), Some(owes("50.00", "0.00"))),
        ] {
            let mut history = Life::gift_card_order();
            history.capture("C-1", "card-L-1", 5_000);
            history.activate_card("G-7");
            history.invoice_card(sold);
            if let Some(deferred) = taken_back {
                history.keep("RMA-1", 1, true);
                history.disable_card("G-7", "RMA-1");
                history.credit_card("RMA-1", deferred);
            }
            history.settle();
            assert_eq!(findings("M12", &history.records()), Vec::from_iter(found));
        }
    }
}
