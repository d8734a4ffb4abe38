//! Steps that systems show: from which snapshot of an order to which one.

use super::{
    books::Shown,
    law::{Finding, Moment},
};
use crate::{
    journal::Effect,
    lifecycle::Lifecycle,
    model::{OrderNumber, System},
};

/// A step that a record made visible.
pub(super) struct Step<'a> {
    pub(super) order: &'a OrderNumber,
    /// Whose view took it.
    pub(super) system: System,
    pub(super) from: &'a Shown,
    pub(super) to: &'a Shown,
}

/// The step that a record made visible, if any. A system that skipped some shows a longer one.
pub(super) fn step<'a>(moment: &Moment<'a>) -> Option<Step<'a>> {
    let order = moment.order?;
    let (system, view) = match (moment.committed(), moment.exchange()) {
        (Some(committed), _) => match &committed.effect {
            Effect::StatusShown { .. } => (committed.system, order.views.get(&committed.system)?),
            Effect::TimelineWritten { .. } => (committed.system, &order.timeline),
            _ => return None,
        },
        (_, Some(exchange)) if exchange.to == System::Middleware => (System::Middleware, &order.answers.view),
        _ => return None,
    };
    let (from, to) = view.step_at(moment.record.seq)?;
    Some(Step { order: &order.number, system, from, to })
}

/// How a status moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Motion {
    /// Legal steps lead there, or it stayed.
    Legal,
    /// It fell back, or left a terminal status.
    Back,
    /// No legal step leads there.
    Illegal,
}

/// How a status moved from one to another.
pub(super) fn motion<S: Lifecycle>(from: S, to: S) -> Motion {
    if from.reachable(to) {
        Motion::Legal
    } else if to.rank() < from.rank() || from.is_terminal() {
        Motion::Back
    } else {
        Motion::Illegal
    }
}

impl Step<'_> {
    /// Every status that moved in a given way: what has it (`Order W-17: parcel S-1`), from where, to where.
    pub(super) fn moves(&self, motion_wanted: Motion) -> Vec<(String, String, String)> {
        let mut moves = Vec::new();
        if motion(self.from.status, self.to.status) == motion_wanted {
            moves.push((format!("Order {}", self.order), self.from.status.name(), self.to.status.name()));
        }
        for (id, to) in &self.to.shipments {
            if let Some(from) = self.from.shipments.get(id)
                && motion(*from, *to) == motion_wanted
            {
                moves.push((format!("Order {}: parcel {id}", self.order), from.name(), to.name()));
            }
        }
        for (id, to) in &self.to.returns {
            if let Some(from) = self.from.returns.get(id)
                && motion(*from, *to) == motion_wanted
            {
                moves.push((format!("Order {}: return {id}", self.order), from.name(), to.name()));
            }
        }
        moves
    }

    /// Where it was shown, as a sentence ends.
    pub(super) fn place(&self) -> String {
        match self.system {
            System::CustomerService => "in customer service".to_owned(),
            system => format!("at the {}", system.title()),
        }
    }

    /// A finding about this step.
    pub(super) fn finding(&self, subject: &str, sentence: String) -> Finding {
        Finding::new(format!("{subject} at {}", self.system), sentence).evidence([self.from.seq, self.to.seq])
    }
}
