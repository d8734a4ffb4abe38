//! Steps about how the ERP takes documents: its limits, its periods, its users, and what it posts later.

use counterproof_contracts::{
    model::{Date, OrderNumber, System, day_of},
    protocol::ProblemKind,
};
use counterproof_simulators::erp::Erp;
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once};
use crate::world::{Play, StepError, World};

/// For so many orders of a scenario, from the first, a limit is arranged.
const ORDERS_LIMITED: u32 = 400;

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the ERP takes {count} document(s) a second",
        doc: "The ERP asks to wait when more documents of the scenario's orders come within a second.",
        action: |world, args| at_once(limit(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP takes no more documents a second than was agreed",
        doc: "The ERP asks to wait when more documents of the scenario's orders come within a second than the policy's rate and burst allow.",
        action: |world, _| at_once(limit_as_agreed(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "somebody opens the sales order in the ERP",
        doc: "Nobody else can change, cancel or invoice the order in the ERP until it is closed again.",
        action: |world, _| at_once(arrange(world, |erp, order| erp.lock(order, true))),
    },
    Step {
        kind: Kind::Action,
        expression: "the sales order in the ERP is closed again",
        doc: "The ERP takes documents of the order as before.",
        action: |world, _| at_once(arrange(world, |erp, order| erp.lock(order, false))),
    },
    Step {
        kind: Kind::Action,
        expression: "the books of the ERP are closed for this month",
        doc: "The ERP refuses invoices and credit memos of the order that are dated before the next period.",
        action: |world, _| at_once(close_books(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP posts invoices and credit memos later",
        doc: "The ERP takes the order's invoices and credit memos, and posts them when a step says so.",
        action: |world, _| at_once(arrange(world, Erp::post_later)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP posts what it has taken",
        doc: "Documents of the order that wait are posted.",
        action: |world, _| post(world, true).boxed_local(),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP cannot post what it has taken",
        doc: "Documents of the order that wait are not posted, and will not be.",
        action: |world, _| post(world, false).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has asked to wait",
        doc: "At least one document of the scenario's orders came too soon.",
        action: |world, _| turned_away(world, ProblemKind::TooManyRequests).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has never asked to wait",
        doc: "Until now no document of the scenario's orders came too soon.",
        action: |world, _| at_once(never_turned_away(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has turned away a document of the locked order",
        doc: "At least one document came while somebody worked on the sales order.",
        action: |world, _| turned_away(world, ProblemKind::DocumentLocked).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has posted {count} invoice(s) and {count} credit memo(s)",
        doc: "So many documents of the order are in the general ledger.",
        action: |world, args| posted(world, args).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the invoice is posted in the next period and names this one",
        doc: "The invoice's day of posting is open, and its day of business is the one on which the goods left.",
        action: |world, _| in_next_period(world, "invoice", invoice_dates).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the credit memo is posted in the next period and names this one",
        doc: "The credit memo's day of posting is open, and its day of business is the one on which the goods came back.",
        action: |world, _| in_next_period(world, "credit memo", memo_dates).boxed_local(),
    },
];

fn limit(world: &mut World, args: &Args) -> Result<(), StepError> {
    let per_second = args.number(0)?;
    limit_to(world.play()?, per_second);
    Ok(())
}

fn limit_as_agreed(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let rate = play.stage.rates.get(&System::Erp).copied();
    let rate = rate.ok_or_else(|| StepError::rig("the policy declares no rate of calls to the ERP"))?;
    limit_to(play, rate.in_a_second());
    Ok(())
}

fn never_turned_away(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.assertions += 1;
    match play.stage.recording.refusals(&play.id, System::Erp, ProblemKind::TooManyRequests) {
        0 => Ok(()),
        times => Err(StepError::failed(format!("the ERP asked to wait {times} times"))),
    }
}

fn limit_to(play: &mut Play, per_second: u32) {
    let orders: Vec<OrderNumber> = (1..=ORDERS_LIMITED).map(|count| play.number_of(count)).collect();
    let root = play.root("erp");
    play.stage
        .landscape
        .erp
        .act(&root.order, root.correlation, |erp, _| erp.limit_documents(orders, per_second));
}

/// Arranges how the ERP takes documents of the present order, or of the next one.
fn arrange(world: &mut World, arrange: impl FnOnce(&mut Erp, &OrderNumber)) -> Result<(), StepError> {
    let play = world.play()?;
    let root = play.root("erp");
    let order = root.order.clone();
    play.stage.landscape.erp.act(&root.order, root.correlation, |erp, _| arrange(erp, &order));
    Ok(())
}

/// The first day of the next period. On the last day of a month it is that after next, so that the month does not
/// end while the scenario is played.
fn next_period(play: &Play) -> Result<Date, StepError> {
    let tomorrow = day_of(play.stage.clock.base()).tomorrow();
    let last = tomorrow.map(Date::last_of_month).and_then(Date::tomorrow);
    last.map_err(|error| StepError::rig(format!("there is no next period: {error}")))
}

fn close_books(world: &mut World) -> Result<(), StepError> {
    let open_from = next_period(world.play()?)?;
    arrange(world, |erp, order| erp.close_books(order, open_from))
}

async fn post(world: &mut World, success: bool) -> Result<(), StepError> {
    let play = world.play()?;
    let root = play.root("erp");
    play.eventually("a document that waits in the ERP", |stage| {
        let erp = &stage.landscape.erp;
        let waited = erp.act(&root.order, root.correlation.clone(), |erp, scene| {
            erp.post_parked(scene, &root.order, success)
        });
        if waited > 0 { Ok(()) } else { Err("there is none".to_owned()) }
    })
    .await
}

async fn turned_away(world: &mut World, kind: ProblemKind) -> Result<(), StepError> {
    let play = world.play()?;
    let scenario = play.id.clone();
    play.expect(&format!("a document turned away with {:?}", kind.name()), |stage| {
        let count = stage.recording.refusals(&scenario, System::Erp, kind);
        if count > 0 { Ok(()) } else { Err("the ERP turned none away".to_owned()) }
    })
    .await
}

async fn posted(world: &mut World, args: Args) -> Result<(), StepError> {
    let play = world.play()?;
    let expected = (args.number(0)? as usize, args.number(1)? as usize);
    let number = play.order_number()?;
    play.come_to_rest().await?;
    play.expect(&format!("{} invoices and {} credit memos posted", expected.0, expected.1), |stage| {
        let erp = &stage.landscape.erp;
        let there = erp.look(|erp| (erp.invoices(&number).len(), erp.credit_memos(&number).len()));
        if there == expected { Ok(()) } else { Err(format!("the ERP posted {} and {}", there.0, there.1)) }
    })
    .await
}

/// Day of business and day of posting of the documents of a kind.
type Dates = fn(&Erp, &OrderNumber) -> Vec<(Option<Date>, Option<Date>)>;

fn invoice_dates(erp: &Erp, order: &OrderNumber) -> Vec<(Option<Date>, Option<Date>)> {
    erp.invoices(order).iter().map(|invoice| (invoice.business_date, invoice.posting_date)).collect()
}

fn memo_dates(erp: &Erp, order: &OrderNumber) -> Vec<(Option<Date>, Option<Date>)> {
    erp.credit_memos(order).iter().map(|memo| (memo.business_date, memo.posting_date)).collect()
}

async fn in_next_period(world: &mut World, what: &str, dates: Dates) -> Result<(), StepError> {
    let play = world.play()?;
    let (number, open_from) = (play.order_number()?, next_period(play)?);
    play.expect(&format!("the {what} posted from {open_from} on, with an earlier day of business"), |stage| {
        let found = stage.landscape.erp.look(|erp| dates(erp, &number));
        let right = |(business, posting): &(Option<Date>, Option<Date>)| {
            business.is_some_and(|day| day < open_from) && posting.is_some_and(|day| day >= open_from)
        };
        if !found.is_empty() && found.iter().all(right) {
            Ok(())
        } else {
            Err(format!("the ERP has {found:?}"))
        }
    })
    .await
}
