//! Checking a plan: what its fields say together must be able to happen.

use super::{
    Break, CHAOS_LEVEL_MAX, Direction, FORMAT, Fault, Link, Misfortune, Moment, OrderKey, Plan, Reason,
    Refusal, Window, refusal::Nearest,
};
use crate::protocol::{Method, OPERATIONS, Operation};

/// Statuses with which a call may be answered in error.
const STATUSES: [u16; 6] = [408, 429, 500, 502, 503, 504];

impl Plan {
    /// Every place of the plan that cannot be taken; empty: it can be carried out.
    pub fn check(&self) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut refuse = |pointer: String, reason| refusals.push(Refusal { pointer, reason });
        if self.format != FORMAT {
            refuse("/format".to_owned(), Reason::Format);
        }
        if self.faults.is_empty() {
            refuse("/faults".to_owned(), Reason::Empty);
        }
        for (index, fault) in self.faults.iter().enumerate() {
            check_fault(fault, &mut |place, reason| refuse(format!("/faults/{index}{place}"), reason));
            let before = self.faults.iter().take(index).enumerate();
            for (first, earlier) in before {
                if earlier.name == fault.name {
                    let name = fault.name.clone();
                    refuse(format!("/faults/{index}/name"), Reason::NameTaken { first, name });
                }
                if contradict(earlier, fault) {
                    refuse(format!("/faults/{index}"), contradiction(first, earlier, fault));
                }
            }
        }
        refusals
    }
}

fn check_fault(fault: &Fault, refuse: &mut impl FnMut(&str, Reason)) {
    if let Some(reason) = fault.operation.as_deref().and_then(|name| misplaced(name, fault.link)) {
        refuse("/operation", reason);
    }
    if fault.order == Some(OrderKey::Ordinal(0)) {
        refuse("/order", Reason::OrdinalZero);
    }
    if fault.attempts.from == 0 {
        refuse("/attempts/from", Reason::AttemptZero);
    }
    if let Some(to) = fault.attempts.to.filter(|to| *to < fault.attempts.from) {
        refuse("/attempts", Reason::NoAttempt { from: fault.attempts.from, to });
    }
    if let Some(reason) = fault.window.and_then(never) {
        refuse("/window", reason);
    }
    if fault.percent.is_some_and(|percent| !(1..100).contains(&percent)) {
        refuse("/percent", Reason::Percent);
    }
    if !fault.misfortune.fits(fault.link.direction) {
        let misfortune = fault.misfortune.name();
        refuse("/misfortune", Reason::WrongDirection { misfortune, link: fault.link });
    } else if let Some(reason) = misfit(fault) {
        refuse("/misfortune", Reason::Misfortune(reason));
    }
}

/// Why an operation or event type does not travel on a link.
fn misplaced(name: &str, link: Link) -> Option<Reason> {
    let here = link.travelers();
    if here.contains(&name) {
        return None;
    }
    let links: Vec<Link> = Link::all().filter(|link| link.travelers().contains(&name)).collect();
    let name = name.to_owned();
    if !links.is_empty() {
        return Some(Reason::NotOnLink { name, link, links });
    }
    let all = Link::all().flat_map(Link::travelers);
    let on_link = Nearest::of(&name, here);
    let nearest = if on_link == Nearest::none() { Nearest::of(&name, all) } else { on_link };
    Some(Reason::UnknownOperation { name, nearest })
}

fn never(window: Window) -> Option<Reason> {
    match (window.for_ms, window.every_ms) {
        (Some(0), _) => Some(Reason::NeverOpen),
        (None, Some(_)) => Some(Reason::NeverCloses),
        (Some(length), Some(every)) if every <= length => Some(Reason::NeverCloses),
        _ => None,
    }
}

/// What of a misfortune cannot be, on the attempts and link that are named.
fn misfit(fault: &Fault) -> Option<&'static str> {
    let delivery = fault.link.direction == Direction::Delivery;
    match &fault.misfortune {
        Misfortune::ErrorAnswer { status, .. } if !STATUSES.contains(status) => {
            Some("status is none of 408, 429, 500, 502, 503 and 504")
        }
        Misfortune::ErrorAnswer { after_effect: true, status: 429, .. } => {
            Some("429 says that nothing was done; give another status to an error after the effect")
        }
        Misfortune::ConflictOnReplay if fault.attempts.from < 2 => {
            Some("the first attempt is no replay; give attempts from 2")
        }
        Misfortune::StaleRead { .. } if !reads(fault) => {
            Some("only a reading can be stale; name one of the system's GET operations")
        }
        Misfortune::CutOff if !fault.permanent => {
            Some("what is cut off never arrives; say so with \"permanent\": true")
        }
        Misfortune::Chaos { level } if !(1..=CHAOS_LEVEL_MAX).contains(level) => {
            Some("the level of chaos is 1, 2 or 3")
        }
        Misfortune::Drift { at: Some(at), .. } if !at.is_empty() && !at.starts_with('/') => {
            Some("at is no JSON Pointer; it begins with \"/\"")
        }
        Misfortune::Hold { .. } if fault.permanent && fault.window.and_then(|w| w.for_ms).is_none() => {
            Some("what is held for ever never comes to rest; use cut_off or lose_request, or give a window")
        }
        misfortune
            if delivery && fault.permanent && fault.attempts.to.is_none() && never_arrives(misfortune) =>
        {
            Some("what is tried for ever never comes to rest; use cut_off")
        }
        Misfortune::ClockSkew { .. } if fault.window.is_some_and(|window| window.on_contact) => {
            Some("a clock is wrong before any message comes; leave on_contact out")
        }
        Misfortune::Crash { .. } if fault.permanent => Some("a crash happens once and is not permanent"),
        Misfortune::Restored { .. } if fault.permanent => {
            Some("a system is restored once, which is not permanent")
        }
        misfortune if delivery && misfortune.moment() == Some(Moment::Wait) && fault.attempts.from > 1 => {
            Some("a delivery waits before its first attempt only; give attempts from 1")
        }
        _ => None,
    }
}

/// Whether a delivery has no effect, and its sender tries again.
const fn never_arrives(misfortune: &Misfortune) -> bool {
    matches!(
        misfortune,
        Misfortune::LoseRequest { .. }
            | Misfortune::BrokenRequest { how: Break::Truncated | Break::Reset, .. }
    )
}

/// Whether a fault's operation is a reading; where none is named, whether the system has one.
fn reads(fault: &Fault) -> bool {
    let named = |operation: &&Operation| fault.operation.as_ref().is_none_or(|name| *name == operation.id);
    let of_system = OPERATIONS.iter().filter(|operation| operation.system == fault.link.system);
    of_system.filter(named).any(|operation| operation.method == Method::Get)
}

/// Whether two faults may hit the same attempt and cannot both happen to it.
fn contradict(one: &Fault, other: &Fault) -> bool {
    one.link == other.link
        && either_or_same(one.operation.as_ref(), other.operation.as_ref())
        && either_or_same(one.order.as_ref(), other.order.as_ref())
        && either_or_same(one.key.as_ref(), other.key.as_ref())
        && one.attempts.overlap(other.attempts)
        && Window::overlap(one.window, other.window)
        && one.percent.is_none()
        && other.percent.is_none()
        && (exclude(one, other) || exclude(other, one))
}

fn either_or_same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
    one.zip(other).is_none_or(|(one, other)| one == other)
}

/// Whether the first, when it happens, leaves no room for the second.
fn exclude(first: &Fault, second: &Fault) -> bool {
    let delivery = first.link.direction == Direction::Delivery;
    if same_barrier(&first.misfortune, &second.misfortune) {
        return false;
    }
    let Some(moments) = first.misfortune.moment().zip(second.misfortune.moment()) else { return false };
    match moments {
        (one, other) if one == other => true,
        (Moment::Clock | Moment::Restore, _) | (_, Moment::Clock | Moment::Restore) => false,
        // A delivery waits before it is sent, a call after it arrived.
        (Moment::Arrival, Moment::Wait) => !delivery,
        (Moment::Arrival, _) | (Moment::Answer, Moment::Repetition) => true,
        (Moment::Answer, Moment::Content) => {
            !delivery && !matches!(first.misfortune, Misfortune::LateAnswer { .. })
        }
        _ => false,
    }
}

/// Whether both wait at one barrier, each with a message of its own.
fn same_barrier(one: &Misfortune, other: &Misfortune) -> bool {
    let name = |misfortune: &Misfortune| match misfortune {
        Misfortune::Barrier { barrier, .. } => Some(barrier.clone()),
        _ => None,
    };
    name(one).is_some_and(|barrier| name(other) == Some(barrier))
}

fn contradiction(first: usize, earlier: &Fault, later: &Fault) -> Reason {
    let (one, other) = (earlier.misfortune.name(), later.misfortune.name());
    Reason::Contradiction { first, name: earlier.name.clone(), earlier: one, later: other }
}
