//! O4: in whatever is shown of an order, units add up.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineState, System},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O4",
        name: "units add up",
        text: "Whatever a channel, customer service or the middleware shows of a line: as many units are ordered \
               as the customer ordered, no more are canceled or shipped than ordered, and no more returned or lost \
               than shipped.",
        source: "bug reports odoo/odoo#245013, SAP/spartacus#6047",
    },
    on_effect: Some(check),
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order else { return };
    match moment.committed().map(|committed| (committed.system, &committed.effect)) {
        Some((system, Effect::StatusShown { update })) => {
            check_lines(moment, order, system, update.lines.iter(), bench);
        }
        Some((system, Effect::TimelineWritten { entry })) => {
            check_lines(moment, order, system, entry.lines.iter(), bench);
        }
        Some(_) => {}
        None => {
            let answer = order.answers.view.current.as_ref();
            if let Some(shown) = answer.filter(|shown| shown.seq == moment.record.seq) {
                check_lines(moment, order, System::Middleware, shown.lines.values(), bench);
            }
        }
    }
}

fn check_lines<'a>(
    moment: &Moment<'_>,
    order: &OrderBook,
    system: System,
    lines: impl Iterator<Item = &'a LineState>,
    bench: &mut Bench,
) {
    for line in lines {
        bench.looks();
        let Some(wrong) = wrong(order, line) else { continue };
        let sentence =
            format!("Order {}, line {}: the {} shows {wrong}.", order.number, line.line_id, system.title());
        let subject = format!("line {} at {system}", line.line_id);
        let finding = Finding::new(subject, sentence).evidence([moment.record.seq]);
        bench.found(finding.evidence(order.terms.as_ref().map(|terms| terms.seq)).says(system, wrong, true));
    }
}

/// What does not add up.
fn wrong(order: &OrderBook, line: &LineState) -> Option<String> {
    let placed = order.terms.as_ref().map(|terms| terms.lines.get(&line.line_id).map(|line| line.quantity));
    let count = |number: u32| units(i64::from(number));
    if placed.is_some_and(|placed| placed != Some(line.ordered)) {
        let placed = placed.flatten().unwrap_or(0);
        return Some(format!("{} ordered, but the customer ordered {placed}", count(line.ordered)));
    }
    if line.canceled.saturating_add(line.shipped) > line.ordered {
        let (canceled, shipped) = (line.canceled, line.shipped);
        return Some(format!("{} ordered, {canceled} canceled and {shipped} shipped", count(line.ordered)));
    }
    if line.returned > line.shipped {
        return Some(format!("{} shipped, but {} returned", count(line.shipped), line.returned));
    }
    (line.returned.saturating_add(line.lost) > line.shipped).then(|| {
        format!("{} shipped, but {} returned and {} lost", count(line.shipped), line.returned, line.lost)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        model::OrderStatus,
    };

    #[test]
    fn more_canceled_and_shipped_than_ordered_is_found_wherever_it_is_shown() {
        let mut history = History::shipped();
        history.edit_states(|state| state.canceled = 1);
        history.show(OrderStatus::Shipped);
        assert_eq!(
            findings("O4", &history.records()),
            [
                "Order W-17, line L-1: the storefront shows 2 units ordered, 1 canceled and 2 shipped.",
                "Order W-17, line L-1: the customer service shows 2 units ordered, 1 canceled and 2 shipped.",
            ]
        );
    }

    #[test]
    fn more_returned_than_shipped_is_found_in_an_answer() {
        let mut history = History::accepted();
        history.answer_read_with(|state| state.returned = 1);
        assert_eq!(
            findings("O4", &history.records()),
            ["Order W-17, line L-1: the middleware shows 0 units shipped, but 1 returned."]
        );
    }

    proptest! {
        #[test]
        fn another_number_of_ordered_units_is_found_in_every_life(life in lives(), more in 1_u32..3) {
            let mut history = life.history();
            history.answer_read_with(|state| state.ordered += more);
            prop_assert_eq!(findings("O4", &history.records()).len(), 1);
        }
    }
}
