//! Steps about taxes, who funds promotions, and currencies.

use counterproof_contracts::model::{
    Money, OrderNumber, PromotionFunding, TaxDocumentKind, TaxDocumentStatus,
};
use counterproof_simulators::world::rating::RateChange;
use futures::FutureExt as _;
use jiff::SignedDuration;

use super::{Args, Kind, Step, at_once, payment, stock};
use crate::{
    stage::Stage,
    world::{StepError, World},
};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer shows an exemption certificate",
        doc: "The next order is sold without tax.",
        action: |world, _| at_once(exempt(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the shop is paid in euro, whatever its customers pay in",
        doc: "The next order is settled in the retailer's currency, at the rate of the moment.",
        action: |world, _| at_once(settled_at_home(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the tax on {product} rises to {count} percent",
        doc: "From now on goods that are sold under this name have another rate in Germany.",
        action: |world, args| at_once(rate(world, &args, true)),
    },
    Step {
        kind: Kind::Action,
        expression: "the tax engine alone raises the tax on {product} to {count} percent",
        doc: "As above, and no channel knows.",
        action: |world, args| at_once(rate(world, &args, false)),
    },
    Step {
        kind: Kind::Action,
        expression: "the tax engine takes {duration} to commit a sale of the order",
        doc: "Until then it asks to come again whoever returns something of what it took on from now on.",
        action: |world, args| at_once(commit_late(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the tax period of the order closes",
        doc: "The tax engine files what was committed for the order: it cannot be withdrawn any more.",
        action: |world, _| close_period(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the retailer owes {money} of tax for the order",
        doc: "What the tax engine has committed for sales less returns, in all.",
        action: |world, args| owes_tax(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the tax engine reports {money} for {jurisdiction}",
        doc: "The same for one of those who levy taxes.",
        action: |world, args| owes_there(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the tax engine holds {count} return document(s)",
        doc: "So many documents of the order give tax back.",
        action: |world, args| return_documents(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the manufacturer/marketplace owes the retailer {money}",
        doc: "What the ERP's account of who funds promotions holds for the order.",
        action: |world, args| owed_by_others(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the retailer is paid {money} by the payment provider",
        doc: "What was settled for captures less refunds, in the currency of settlement.",
        action: |world, args| settled(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP holds {money} as receivable",
        doc: "The balance of the order's postings to the customer's account.",
        action: |world, args| receivable(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP owes {money} to holders of gift cards",
        doc: "What the order's postings hold of gift cards that were sold, less those that were taken back.",
        action: |world, args| owed_to_holders(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP holds {money} as revenue",
        doc: "The balance of the order's postings to the revenue account.",
        action: |world, args| revenue(world, args).boxed_local(),
    },
];

fn exempt(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.cart.exemption_certificate = Some(format!("EX-{}", play.tag));
    Ok(())
}

fn settled_at_home(world: &mut World) -> Result<(), StepError> {
    world.play()?.cart.settled_at_home = true;
    Ok(())
}

/// `told`: whether the shop prices by it, too.
fn rate(world: &mut World, args: &Args, told: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let sku = stock::sku(play, args.text(0))?;
    let percent = args.number(1)?;
    let from = play.stage.clock.now();
    let change = RateChange { jurisdiction: "DE".to_owned(), from, rate_ppm: percent.saturating_mul(10_000) };
    if told {
        play.rate_changes.entry(sku.clone()).or_default().push(change.clone());
    }
    let correlation = play.root("rate").correlation;
    let id = play.id.clone();
    play.stage.landscape.tax.prepare(Some(&id), correlation, |tax, _| tax.change_rate(&sku, change));
    Ok(())
}

fn commit_late(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, lag) = (play.order_number()?, args.duration(0)?);
    let lag = SignedDuration::try_from(lag).map_err(|_| StepError::rig("the span of time is too long"))?;
    let correlation = play.root("tax-lag").correlation;
    let id = play.id.clone();
    play.stage.landscape.tax.prepare(Some(&id), correlation, |tax, _| tax.commit_late(&number, lag));
    Ok(())
}

async fn close_period(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    play.come_to_rest().await?;
    let correlation = play.root("tax-period").correlation;
    let id = play.id.clone();
    let filed = play.stage.landscape.tax.prepare(Some(&id), correlation, |tax, _| tax.file(&number));
    if filed == 0 {
        return Err(StepError::failed(format!(
            "nothing was committed for order {number}, so nothing is filed"
        )));
    }
    Ok(())
}

fn jurisdiction(name: &str) -> &'static str {
    match name {
        "New York State" => "US-NY",
        "New York City" => "US-NY-NYC",
        "California" => "US-CA",
        "San Francisco" => "US-CA-SF",
        "France" => "FR",
        "Switzerland" => "CH",
        "Norway" => "NO",
        "Japan" => "JP",
        "Kuwait" => "KW",
        _ => "DE",
    }
}

fn compare(seen: i64, expected: Money, who: &str) -> Result<(), String> {
    if seen == expected.amount {
        Ok(())
    } else {
        Err(format!("{who} says {}", Money { amount: seen, ..expected }))
    }
}

async fn owes_tax(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} of tax owed for order {number}"), |stage| {
        compare(stage.landscape.tax.look(|tax| tax.net_tax(&number)), expected, "the tax engine")
    })
    .await
}

async fn owes_there(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    let jurisdiction = jurisdiction(args.text(1));
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} of tax owed in {jurisdiction} for order {number}"), |stage| {
        let owed = stage.landscape.tax.look(|tax| {
            let live = tax.documents(&number).filter(|document| document.status != TaxDocumentStatus::Voided);
            let lines = live.flat_map(|document| {
                let sign = if document.kind == TaxDocumentKind::SalesInvoice { 1 } else { -1 };
                document.lines.iter().map(move |line| (line, sign))
            });
            lines
                .filter(|(line, _)| line.jurisdiction == jurisdiction)
                .map(|(line, sign)| line.tax.amount * sign)
                .sum()
        });
        compare(owed, expected, "the tax engine")
    })
    .await
}

async fn return_documents(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (args.number(0)? as usize, play.order_number()?);
    play.expect(&format!("{expected} return documents for order {number}"), |stage| {
        let held = stage.landscape.tax.look(|tax| {
            tax.documents(&number).filter(|document| document.kind == TaxDocumentKind::ReturnInvoice).count()
        });
        if held == expected { Ok(()) } else { Err(format!("the tax engine holds {held}")) }
    })
    .await
}

/// Debits less credits of an account in the ERP's postings of an order.
fn balance(stage: &Stage, number: &OrderNumber, account: &str) -> i64 {
    stage.landscape.erp.look(|erp| {
        let lines = erp.postings(number).iter().flat_map(|posting| &posting.lines);
        lines.filter(|line| line.account == account).map(|line| line.debit - line.credit).sum()
    })
}

async fn account(world: &mut World, expected: Money, account: &str, whose: &str) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} owed by {whose} for order {number}"), |stage| {
        compare(balance(stage, &number, account), expected, "the ERP")
    })
    .await
}

async fn owed_by_others(world: &mut World, args: Args) -> Result<(), StepError> {
    let order = world.play()?.order()?;
    let funding = order.promotions.iter().map(|promotion| promotion.funding);
    let funding = funding.max().unwrap_or(PromotionFunding::Retailer);
    let name = match funding {
        PromotionFunding::Retailer => {
            return Err(StepError::rig("nobody else funds a promotion of the order"));
        }
        PromotionFunding::Manufacturer => "receivable_manufacturer",
        PromotionFunding::Marketplace => "receivable_marketplace",
    };
    account(world, payment::money(args.text(0))?, name, "who funds the promotion").await
}

async fn receivable(world: &mut World, args: Args) -> Result<(), StepError> {
    account(world, payment::money(args.text(0))?, "receivable", "the customer").await
}

async fn owed_to_holders(world: &mut World, args: Args) -> Result<(), StepError> {
    let expected = payment::money(args.text(0))?;
    credited(world, expected, "gift_card_liability", "owed to holders of gift cards").await
}

async fn revenue(world: &mut World, args: Args) -> Result<(), StepError> {
    credited(world, payment::money(args.text(0))?, "revenue", "earned").await
}

/// Waits until the order's postings credit an account with so much.
async fn credited(world: &mut World, expected: Money, account: &str, words: &str) -> Result<(), StepError> {
    let play = world.play()?;
    let number = play.order_number()?;
    if expected.amount == 0 {
        play.come_to_rest().await?;
    }
    play.expect(&format!("{expected} {words} for order {number}"), |stage| {
        compare(balance(stage, &number, account).saturating_neg(), expected, "the ERP")
    })
    .await
}

async fn settled(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (expected, number) = (payment::money(args.text(0))?, play.order_number()?);
    play.expect(&format!("{expected} settled for order {number}"), |stage| {
        match stage.landscape.psp.look(|psp| psp.settled(&number)) {
            Some(seen) if seen == expected => Ok(()),
            Some(seen) => Err(format!("the payment provider settled {seen}")),
            None => Err("the payment provider settled nothing in another currency".to_owned()),
        }
    })
    .await
}
