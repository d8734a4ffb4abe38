//! R3: every returned unit has one final disposition.

use std::collections::BTreeMap;

use super::{
    books::{OrderBook, ReceiptBook, Restock},
    i9_restock_follows_grade::condition_name,
    law::{Bench, Check, Finding, Moment, units},
};
use crate::{
    invariants::Law,
    journal::Effect,
    model::{LineId, ReceiptId, StockCondition},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "R3",
        name: "one final disposition",
        text: "Units that were put into quarantine leave it once, for what the dock decided: stock moves out of \
               quarantine, and into the condition that was decided or out of the books. No unit leaves quarantine \
               that was not decided on, and none is decided on twice.",
        source: "standard: GS1 CBV dispositions; bug reports frappe/ecommerce_integrations#397, magento/inventory#1240",
    },
    on_effect: Some(check_surplus),
    on_exchange: None,
    at_rest: Some(check_exactly),
};

fn check_surplus(moment: &Moment<'_>, bench: &mut Bench) {
    let Some(order) = moment.order else { return };
    let cause = match moment.effect() {
        Some(Effect::StockMoved { movement }) => movement.cause.as_str(),
        Some(Effect::GoodsDispositioned { decision }) => decision.receipt_id.as_str(),
        _ => return,
    };
    let known = order.receipts.get(&ReceiptId::new(cause));
    if let Some(receipt) = known.filter(|_| order.decisions.iter().any(|moved| moved.cause == cause)) {
        compare(order, cause, receipt, &receipt.restocks(moment.policy), false, bench);
    }
}

fn check_exactly(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for (receipt_id, receipt) in &order.receipts {
        let put_in = receipt.restocks(moment.policy);
        let moved = order.decisions.iter().any(|moved| moved.cause == receipt_id.as_str());
        if receipt.decided.is_empty() && !moved {
            continue;
        }
        check_decided(order, receipt_id, receipt, &put_in, bench);
        compare(order, receipt_id.as_str(), receipt, &put_in, receipt.is_owed(), bench);
    }
}

/// Units that grade and reason put somewhere, by line and condition.
type PutIn<'a> = BTreeMap<(&'a LineId, StockCondition), u32>;

fn in_quarantine(put_in: &PutIn<'_>, line: &LineId) -> i64 {
    put_in.get(&(line, StockCondition::Quarantine)).copied().map_or(0, i64::from)
}

/// Units of a line that were decided on.
fn decided(receipt: &ReceiptBook, line: &LineId) -> i64 {
    let own = receipt.decided.iter().filter(|((of, _), _)| of == line);
    own.map(|(_, quantity)| i64::from(*quantity)).sum()
}

/// The dock decides on what is in quarantine: more is a mistake of whoever told it, and nothing moves for it.
fn check_decided(
    order: &OrderBook,
    receipt_id: &ReceiptId,
    receipt: &ReceiptBook,
    put_in: &PutIn<'_>,
    bench: &mut Bench,
) {
    for line in receipt.lines.keys() {
        bench.looks();
        let there = in_quarantine(put_in, line);
        let out: i64 = moves(order, receipt_id.as_str(), line, Some(StockCondition::Quarantine))
            .map(|moved| -moved.units)
            .sum();
        if out <= there {
            continue;
        }
        let sentence = format!(
            "Order {}: {} of line {line} left quarantine for receipt {receipt_id}, but {there} were in it.",
            order.number,
            units(out)
        );
        bench.found(
            Finding::new(format!("quarantine of {line} of {receipt_id}"), sentence)
                .evidence(receipt.seqs.clone()),
        );
    }
}

fn moves<'a>(
    order: &'a OrderBook,
    cause: &'a str,
    line: &'a LineId,
    condition: Option<StockCondition>,
) -> impl Iterator<Item = &'a Restock> {
    let own = order.decisions.iter().filter(move |moved| moved.cause == cause && moved.line == *line);
    own.filter(move |moved| condition.is_none_or(|condition| moved.condition == condition))
}

/// Compares what moved with what was decided: while goods move only for too much, at rest for too little, too.
fn compare(
    order: &OrderBook,
    cause: &str,
    receipt: &ReceiptBook,
    put_in: &PutIn<'_>,
    at_rest: bool,
    bench: &mut Bench,
) {
    // What was decided on and never was in quarantine is nobody's to move.
    let sound = receipt.lines.keys().filter(|line| decided(receipt, line) <= in_quarantine(put_in, line));
    for line in sound {
        bench.looks();
        let mut due: BTreeMap<StockCondition, i64> = BTreeMap::new();
        for ((of, condition), quantity) in &receipt.decided {
            if let Some(condition) = condition.filter(|_| of == line) {
                *due.entry(condition).or_default() += i64::from(*quantity);
            }
        }
        due.insert(StockCondition::Quarantine, -decided(receipt, line));
        let mut came: BTreeMap<StockCondition, i64> = due.keys().map(|condition| (*condition, 0)).collect();
        for moved in moves(order, cause, line, None) {
            *came.entry(moved.condition).or_default() += moved.units;
        }
        for (condition, came) in came {
            let due = due.get(&condition).copied().unwrap_or(0);
            let too_much = came.abs() > due.abs() || came * due < 0;
            if came == due || !(too_much || at_rest) {
                continue;
            }
            let sentence = format!(
                "Order {}: {} of line {line} {} {} stock for the decisions on receipt {cause}, which ask for {}.",
                order.number,
                units(came.abs()),
                if came < 0 || due < 0 { "left" } else { "came into" },
                condition_name(condition),
                due.abs()
            );
            let seqs: Vec<u64> = moves(order, cause, line, Some(condition)).map(|moved| moved.seq).collect();
            let finding =
                Finding::new(format!("{line} of {cause} as {}", condition_name(condition)), sentence);
            bench.found(finding.evidence(receipt.seqs.iter().copied()).evidence(seqs));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings},
        model::{ConditionGrade, DispositionCode, StockCondition},
    };

    /// Two shirts came back as not described and wait in quarantine; the dock decides on so many.
    fn quarantined(decided: u32) -> History {
        let mut history = History::shipped();
        history.return_as_not_described("R-1", 2, ConditionGrade::A);
        if decided > 0 {
            history.decide("R-1", decided, DispositionCode::ToOutlet);
        }
        history
    }

    fn moved(out: i64, into: i64) -> Vec<String> {
        let mut history = quarantined(2);
        history.move_decided("R-1", -out, StockCondition::Quarantine);
        history.move_decided("R-1", into, StockCondition::Outlet);
        history.settle();
        findings("R3", &history.records())
    }

    #[test]
    fn what_was_decided_moves_once() {
        assert_eq!(moved(2, 2), [""; 0]);
        let mut waits = quarantined(0);
        waits.settle();
        assert_eq!(findings("R3", &waits.records()), [""; 0], "what waits breaks no law");
    }

    #[test]
    fn units_that_leave_quarantine_and_come_nowhere_are_found() {
        assert_eq!(
            moved(2, 1),
            [
                "Order W-17: 1 unit of line L-1 came into outlet stock for the decisions on receipt R-1, which ask for 2."
            ]
        );
    }

    #[test]
    fn units_that_leave_quarantine_without_decision_are_found() {
        let mut history = quarantined(0);
        history.move_decided("R-1", -1, StockCondition::Quarantine);
        assert_eq!(
            findings("R3", &history.records()),
            [
                "Order W-17: 1 unit of line L-1 left quarantine stock for the decisions on receipt R-1, which ask for 0."
            ]
        );
    }

    proptest! {
        #[test]
        fn is_kept_exactly_if_all_that_was_decided_moved(out in 0_i64..4, into in 0_i64..4) {
            prop_assert_eq!(moved(out, into).is_empty(), out == 2 && into == 2);
        }
    }
}
