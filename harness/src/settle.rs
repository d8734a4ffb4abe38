//! Waiting for rest: faults end, everything held back is delivered, and nothing moves any more.
//!
//! Rest is seen, not guessed: no delivery is open, nobody will repeat a call, and nothing was recorded for
//! a while. The while is short if all laws hold then, and long if one would be broken: a slow implementation
//! is not taken for a wrong one, and a right one does not make the run wait.

use std::time::Duration;

use counterproof_contracts::{
    journal::{Entry, Settled},
    model::Timestamp,
};

use crate::{steps::OPERATOR, world::Play};

/// Nothing recorded for so long, and every law holds: rest.
const QUIET: Duration = Duration::from_millis(120);
/// Nothing recorded for so long: rest, whatever the laws say.
pub(crate) const QUIET_FOR_CERTAIN: Duration = Duration::from_millis(2500);

/// Ends the scenario's faults and waits until everything is at rest, within the stage's bound. Then reads
/// every order from the implementation, so that its own view is compared as well, and records the rest.
/// Where nothing happened since the last rest, that is the rest.
pub async fn settle(play: &mut Play) -> Settled {
    let stage = std::sync::Arc::clone(&play.stage);
    let still = undisturbed(play);
    if still.is_none() {
        drain(play).await;
    }
    // The next scenario must find every gate open; if one cannot be opened, it will say so.
    let _ = stage.take_connections(&play.id, None).await;
    stage.heal(&play.id);
    if let Some(rest) = still {
        return rest;
    }
    stage.recording.healed(&play.id, stage.clock.now());
    let began = stage.clock.elapsed();
    let mut changes = stage.changes();
    let mut looked_at = None;
    let settled = loop {
        changes.mark_unchanged();
        let waited = stage.clock.elapsed().saturating_sub(began);
        let open = open_work(play);
        let quiet = quiet_for(play);
        let fresh = nothing_since(play, looked_at);
        if open.is_empty() && !fresh && quiet >= QUIET && look_up_orders(play).await {
            looked_at = Some(stage.clock.now());
            continue;
        }
        let rest = Settled {
            at_rest: true,
            waited_ms: millis(waited),
            converged_ms: stage.recording.converged_ms(&play.id),
            cut_off: stage.kernel.cut_off(&play.id),
            open: Vec::new(),
        };
        // A law that is broken already ends nothing early: what is still to come must not look as if it were missing.
        let still = patient_for(play) >= QUIET_FOR_CERTAIN;
        let certain = || still || stage.recording.would_hold(&play.id, &rest);
        // What begins meanwhile ends the rest before it is recorded: others do not stand still while this is decided.
        let rests = || open_work(play).is_empty() && nothing_since(play, looked_at) && certain();
        if open.is_empty() && fresh && stage.record_if(rests, Some(&play.id), Entry::Settled(rest.clone())) {
            break rest;
        }
        if waited >= stage.settle_within {
            let open = if open.is_empty() { vec!["traffic that does not end".to_owned()] } else { open };
            let unsettled = Settled { at_rest: false, open, ..rest };
            stage.record(Some(&play.id), Entry::Settled(unsettled.clone()));
            break unsettled;
        }
        // Either something is recorded, or it has been quiet for a while longer: both are worth a look.
        changes.within(QUIET.saturating_sub(quiet).max(QUIET / 4)).await;
    };
    play.rest = settled.at_rest.then(|| (stage.clock.now(), settled.clone()));
    settled
}

/// The last rest, if no step played since and nothing was recorded.
fn undisturbed(play: &Play) -> Option<Settled> {
    let (at, rest) = play.rest.as_ref()?;
    (nothing_since(play, Some(*at)) && open_work(play).is_empty()).then(|| rest.clone())
}

/// Whether somebody looked at an instant, and nothing of the scenario was recorded since.
fn nothing_since(play: &Play, looked_at: Option<Timestamp>) -> bool {
    looked_at.is_some_and(|at| play.stage.recording.last_activity(&play.id).is_none_or(|last| last <= at))
}

/// Lets what is under way arrive while faults are still on, so that they hit what they were planned for: a partner that asks
/// others for patience may hold up what is still to come.
/// What an outage holds up would never arrive, so the wait is short where time costs something; longer only for what has not
/// happened while there is news, or while a partner asks for patience, or did a moment ago: who was asked does not come at once.
async fn drain(play: &Play) {
    let began = play.stage.clock.elapsed();
    let mut changes = play.stage.changes();
    loop {
        changes.mark_unchanged();
        let waited = play.stage.clock.elapsed().saturating_sub(began);
        let happened = play.stage.never_happened(&play.faults).is_empty();
        let over = quiet_for(play) >= QUIET && open_work(play).is_empty() && happened;
        let hopeless = || untroubled_for(play).min(no_news_for(play)) >= QUIET_FOR_CERTAIN;
        let in_vain = waited >= play.stage.drain_within && (happened || hopeless());
        if over || in_vain || waited >= play.stage.patience {
            return;
        }
        changes.within(QUIET).await;
    }
}

/// Waits until nothing was recorded for a while and nobody will repeat a call; faults stay as they are. As in settling, the while
/// is short if nothing is open and every law would hold of a world that stays like this. What an outage holds up would never
/// arrive, so that is not waited for as long: calls that fail again and again are no news.
pub async fn quiet(play: &Play) {
    let as_it_is = Settled {
        at_rest: true,
        waited_ms: 0,
        converged_ms: std::collections::BTreeMap::new(),
        cut_off: Vec::new(),
        open: Vec::new(),
    };
    until_quiet(play, |quiet| {
        quiet >= QUIET && open_work(play).is_empty() && play.stage.recording.would_hold(&play.id, &as_it_is)
    })
    .await;
}

/// Waits until nothing was recorded for twice the longest pause that the implementation declares between two attempts: time enough
/// to try again for whoever leaves no trace when it does.
pub async fn let_it_try(play: &Play) {
    until_quiet(play, |quiet| quiet >= play.stage.longest_pause.saturating_mul(2)).await;
}

async fn until_quiet(play: &Play, enough: impl Fn(Duration) -> bool) {
    let began = play.stage.clock.elapsed();
    let mut changes = play.stage.changes();
    loop {
        changes.mark_unchanged();
        let waited = play.stage.clock.elapsed().saturating_sub(began);
        let quiet = quiet_for(play);
        let still = patient_for(play) >= QUIET_FOR_CERTAIN
            && play.stage.recording.unresolved(&play.id, play.stage.clock.now()).is_empty()
            && (waited >= play.stage.drain_within || open_work(play).is_empty());
        let in_vain = waited >= play.stage.drain_within
            && no_news_for(play) >= QUIET_FOR_CERTAIN.max(play.stage.repeats_within)
            && patience_is_over(play);
        if still || in_vain || enough(quiet) || waited >= play.stage.patience {
            return;
        }
        changes.within(QUIET).await;
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn open_work(play: &Play) -> Vec<String> {
    let mut open = play.stage.kernel.open_work(Some(&play.id));
    open.extend(play.stage.recording.unresolved(&play.id, play.stage.clock.now()));
    open
}

/// For how long nothing of the scenario was recorded.
fn quiet_for(play: &Play) -> Duration {
    since(play, play.stage.recording.last_activity(&play.id))
}

/// For how long nothing of the scenario was recorded, and no partner asked for patience: what a scenario still has to come may have
/// to wait for a partner that was asked too much by others.
fn patient_for(play: &Play) -> Duration {
    let recording = &play.stage.recording;
    since(play, recording.last_activity(&play.id).max(recording.patience_until()))
}

fn since(play: &Play, last: Option<Timestamp>) -> Duration {
    let now = play.stage.clock.now();
    last.map_or(Duration::MAX, |last| Duration::try_from(now.duration_since(last)).unwrap_or(Duration::ZERO))
}

/// For how long nothing of the scenario was recorded but calls that failed before and fail again.
fn no_news_for(play: &Play) -> Duration {
    play.stage.recording.without_news_for(&play.id, play.stage.clock.now())
}

/// For how long no partner has asked for patience; zero while one does.
fn untroubled_for(play: &Play) -> Duration {
    since(play, play.stage.recording.patience_until())
}

/// Whether no partner asks for patience any more.
fn patience_is_over(play: &Play) -> bool {
    play.stage.recording.patience_until().is_none_or(|until| until <= play.stage.clock.now())
}

async fn look_up_orders(play: &Play) -> bool {
    let mut all = true;
    for order in &play.orders {
        let root = play.same_root("order");
        all &= play.stage.look_up(order.sales_channel.system(), &order.order_number, &root).await;
        play.stage.read_audit_trail(&order.order_number, &root).await;
        // What nobody can read yet waits for a person.
        if play.stage.recording.told_unreadably(&play.id) {
            all &= play.stage.dead_letters(OPERATOR, &root).await.is_ok();
        }
    }
    all
}
