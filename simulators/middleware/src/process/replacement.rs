//! Exchanges, seen from the order that replaces goods: it is accepted as every order is, waits until what came
//! back has paid of it what it was to pay, and gives back what is not kept of that.

use counterproof_contracts::model::{Order, OrderNumber, TenderKind};

use super::{
    acceptance,
    desk::Desk,
    notice::Tidings,
    payment,
    state::{Fate, OrderProcess, Replacing},
};

/// Opens the order that an exchange wants, or tells that this cannot be.
pub(super) fn wanted(
    process: &mut Option<OrderProcess>,
    from: &OrderNumber,
    (order, ahead): (Order, bool),
    desk: &mut Desk<'_>,
) {
    let Some(link) = order.exchange.clone().filter(|link| link.order_number == *from) else { return };
    let number = order.order_number.clone();
    let known = process.is_some();
    if known || acceptance::submit(process, order, desk).is_err() {
        // Its number is taken, by an order that has nothing to do with this exchange.
        let reason = format!("order number {number} belongs to another order");
        let chain = desk.context.chain.clone();
        if let Some(process) = process {
            desk.tell(process, from, &chain, Tidings::Refused { reason });
        }
        return;
    }
    if let Some(process) = process {
        process.replacing = Some(Replacing {
            original: link.order_number,
            exchange_id: link.exchange_id,
            ahead,
            credited: 0,
            unused: 0,
            told: Fate::Pending,
        });
    }
}

/// Goods that came back paid of it.
pub(super) fn credited(process: &mut OrderProcess, amount: i64, desk: &mut Desk<'_>) {
    if let Some(replacing) = &mut process.replacing {
        replacing.credited += amount;
        let original = replacing.original.clone();
        desk.note(process, format!("goods of order {original} pay {amount} minor units"));
    }
}

/// Whether nothing keeps it from being released: what comes back has paid its part, or need not have.
pub(super) fn may_leave(process: &OrderProcess) -> bool {
    process.replacing.as_ref().is_none_or(|replacing| {
        let credits = process.order.tenders.iter().filter(|tender| tender.kind == TenderKind::ExchangeCredit);
        let due: i64 = credits.map(|tender| tender.amount.amount).sum();
        replacing.ahead || replacing.credited >= due
    })
}

/// What became of it so far.
fn fate(process: &OrderProcess) -> Fate {
    let shipped = process.counts.values().any(|counts| counts.shipped > 0);
    if process.rejection.is_some() || (!process.anything_open() && !shipped) {
        Fate::Refused
    } else if !process.anything_open() {
        Fate::Sent
    } else if process.accepted {
        Fate::Accepted
    } else {
        Fate::Pending
    }
}

/// Tells the order whose goods come back what became of this one, and gives back what is not kept.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let Some(replacing) = process.replacing.clone() else { return };
    let (chain, fate) = (process.chain.clone(), fate(process));
    if fate > replacing.told {
        let tidings = match fate {
            Fate::Pending => return,
            Fate::Accepted => Tidings::Accepted,
            Fate::Sent => Tidings::Sent,
            Fate::Refused => Tidings::Refused {
                reason: process
                    .rejection
                    .clone()
                    .unwrap_or_else(|| "the replacement was canceled".to_owned()),
            },
        };
        desk.tell(process, &replacing.original, &chain, tidings);
    }
    let unused = unused(process, &replacing);
    if let Some(known) = &mut process.replacing {
        known.told = known.told.max(fate);
        known.unused += unused;
    }
    if unused > 0 {
        let last = process.cancellations.last().map(|last| last.request.cancellation_id.clone());
        let cause = last.unwrap_or_else(|| replacing.exchange_id.to_string());
        give_back(process, unused, cause, desk);
    }
}

/// What paid for units that will never leave, and was not given back yet.
fn unused(process: &OrderProcess, replacing: &Replacing) -> i64 {
    if process.anything_open() && process.rejection.is_none() {
        return 0;
    }
    let credits = process.order.tenders.iter().filter(|tender| tender.kind == TenderKind::ExchangeCredit);
    let used: i64 = credits.map(|tender| payment::used(process, &tender.tender_id)).sum();
    (replacing.credited - used - replacing.unused).max(0)
}

/// Gives what goods paid back to the order that they came from.
pub(super) fn give_back(process: &mut OrderProcess, amount: i64, cause: String, desk: &mut Desk<'_>) {
    let Some(original) = process.replacing.as_ref().map(|replacing| replacing.original.clone()) else {
        return;
    };
    let chain = process.chain.clone();
    desk.tell(process, &original, &chain, Tidings::Unused { amount, cause });
}
