//! Steps about money: what was paid, held, given back.

use counterproof_contracts::model::{AuthorizationStatus, Currency, EntryKind, Money, System, TenderKind};
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once};
use crate::{
    stage::Stage,
    world::{StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer pays {money} by gift card and the rest by card",
        doc: "The next order is paid with a gift card of this balance first.",
        action: |world, args| at_once(gift_card(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer pays {money} by gift card, {money} by store credit and the rest by card",
        doc: "The next order is paid with a gift card and store credit of these balances first.",
        action: |world, args| at_once(two_accounts(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer pays {money} by store credit and the rest by card",
        doc: "The next order is paid with store credit of this balance first.",
        action: |world, args| at_once(by_store_credit(world, &args, 0)),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer's card will be declined",
        doc: "The payment provider will decline the card of the next order.",
        action: |world, _| at_once(declined(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer has paid {money}",
        doc: "So much was captured, debited from accounts and collected by a marketplace, refunds not counted.",
        action: |world, args| paid(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "no money is held on the card",
        doc: "No authorization of the order is open.",
        action: |world, _| nothing_held(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer is refunded {money} to the card",
        doc: "So much was given back to the card in all, and arrived.",
        action: |world, args| refunded(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the customer/recipient receives {money} as store credit",
        doc: "So much store credit was issued; to the recipient if the order is a gift.",
        action: |world, args| store_credit(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the store credit is worth {money}",
        doc: "The balance of the customer's store credit.",
        action: |world, args| store_credit(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the gift card is worth {money}",
        doc: "The balance of the gift card that the order was paid with.",
        action: |world, args| gift_card_worth(world, args).boxed_local(),
    },
];

/// Reads an amount such as `49.90 EUR`.
pub(super) fn money(text: &str) -> Result<Money, StepError> {
    let wrong = || StepError::rig(format!("{text:?} is no amount; write for example 49.90 EUR"));
    let (number, code) = text.split_once(' ').ok_or_else(wrong)?;
    let currency: Currency = code.parse().map_err(|_| wrong())?;
    let (units, decimals) = number.split_once('.').unwrap_or((number, ""));
    let exponent = currency.exponent() as usize;
    if decimals.len() != exponent {
        return Err(StepError::rig(format!("{text:?}: {currency} has {exponent} decimals")));
    }
    let amount = format!("{units}{decimals}").parse().map_err(|_| wrong())?;
    Ok(Money::new(amount, currency))
}

fn gift_card(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    play.cart.gift_card = Some(money(args.text(0))?.amount);
    Ok(())
}

fn two_accounts(world: &mut World, args: &Args) -> Result<(), StepError> {
    gift_card(world, args)?;
    by_store_credit(world, args, 1)
}

fn by_store_credit(world: &mut World, args: &Args, amount: usize) -> Result<(), StepError> {
    world.play()?.cart.store_credit = Some(money(args.text(amount))?.amount);
    Ok(())
}

fn declined(world: &mut World) -> Result<(), StepError> {
    world.play()?.cart.declined = true;
    Ok(())
}

pub(super) fn compare(seen: i64, expected: Money, who: &str) -> Result<(), String> {
    if seen == expected.amount {
        Ok(())
    } else {
        Err(format!("{who} has {}", Money::new(seen, expected.currency)))
    }
}

async fn paid(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, order) = (money(args.text(0))?, play.order()?.clone());
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    let number = order.order_number.clone();
    let accounts: Vec<_> = order.tenders.iter().filter_map(|tender| tender.account_id.clone()).collect();
    play.expect(&format!("{expected} paid for order {number}"), |stage: &Stage| {
        let captured = stage.landscape.psp.look(|psp| psp.captured(&number));
        let collected = stage.landscape.marketplace.look(|marketplace| marketplace.collected(&number));
        let debited: i64 = stage.landscape.stored_value.look(|stored_value| {
            accounts
                .iter()
                .flat_map(|account| stored_value.entries(account))
                .filter(|entry| entry.kind == EntryKind::Debit && entry.order_number == number)
                .map(|entry| entry.amount.amount)
                .sum()
        });
        compare(captured + collected + debited, expected, "everybody together")
    })
    .await
}

async fn nothing_held(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    play.expect("no open authorization", |stage| {
        let open = stage.landscape.psp.look(|psp| {
            psp.authorizations(&number)
                .filter(|held| {
                    matches!(
                        held.status,
                        AuthorizationStatus::Authorized | AuthorizationStatus::PartiallyCaptured
                    )
                })
                .count()
        });
        if open == 0 { Ok(()) } else { Err(format!("{open} are open")) }
    })
    .await
}

async fn refunded(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (money(args.text(0))?, play.order_number()?);
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} refunded to the card for order {number}"), |stage| {
        compare(stage.landscape.psp.look(|psp| psp.refunded(&number)), expected, "the payment provider")
    })
    .await
}

async fn store_credit(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let expected = money(args.text(0))?;
    let order = play.order()?;
    let customer = order.gift.as_ref().map_or(&order.customer_ref, |gift| &gift.recipient_ref).clone();
    play.expect(&format!("{expected} of store credit for {customer}"), |stage| {
        let balance = stage.landscape.stored_value.look(|stored_value| {
            stored_value.account_of(&customer).map_or(0, |account| account.balance.amount)
        });
        compare(balance, expected, System::StoredValue.title())
    })
    .await
}

async fn gift_card_worth(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let expected = money(args.text(0))?;
    let account = play
        .order()?
        .tenders
        .iter()
        .filter(|tender| tender.kind == TenderKind::GiftCard)
        .find_map(|tender| tender.account_id.clone())
        .ok_or_else(|| StepError::rig("the order was not paid with a gift card"))?;
    play.expect(&format!("a gift card worth {expected}"), |stage| {
        let balance = stage.landscape.stored_value.look(|stored_value| stored_value.balance(&account));
        compare(balance.map_or(0, |balance| balance.amount), expected, "the card")
    })
    .await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[test]
    fn amounts_are_read_with_the_decimals_of_their_currency() {
        assert_eq!(money("49.90 EUR").unwrap(), Money::new(4990, Currency::EUR));
        assert_eq!(money("1200 JPY").unwrap().amount, 1200);
        for wrong in ["49.9 EUR", "49 EUR", "1.5 JPY", "x EUR", "1.00"] {
            assert!(money(wrong).is_err(), "{wrong}");
        }
    }
}
