//! By when goods arrive. A date that was promised stands as long as it can be kept; else the channel is told another one,
//! once, with the reason, as soon as that can be seen. Who was told a second time, or to wait for long, is asked, and is
//! not kept waiting without an answer.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    model::{
        CarrierScan, DelayConsent, DelayReason, LineId, LineQuantity, NodeId, OrderLine, RevisedPromise,
        ShipmentStatus, System, Timestamp, TrackingNumber,
    },
    policy::{PromisePolicy, later},
    protocol::{CancellationRequest, FieldError, Problem, ProblemKind},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    cancellation,
    desk::{Deadline, Desk, Due},
    state::OrderProcess,
    tracking,
};
use crate::defects::Defect;

/// What is known of an order's promised dates beside the first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promises {
    /// What was told of each line after the first date, in order.
    revised: BTreeMap<LineId, Vec<RevisedPromise>>,
    /// Dates that the customer agreed to wait for.
    accepted: BTreeSet<(LineId, u32)>,
    /// When the carrier expects to deliver a parcel: as of when, and when.
    estimates: BTreeMap<TrackingNumber, (Timestamp, Timestamp)>,
    /// When it is to be looked at again.
    reminded: Option<Timestamp>,
}

impl Promises {
    fn last(&self, line: &LineId) -> Option<&RevisedPromise> {
        self.revised.get(line)?.last()
    }

    /// Whether the customer is asked whether to wait, and has not answered: until when.
    fn asked(&self, line: &LineId) -> Option<Timestamp> {
        let last = self.last(line)?;
        last.consent_by.filter(|_| !self.accepted.contains(&(line.clone(), last.revision)))
    }
}

/// Whether the date of an order can be promised at all: the way of sending is one that times are declared for.
pub(super) fn check_method(method: Option<&str>, policy: &PromisePolicy) -> Result<(), Problem> {
    let Some(method) = method.filter(|method| !policy.knows(method)) else { return Ok(()) };
    let errors = vec![FieldError {
        pointer: "/shipping_method".to_owned(),
        detail: "is no way of sending that times are declared for".to_owned(),
    }];
    let detail = format!("nobody declared how long {method:?} takes");
    Err(Problem { errors, ..Problem::new(ProblemKind::BusinessRule, detail) })
}

/// Dates that replaced the first ones, of lines of which anything is left.
pub(super) fn view(process: &OrderProcess) -> Vec<RevisedPromise> {
    let kept = |line: &&OrderLine| process.counts(&line.line_id).canceled < line.quantity;
    let lines = process.order.lines.iter().filter(kept);
    lines.filter_map(|line| process.promises.last(&line.line_id)).cloned().collect()
}

/// The carrier says when it expects to deliver a parcel. What it said of a later instant stands.
pub(super) fn estimated(process: &mut OrderProcess, told: &CarrierScan, desk: &mut Desk<'_>) {
    let Some(estimate) = told.estimated_delivery else { return };
    let known = process.promises.estimates.get(&told.tracking_number);
    if known.is_none_or(|(as_of, _)| *as_of < told.occurred_at) {
        let news = (told.occurred_at, estimate);
        process.promises.estimates.insert(told.tracking_number.clone(), news);
        desk.note(process, format!("{} is expected by {estimate}", told.tracking_number));
    }
}

/// The customer agrees to wait.
pub(super) fn accept(
    process: &mut OrderProcess,
    consent: &DelayConsent,
    desk: &mut Desk<'_>,
) -> Result<Value, Problem> {
    let (line, revision) = (&consent.line_id, consent.revision);
    if process.order.line(line).is_none() {
        let errors =
            vec![FieldError { pointer: "/line_id".to_owned(), detail: "is no line of the order".to_owned() }];
        return Err(Problem {
            errors,
            ..Problem::new(ProblemKind::BusinessRule, format!("the order has no line {line}"))
        });
    }
    let in_force = process.promises.last(line).map(|last| last.revision);
    if in_force != Some(revision) {
        let detail = in_force.map_or_else(
            || format!("line {line} arrives as it was promised"),
            |number| format!("date {number} of line {line} is in force, not {revision}"),
        );
        return Err(Problem::new(ProblemKind::IllegalState, detail));
    }
    let answer = serde_json::to_value(consent).unwrap_or_default();
    if process.promises.accepted.contains(&(line.clone(), revision)) {
        return Ok(answer);
    }
    if process.open_units(line) == 0 {
        let detail = format!("nothing of line {line} is waited for any more");
        return Err(Problem::new(ProblemKind::IllegalState, detail));
    }
    process.promises.accepted.insert((line.clone(), revision));
    desk.note(process, format!("the customer waits for line {line}"));
    Ok(answer)
}

/// It is time to look at promised dates again. Who was asked whether to wait, and did not say so, waits no longer.
pub(super) fn due(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let now = desk.context.now;
    let unanswered =
        |line: &&OrderLine| process.promises.asked(&line.line_id).is_some_and(|until| until <= now);
    let open = |line: &OrderLine| {
        let revision = process.promises.last(&line.line_id)?.revision;
        let quantity = process.open_units(&line.line_id);
        (quantity > 0).then(|| (LineQuantity { line_id: line.line_id.clone(), quantity }, revision))
    };
    let lapsed: Vec<_> = process.order.lines.iter().filter(unanswered).filter_map(open).collect();
    for (units, revision) in lapsed {
        if desk.meets(Defect::UnansweredDelayKept) {
            continue;
        }
        let request = CancellationRequest {
            order_number: process.order.order_number.clone(),
            cancellation_id: format!("not-waited-for-{}-{revision}", units.line_id),
            lines: vec![units],
            reason: "the customer did not agree to wait".to_owned(),
        };
        let subject = request.cancellation_id.clone();
        if let Err(problem) = cancellation::request(process, request, desk) {
            desk.alert(process, System::Middleware, subject, problem.detail);
        }
    }
}

/// Tells another date where one cannot be kept, and looks again when another might not be.
pub(super) fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    if process.rejection.is_some() {
        return;
    }
    for line in process.order.lines.clone() {
        let Some(first) = process.order.promised(&line) else { continue };
        let last = process.promises.last(&line.line_id).map(|last| last.promised_by);
        let in_force = last.unwrap_or(first);
        let delay = delay(process, &line.line_id, in_force, desk).or_else(|| {
            let told = process.promises.revised.get(&line.line_id).map_or(0, Vec::len);
            let again = (1..3).contains(&told)
                && process.open_units(&line.line_id) > 0
                && desk.meets(Defect::PromiseUpdatedRepeatedly);
            again.then(|| (later(in_force, PromisePolicy::default().consent()), DelayReason::NotShipped))
        });
        if let Some((arrives, reason)) = delay
            && !desk.meets(Defect::PromiseNotUpdated)
        {
            revise(process, (&line.line_id, first, in_force), (arrives, reason), desk);
        }
    }
    remind(process, desk);
}

/// Why a line does not arrive as promised, and by when it does.
fn delay(
    process: &OrderProcess,
    line: &LineId,
    promised_by: Timestamp,
    desk: &Desk<'_>,
) -> Option<(Timestamp, DelayReason)> {
    let (now, policy) = (desk.context.now, &desk.context.policy.promises);
    let method = process.order.shipping_method.as_deref();
    let transit = policy.transit(method);
    let from =
        |start: Timestamp, node: Option<&NodeId>| later(later(start, policy.handling(method, node)), transit);
    let mut found: Vec<(Timestamp, DelayReason)> = Vec::new();
    let late = if desk.meets(Defect::PromiseUpdatedWhenBroken) {
        later(promised_by, policy.consent())
    } else {
        policy.latest_departure(method, promised_by)
    };
    let missed = now >= late;
    for reservation in process.reservations.iter().filter(|known| waits_for(&known.backordered, line)) {
        let since = reservation.since.filter(|_| !missed).unwrap_or(now);
        found.push((from(later(since, policy.supply()), None), DelayReason::BackOrder));
    }
    let mut at_node = None;
    for (id, fulfillment) in process.fulfillments.iter().filter(|(id, _)| process.units_at(id, line) > 0) {
        let asked = fulfillment.asked_at.unwrap_or(now);
        found.push((from(asked, Some(&fulfillment.node_id)), DelayReason::SlowNode));
        at_node = at_node.max(Some((process.units_at(id, line), &fulfillment.node_id)));
    }
    if missed && process.open_units(line) > 0 {
        found.push((from(now, at_node.map(|(_, node)| node)), DelayReason::NotShipped));
    }
    for tracking_number in under_way(process, line) {
        let estimate = tracking_number.and_then(|number| process.promises.estimates.get(number));
        let estimate = estimate.map(|(_, estimate)| *estimate).filter(|estimate| *estimate > now);
        let without = if now >= promised_by { Some(later(now, transit)) } else { None };
        found.extend(estimate.or(without).map(|arrives| (arrives, DelayReason::Carrier)));
    }
    found.into_iter().filter(|(arrives, _)| *arrives > promised_by).max()
}

fn waits_for(items: &[counterproof_contracts::model::ItemQuantity], line: &LineId) -> bool {
    items.iter().any(|item| item.line_id == *line && item.quantity > 0)
}

/// Parcels with units of a line that left and did not arrive, nor come back, nor get lost; none if the customer brought back as
/// many.
fn under_way<'p>(process: &'p OrderProcess, line: &LineId) -> Vec<Option<&'p TrackingNumber>> {
    let is_under_way = |status: ShipmentStatus| {
        matches!(status, ShipmentStatus::Shipped | ShipmentStatus::InTransit | ShipmentStatus::OutForDelivery)
    };
    let mut units = 0;
    let mut numbers = Vec::new();
    for (id, parcel) in process.shipments.iter().filter(|(_, parcel)| parcel.shipped.is_some()) {
        let own = parcel.lines.iter().filter(|item| item.line_id == *line);
        let own: u32 = own.map(|item| item.quantity).sum();
        if own > 0 && is_under_way(tracking::status(process, id, parcel)) {
            units += own;
            numbers.push(parcel.tracking_number.as_ref());
        }
    }
    let back = process.counts(line).returned + process.ungraded(line);
    if units > back { numbers } else { Vec::new() }
}

fn revise(
    process: &mut OrderProcess,
    (line, first, in_force): (&LineId, Timestamp, Timestamp),
    (arrives, reason): (Timestamp, DelayReason),
    desk: &mut Desk<'_>,
) {
    let (now, policy) = (desk.context.now, &desk.context.policy.promises);
    let promised_by = PromisePolicy::date(arrives);
    let before = process.promises.revised.get(line).map_or(&[][..], Vec::as_slice);
    let again = before.iter().any(|told| told.reason != DelayReason::Carrier);
    let long = promised_by > policy.silence_up_to(first);
    let unanswered = process.promises.asked(line);
    let asks = reason != DelayReason::Carrier && (again || long);
    let consent_by = unanswered.or_else(|| asks.then(|| in_force.max(later(now, policy.consent()))));
    let consent_by = consent_by.filter(|_| !desk.meets(Defect::SilenceTakenForConsent));
    let revision = before.last().map_or(1, |last| last.revision + 1);
    let told = RevisedPromise { line_id: line.clone(), revision, promised_by, reason, consent_by };
    desk.decide(process, format!("line {line} arrives by {promised_by}: {}", words(reason)));
    process.promises.revised.entry(line.clone()).or_default().push(told);
}

const fn words(reason: DelayReason) -> &'static str {
    match reason {
        DelayReason::BackOrder => "units are not there yet",
        DelayReason::SlowNode => "the node that ships it takes longer",
        DelayReason::NotShipped => "it has not left in time",
        DelayReason::Carrier => "it is late on its way",
    }
}

/// Has the order looked at when the next date might be missed, or the next answer is.
fn remind(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    let (now, policy) = (desk.context.now, &desk.context.policy.promises);
    let method = process.order.shipping_method.as_deref();
    let instants = process.order.lines.iter().flat_map(|line| {
        let last = process.promises.last(&line.line_id).map(|last| last.promised_by);
        let in_force = process.order.promised(line).map(|first| last.unwrap_or(first));
        let open = process.open_units(&line.line_id) > 0;
        let under_way = !under_way(process, &line.line_id).is_empty();
        let departure = in_force.filter(|_| open).map(|date| policy.latest_departure(method, date));
        let arrival = in_force.filter(|_| open || under_way);
        let answer = process.promises.asked(&line.line_id).filter(|_| open);
        [departure, arrival, answer].into_iter().flatten()
    });
    let Some(at) = instants.filter(|instant| *instant > now).min() else { return };
    if process.promises.reminded == Some(at) {
        return;
    }
    process.promises.reminded = Some(at);
    let (order_number, chain) = (process.order.order_number.clone(), process.chain.clone());
    desk.remind(Deadline { order_number, due: Due::Promise, at, chain });
}
