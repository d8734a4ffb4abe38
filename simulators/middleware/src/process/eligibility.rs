//! Whether goods may be returned: what was bought, what left, when, by whom it is brought.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        CustomerRef, ExchangeRequest, LineId, Order, Resolution, ReturnLine, ReturnReason, Sku, TenderKind,
        Timestamp,
    },
    protocol::{FieldError, Problem, ProblemKind},
};
use jiff::SignedDuration;

use super::{
    desk::Context,
    state::{OrderProcess, Units},
};

/// Refuses a return.
pub(super) fn not_returnable(pointer: impl Into<String>, detail: impl Into<String>) -> Problem {
    let detail = detail.into();
    let errors = vec![FieldError { pointer: pointer.into(), detail: detail.clone() }];
    Problem { errors, ..Problem::new(ProblemKind::NotReturnable, detail) }
}

/// Whether goods of a line may come back without having been announced.
pub(super) fn may_come_back(process: &OrderProcess, returned: &ReturnLine) -> bool {
    process.recalled.contains(&returned.sku)
        || process.order.line(&returned.line_id).is_some_and(|line| !line.final_sale)
}

/// Units by line. Each line must be the order's, with its SKU and with at least one unit, and not on final sale, unless a
/// clerk allows it or the customer has a right to it.
pub(super) fn lines_of(
    order: &Order,
    lines: &[ReturnLine],
    by_right: bool,
) -> Result<BTreeMap<LineId, u32>, Problem> {
    let mut units: BTreeMap<LineId, u32> = BTreeMap::new();
    for (index, returned) in lines.iter().enumerate() {
        let pointer = format!("/lines/{index}");
        let Some(line) = order.line(&returned.line_id) else {
            return Err(not_returnable(pointer, format!("line {} is not the order's", returned.line_id)));
        };
        if line.sku != returned.sku {
            return Err(not_returnable(pointer, format!("line {} is {}", line.line_id, line.sku)));
        }
        if line.final_sale && !by_right {
            return Err(not_returnable(pointer, format!("line {} is on final sale", line.line_id)));
        }
        if returned.quantity == 0 {
            return Err(not_returnable(pointer, "no units"));
        }
        let sum = units.entry(returned.line_id.clone()).or_default();
        *sum = sum.saturating_add(returned.quantity);
    }
    if units.is_empty() { Err(not_returnable("/lines", "nothing to return")) } else { Ok(units) }
}

/// Units of a line that left, did not come back, and are in nobody's hands but the customer's; without those that were
/// paid back and are kept.
pub(super) fn with_customer(process: &OrderProcess, line: &LineId) -> u32 {
    let counts = process.counts(line);
    counts.shipped.saturating_sub(counts.gone() + process.ungraded(line) + process.kept(line))
}

/// Whether units of a line left so recently that they may be returned. Units come back in ascending order;
/// `ahead` units are expected back before these.
pub(super) fn in_window(
    process: &OrderProcess,
    line: &LineId,
    ahead: u32,
    quantity: u32,
    right: Right,
    context: &Context<'_>,
) -> Result<(), Problem> {
    let until = |left: Timestamp| match right {
        Right::Window => context.policy.returnable_until(process.order.sales_channel, left),
        Right::Warranty => context.policy.replaceable_until(left),
        Right::Recall => Timestamp::MAX,
    };
    let first = process.counts(line).gone() + process.ungraded(line) + ahead;
    let units = process.units_after(line, first, quantity);
    let late = units
        .iter()
        .flat_map(Units::range)
        .filter_map(|unit| process.parcel_of_unit(line, unit))
        .find(|(_, departure)| context.now > until(departure.at));
    match late {
        None => Ok(()),
        Some((shipment, departure)) => {
            let detail =
                format!("parcel {shipment} left at {}: that was until {}", departure.at, until(departure.at));
            Err(not_returnable("/lines", detail))
        }
    }
}

/// By which right goods come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// As long as the retailer's window is open, and not on final sale.
    Window,
    /// Defective, for the same goods, without a charge.
    Warranty,
    /// They were called back.
    Recall,
}

/// By which right goods of these lines come back.
pub(super) fn right_of(
    process: &OrderProcess,
    exchange: Option<&ExchangeRequest>,
    lines: &[ReturnLine],
) -> Right {
    if !lines.is_empty() && lines.iter().all(|line| process.recalled.contains(&line.sku)) {
        Right::Recall
    } else if is_warranty(&process.order, exchange, lines) {
        Right::Warranty
    } else {
        Right::Window
    }
}

/// Whether goods are to be replaced under warranty: defective ones, by the same, without a charge.
fn is_warranty(order: &Order, exchange: Option<&ExchangeRequest>, lines: &[ReturnLine]) -> bool {
    exchange.is_some_and(|exchange| {
        let paid =
            exchange.replacement.tenders.iter().all(|tender| tender.kind == TenderKind::ExchangeCredit);
        let same = |sku: &Sku| order.lines.iter().any(|line| line.sku == *sku);
        paid && exchange.replacement.lines.iter().all(|line| same(&line.sku))
            && lines.iter().all(|line| line.reason == ReturnReason::Defective)
    })
}

fn window_end(left: Timestamp, days: u32) -> Timestamp {
    left.checked_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX)
}

/// The recipient of a gift gets store credit; nobody else may return as recipient.
pub(super) fn check_recipient(
    order: &Order,
    recipient: Option<&CustomerRef>,
    resolution: Resolution,
) -> Result<(), Problem> {
    let Some(recipient) = recipient else { return Ok(()) };
    if order.gift.as_ref().is_none_or(|gift| gift.recipient_ref != *recipient) {
        return Err(not_returnable("/gift_recipient_ref", "is not the recipient of this order"));
    }
    if !matches!(resolution, Resolution::StoreCredit | Resolution::Exchange) {
        return Err(not_returnable(
            "/resolution",
            "the recipient of a gift gets store credit or other goods",
        ));
    }
    Ok(())
}

/// When an authorization that is given now lapses.
pub(super) fn authorization_end(context: &Context<'_>) -> Timestamp {
    window_end(context.now, context.policy.return_window_days)
}
