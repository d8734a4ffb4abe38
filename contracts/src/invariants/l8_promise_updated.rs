//! L8: a promise is updated when it cannot be kept.

use jiff::SignedDuration;

use super::{
    books::{OrderBook, Place, Told},
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{
        CarrierScan, DelayReason, LineId, OrderStatusUpdate, RevisedPromise, ScanCode, System, Timestamp,
    },
    policy::{PromisePolicy, later},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "L8",
        name: "a promise is updated",
        text: "Where goods cannot arrive by the date that the customer was told, the channel shows another, later one with \
               the reason, within the declared time after that can be seen: units wait for goods, the node takes longer, \
               nothing left in time, or the carrier is late. A date that can be kept stands; each date is told once, and \
               units that are canceled have none. Who is told to wait a second time, or for longer than silence allows, is \
               asked whether to; what nobody agreed to wait for is canceled. While faults are on, times are theirs.",
        source: "16 CFR 435.2 (Mail, Internet, or Telephone Order Merchandise Rule); schema.org expectedArrivalUntil; \
                 bug report OCA/sale-workflow#1905",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: Some(check_rest),
};

/// At which instant a promise is looked at, and what is known then.
#[derive(Clone, Copy)]
struct Look {
    now: Timestamp,
    /// What went away after this is not known.
    gone_until: Timestamp,
    /// Units that are canceled, as far as known.
    canceled: i64,
    /// How much earlier or later something may have been known.
    slack: SignedDuration,
}

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order.filter(|order| !order.promises.first.is_empty()) else { return };
    match moment.effect() {
        Some(Effect::StatusShown { update }) => check_shown(moment, order, update, bench),
        Some(Effect::ParcelScanned { scan }) => check_delivered(moment, order, scan, bench),
        _ => {}
    }
}

/// Whether a fault may keep somebody from knowing, or from telling.
fn disturbed(moment: &Moment<'_>) -> bool {
    let scenario = moment.record.scenario.as_deref().and_then(|name| moment.books.scenario(name));
    scenario.is_some_and(|book| !book.faults.is_empty())
}

fn check_shown(moment: &Moment<'_>, order: &OrderBook, update: &OrderStatusUpdate, bench: &mut Bench) {
    let found = |subject: String, told: String, bench: &mut Bench| {
        let sentence = format!("Order {}: {told}.", order.number);
        let finding = Finding::new(subject, sentence).evidence([moment.record.seq]);
        bench.found(match order.channel() {
            Some(channel) => finding.says(channel, "shows the date", true),
            None => finding,
        });
    };
    for promise in &update.promises {
        let line = &promise.line_id;
        let Some(told) = order.promises.last(line).filter(|told| told.seq == moment.record.seq) else {
            continue;
        };
        bench.looks();
        let judged = judge_date(moment, order, update, told)
            .or_else(|| judge_question(moment, order, update, promise))
            .or_else(|| judge_cause(moment, order, update, promise));
        if let Some(wrong) = judged {
            found(format!("date {} of {line}", promise.revision), wrong, bench);
        }
    }
    for state in &update.lines {
        let line = &state.line_id;
        let shown = update.promises.iter().any(|promise| promise.line_id == *line);
        if !shown && state.canceled < state.ordered && order.promises.last(line).is_some() {
            let told = format!("the date that the customer was told for line {line} is not shown any more");
            found(format!("forgotten {line}"), told, bench);
        }
    }
}

/// Units of a line that the channel shows as canceled.
fn shown_canceled(update: &OrderStatusUpdate, line: &LineId) -> (i64, i64) {
    let state = update.lines.iter().find(|state| state.line_id == *line);
    state.map_or((0, 0), |state| (i64::from(state.ordered), i64::from(state.canceled)))
}

/// The date that a new one replaces.
fn replaced(order: &OrderBook, line: &LineId) -> Option<(Timestamp, u32)> {
    let before = order.promises.before_last(line).last().map(|told| &told.promise);
    let before = before.map(|promise| (promise.promised_by, promise.revision));
    before.or_else(|| order.promises.first.get(line).map(|(date, _)| (*date, 0)))
}

/// A date is later than the one before, has a number of its own, and is about units that somebody waits for.
fn judge_date(
    moment: &Moment<'_>,
    order: &OrderBook,
    update: &OrderStatusUpdate,
    told: &Told,
) -> Option<String> {
    let RevisedPromise { line_id: line, promised_by, revision, .. } = &told.promise;
    let Some((before, number)) = replaced(order, line) else {
        return Some(format!(
            "line {line} was never promised by a date, and is told to arrive by {promised_by}"
        ));
    };
    let (ordered, canceled) = shown_canceled(update, line);
    if canceled >= ordered {
        return Some(format!("line {line} is canceled, and is told to arrive by {promised_by}"));
    }
    if *revision <= number {
        return Some(format!("date {revision} of line {line} is told again, and is another: {promised_by}"));
    }
    if *promised_by <= before {
        return Some(format!(
            "line {line} was to arrive by {before}, and is told to arrive by {promised_by}"
        ));
    }
    (*promised_by <= moment.record.at)
        .then(|| format!("line {line} is told to arrive by {promised_by}, which has passed"))
}

/// Whether the customer must be asked, and is.
fn judge_question(
    moment: &Moment<'_>,
    order: &OrderBook,
    update: &OrderStatusUpdate,
    promise: &RevisedPromise,
) -> Option<String> {
    let line = &promise.line_id;
    let policy = &moment.policy.promises;
    let (ordered, canceled) = shown_canceled(update, line);
    let open = ordered - canceled - order.promises.left(line, moment.record.at);
    if promise.reason == DelayReason::Carrier || open <= 0 {
        return None;
    }
    let before = order.promises.before_last(line);
    let again = before.iter().any(|told| told.promise.reason != DelayReason::Carrier);
    let (first, _) = order.promises.first.get(line)?;
    let long = promise.promised_by > policy.silence_up_to(*first);
    let Some(consent_by) = promise.consent_by else {
        return (again || long).then(|| {
            let how = if again { "again" } else { "for long" };
            format!("the customer is told to wait {how} for line {line}, and not asked whether to")
        });
    };
    let asked_before = before.last().is_some_and(|told| told.promise.consent_by == Some(consent_by));
    let time = later(consent_by, policy.told_within());
    (!asked_before && time < later(moment.record.at, policy.consent()) && !disturbed(moment)).then(|| {
        format!("the customer must say until {consent_by} whether to wait for line {line}: too soon")
    })
}

/// Whether the date before could not be kept, for the reason that is given, and was replaced in time.
fn judge_cause(
    moment: &Moment<'_>,
    order: &OrderBook,
    update: &OrderStatusUpdate,
    promise: &RevisedPromise,
) -> Option<String> {
    if disturbed(moment) {
        return None;
    }
    let (line, policy, now) = (&promise.line_id, &moment.policy.promises, moment.record.at);
    let (before, _) = replaced(order, line)?;
    let slack = policy.told_within();
    let look = Look {
        now,
        gone_until: now.checked_sub(slack).unwrap_or(Timestamp::MIN),
        canceled: shown_canceled(update, line).1,
        slack,
    };
    let is_cause =
        causes(policy, order, line, before, look).iter().any(|(cause, _)| *cause == promise.reason);
    if !is_cause && !is_about_to_ask(policy, order, promise, before, look) {
        let reason = words(promise.reason);
        return Some(format!(
            "line {line} could arrive by {before}, and is told to arrive by {}: {reason}",
            promise.promised_by
        ));
    }
    let seen = if promise.reason == DelayReason::Carrier {
        before
    } else {
        policy.latest_departure(order.promises.method.as_deref(), before)
    };
    let seen = seen.max(order.promises.placed_at?);
    (now > later(seen, slack)).then(|| {
        format!("at {seen} line {line} could not arrive by {before} any more; the customer was told at {now}")
    })
}

/// Whether a slow node has the claim on units: the channel may be told at the same time as the node is asked, and show it first.
fn is_about_to_ask(
    policy: &PromisePolicy,
    order: &OrderBook,
    promise: &RevisedPromise,
    before: Timestamp,
    look: Look,
) -> bool {
    let method = order.promises.method.as_deref();
    let on_its_way = policy.transit(method) + look.slack;
    let is_late = |node| later(later(look.now, policy.handling(method, Some(node))), on_its_way) > before;
    promise.reason == DelayReason::SlowNode && order.promises.claimed_at(&promise.line_id).any(is_late)
}

const fn words(reason: DelayReason) -> &'static str {
    match reason {
        DelayReason::BackOrder => "units are not there yet",
        DelayReason::SlowNode => "the node takes longer",
        DelayReason::NotShipped => "it has not left in time",
        DelayReason::Carrier => "the carrier is late",
    }
}

/// Why a line does not arrive by a date, each cause with where it stands.
fn causes(
    policy: &PromisePolicy,
    order: &OrderBook,
    line: &LineId,
    promised_by: Timestamp,
    look: Look,
) -> Vec<(DelayReason, u64)> {
    let book = &order.promises;
    let method = book.method.as_deref();
    let transit = policy.transit(method);
    let beyond = |start: Timestamp| later(later(start, transit), look.slack) > promised_by;
    let missed = look.now >= policy.latest_departure(method, promised_by);
    let here = |place: &&Place| place.units(line, look.gone_until) > 0;
    let mut found = Vec::new();
    for place in book.waits.values().filter(here) {
        let there = later(later(place.since, policy.supply()), policy.handling(method, None));
        found.extend((missed || beyond(there)).then_some((DelayReason::BackOrder, place.seq)));
    }
    for place in book.nodes.values().filter(here) {
        let leaves = later(place.since, policy.handling(method, place.node.as_ref()));
        found.extend(beyond(leaves).then_some((DelayReason::SlowNode, place.seq)));
    }
    let ordered = order.terms.as_ref().and_then(|terms| terms.lines.get(line));
    let ordered = ordered.map_or(0, |terms| i64::from(terms.quantity));
    if missed && ordered - look.canceled - book.left(line, look.gone_until) > 0 {
        found.extend(book.in_force(line).map(|(_, seq)| (DelayReason::NotShipped, seq)));
    }
    let back = order.lines.get(line).map_or(0, |book| book.received.total());
    let parcels: Vec<&Place> = book.parcels.values().filter(here).collect();
    if parcels.iter().map(|place| place.units(line, look.gone_until)).sum::<i64>() > back {
        for place in parcels {
            let estimate = place.tracking.as_ref().and_then(|number| book.estimates.get(number));
            let late = estimate.is_some_and(|(_, estimate)| *estimate > promised_by.max(look.now));
            found.extend((late || look.now >= promised_by).then_some((DelayReason::Carrier, place.seq)));
        }
    }
    found
}

/// A parcel arrived: by the date that was in force.
fn check_delivered(moment: &Moment<'_>, order: &OrderBook, scan: &CarrierScan, bench: &mut Bench) {
    if scan.code != ScanCode::Delivered || disturbed(moment) {
        return;
    }
    // A parcel arrives once, however often the carrier says so, and has arrived when its units came back.
    let came_back = |line: &LineId| {
        let units = order.receipts.values().filter_map(|receipt| receipt.came().get(line).copied());
        i64::from(units.sum::<u32>()) >= order.shipped(line)
    };
    let expected = |line: &&LineId| {
        order.promises.was_expected(&scan.tracking_number, line, moment.record.at) && !came_back(line)
    };
    for line in order.promises.first.keys().filter(expected) {
        let Some((promised_by, seq)) = order.promises.in_force(line) else { continue };
        bench.looks();
        if scan.occurred_at <= later(promised_by, moment.policy.promises.told_within()) {
            continue;
        }
        let sentence = format!(
            "Order {}: line {line} was to arrive by {promised_by}; it arrived at {}, and nobody was told before.",
            order.number, scan.occurred_at
        );
        let finding = Finding::new(format!("silent {line}"), sentence).evidence([seq, moment.record.seq]);
        bench.found(finding.says(System::Carrier, "delivered it late", false));
    }
}

fn check_rest(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let refused = order.acknowledged.is_some_and(|(accepted, _)| !accepted);
    if refused || order.is_rejected() || !order.messages.dead_letters.is_empty() {
        return;
    }
    let policy = &moment.policy.promises;
    let slack = policy.told_within();
    let now = moment.record.at.checked_sub(slack).unwrap_or(Timestamp::MIN);
    for line in order.promises.first.keys() {
        let Some((promised_by, seq)) = order.promises.in_force(line) else { continue };
        bench.looks();
        let canceled = order.canceled(line);
        let look = Look { now, gone_until: Timestamp::MAX, canceled, slack: -slack };
        if let Some((cause, at)) = causes(policy, order, line, promised_by, look).first() {
            let sentence = format!(
                "Order {}: line {line} does not arrive by {promised_by}, as {}, and nobody told the customer.",
                order.number,
                words(*cause)
            );
            bench.found(Finding::new(format!("silent {line}"), sentence).evidence([seq, *at]));
        }
        check_answer(order, line, now, bench);
    }
}

/// What nobody agreed to wait for is canceled, unless a node that was asked could not stop it any more.
fn check_answer(order: &OrderBook, line: &LineId, now: Timestamp, bench: &mut Bench) {
    let Some(told) = order.promises.last(line) else { return };
    let Some(consent_by) = told.promise.consent_by.filter(|until| *until < now) else { return };
    let agreed = order.promises.consents.get(&(line.clone(), told.promise.revision));
    let open = order.open_units(line);
    let asked_node = order.promises.stopped_at.is_some_and(|at| at >= consent_by);
    if agreed.is_some() || open == 0 || asked_node {
        return;
    }
    let sentence = format!(
        "Order {}: the customer did not agree until {consent_by} to wait for line {line}, and {} of it are not canceled.",
        order.number,
        units(open)
    );
    bench.found(Finding::new(format!("unanswered {line}"), sentence).evidence([told.seq]));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings},
        model::{DelayReason, ScanCode},
    };

    fn told(history: &History) -> Vec<String> {
        findings("L8", &history.records())
    }

    /// Nothing left when it should have: 48 hours before 120 are over.
    fn late() -> History {
        let mut history = History::promised(120);
        history.pass(72);
        history
    }

    #[test]
    fn a_promise_that_is_kept_needs_no_other() {
        let mut history = History::promised(120);
        history.pass(20);
        history.ship_parcel("S-1", 2);
        history.pass(40);
        history.scan("S-1", ScanCode::Delivered);
        history.settle();
        assert_eq!(told(&history), [""; 0]);
    }

    #[test]
    fn what_has_not_left_in_time_is_told_within_the_declared_time() {
        let mut history = late();
        history.revise(1, 72, DelayReason::NotShipped);
        history.settle();
        assert_eq!(told(&history), [""; 0]);
        let mut history = late();
        history.pass(2);
        history.settle();
        assert_eq!(
            told(&history),
            [
                "Order W-17: line L-1 does not arrive by 1970-01-06T00:00:00Z, as it has not left in time, and nobody \
                 told the customer."
            ]
        );
        let mut history = late();
        history.pass(2);
        history.revise(1, 72, DelayReason::NotShipped);
        assert!(
            told(&history)[0]
                .contains("could not arrive by 1970-01-06T00:00:00Z any more; the customer was told at")
        );
    }

    #[test]
    fn a_promise_that_can_be_kept_is_not_moved() {
        let mut history = History::promised(120);
        history.pass(20);
        history.revise(1, 240, DelayReason::NotShipped);
        assert_eq!(told(&history).len(), 1);
        assert!(
            told(&history)[0]
                .starts_with("Order W-17: line L-1 could arrive by 1970-01-06T00:00:00Z, and is told")
        );
    }

    #[test]
    fn a_slow_node_is_told_of_when_it_has_the_claim_and_before_it_is_asked() {
        let mut history = History::promised(80);
        history.revise(1, 120, DelayReason::SlowNode);
        assert!(told(&history)[0].ends_with("the node takes longer."));
        let mut history = History::promised(80);
        history.claim_at_slow_node();
        history.revise(1, 120, DelayReason::SlowNode);
        assert_eq!(told(&history), [""; 0]);
    }

    #[test]
    fn a_date_is_later_than_the_one_before_and_has_its_own_number() {
        let mut history = late();
        history.revise(1, 72, DelayReason::NotShipped);
        history.revise(1, 73, DelayReason::NotShipped);
        assert!(told(&history)[0].contains("is told again, and is another"));
        let mut history = late();
        history.revise(1, 10, DelayReason::NotShipped);
        assert!(told(&history)[0].contains("was to arrive by"));
        let mut history = late();
        history.revise(1, 72, DelayReason::NotShipped);
        history.forget_dates();
        assert!(told(&history)[0].contains("is not shown any more"));
        let mut history = History::accepted();
        history.revise(1, 72, DelayReason::NotShipped);
        assert_eq!(told(&history), [""; 0], "an order without a promise is not judged");
    }

    #[test]
    fn units_that_wait_for_goods_are_told_unless_the_date_is_far() {
        let mut history = History::promised(120);
        history.backorder(1);
        history.settle();
        assert!(told(&history)[0].contains("as units are not there yet"));
        let mut history = History::promised(120);
        history.backorder(1);
        history.revise(1, 17 * 24, DelayReason::BackOrder);
        history.settle();
        assert_eq!(told(&history), [""; 0]);
        let mut history = History::promised(20 * 24);
        history.backorder(1);
        history.settle();
        assert_eq!(told(&history), [""; 0]);
    }

    #[test]
    fn a_parcel_that_is_late_is_told_whoever_says_so() {
        let mut history = History::promised(120);
        history.ship_parcel("S-1", 2);
        history.estimate("S-1", 150);
        history.settle();
        assert!(told(&history)[0].contains("as the carrier is late"));
        let mut history = History::promised(120);
        history.ship_parcel("S-1", 2);
        history.estimate("S-1", 150);
        history.revise(1, 160, DelayReason::Carrier);
        history.pass(130);
        history.scan("S-1", ScanCode::Delivered);
        history.settle();
        assert_eq!(told(&history), [""; 0]);
        let mut history = History::promised(120);
        history.ship_parcel("S-1", 2);
        history.pass(130);
        history.scan("S-1", ScanCode::Delivered);
        assert!(told(&history)[0].contains("and nobody was told before"));
        let mut history = History::promised(120);
        history.ship_parcel("S-1", 2);
        history.scan("S-1", ScanCode::Delivered);
        history.pass(130);
        history.scan("S-1", ScanCode::Delivered);
        assert_eq!(told(&history), [""; 0], "it had arrived");
        let mut history = History::promised(120);
        history.ship_parcel("S-1", 2);
        history.pass(130);
        history.scan("S-1", ScanCode::Lost);
        history.settle();
        assert_eq!(told(&history), [""; 0], "what is lost is promised no more");
    }

    #[test]
    fn who_waits_again_is_asked_and_not_kept_waiting_without_an_answer() {
        let mut history = late();
        history.revise(1, 72, DelayReason::NotShipped);
        history.pass(24);
        history.revise(2, 96, DelayReason::NotShipped);
        assert!(told(&history)[0].contains("is told to wait again for line L-1, and not asked"));
        let asked = |hours: i64| {
            let mut history = late();
            history.revise(1, 72, DelayReason::NotShipped);
            history.pass(24);
            history.revise_asking(2, 120, DelayReason::NotShipped, Some(hours));
            history
        };
        assert!(told(&asked(3))[0].contains("too soon"));
        let mut history = asked(48);
        history.pass(50);
        history.settle();
        assert!(told(&history)[0].contains("the customer did not agree"));
        let mut history = asked(48);
        history.accept_delay(2);
        history.pass(44);
        history.ship_parcel("S-1", 2);
        history.pass(10);
        history.settle();
        assert_eq!(told(&history), [""; 0]);
    }

    proptest! {
        /// What leaves in time and arrives in time is never accused, whatever was promised.
        #[test]
        fn whoever_is_in_time_needs_no_date(promised in 49_i64..400, leaves in 0_u8..100, arrives in 0_u8..100) {
            let mut history = History::promised(promised);
            let left = i64::from(leaves) * (promised - 49) / 100;
            history.pass(left);
            history.ship_parcel("S-1", 2);
            history.pass(i64::from(arrives) * (promised - left - 1) / 100);
            history.scan("S-1", ScanCode::Delivered);
            history.settle();
            prop_assert_eq!(told(&history), [""; 0]);
        }
    }
}
