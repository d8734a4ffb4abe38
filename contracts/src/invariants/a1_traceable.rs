//! A1: everything that was done can be traced to who wanted it.

use super::{
    books::OrderBook,
    law::{Bench, Check, Finding, Moment},
};
use crate::invariants::Law;

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "A1",
        name: "traceable",
        text: "Every effect that a call caused carries a correlation id, and a channel or partner started that \
               chain for the same order, called its goods back or sent them between places.",
        source: "W3C Trace Context; audit duties of retailers",
    },
    on_effect: Some(check_present),
    on_exchange: None,
    at_rest: Some(check_rooted),
};

fn check_present(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(committed), Some(order)) = (moment.committed(), moment.order) else { return };
    if committed.spontaneous {
        return;
    }
    bench.looks();
    if committed.correlation.is_some() {
        return;
    }
    let key = committed.key.as_ref().map_or_else(String::new, |key| format!(" with key {key}"));
    let sentence = format!(
        "Order {}: the {} acted on a call{key} that carried no correlation id.",
        order.number,
        committed.system.title()
    );
    bench
        .found(Finding::new(format!("call to {}", committed.system), sentence).evidence([moment.record.seq]));
}

fn check_rooted(moment: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    let skus = || order.terms.iter().flat_map(|terms| terms.lines.values()).map(|line| &line.sku);
    let called_back = |chain| skus().any(|sku| moment.books.stock.recall_chain(sku) == Some(chain));
    let sent = |chain| skus().any(|sku| moment.books.transfers.is_chain_of(chain, sku));
    for (chain, (system, seq)) in &order.messages.chains {
        bench.looks();
        if order.messages.roots.contains(chain) || called_back(chain) || sent(chain) {
            continue;
        }
        let sentence = format!(
            "Order {}: the {} acted in the chain {chain}, which no channel or partner started for this order.",
            order.number,
            system.title()
        );
        bench.found(Finding::new(format!("chain {chain}"), sentence).evidence([*seq]));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, findings, lives},
        journal::Entry,
        model::CorrelationId,
    };

    #[test]
    fn an_effect_without_correlation_and_one_of_a_strange_chain_are_found() {
        let mut history = History::shipped();
        history.settle();
        let mut records = history.records();
        for record in &mut records {
            if let Entry::Effect(committed) = &mut record.entry
                && committed.effect.order_number().is_some()
                && committed.system == crate::model::System::Tax
            {
                committed.correlation = Some(CorrelationId::new("c-strange"));
            }
        }
        assert_eq!(
            findings("A1", &records),
            [
                "Order W-17: the tax engine acted in the chain c-strange, which no channel or partner started for this order."
            ]
        );
        for record in &mut records {
            if let Entry::Effect(committed) = &mut record.entry
                && committed.correlation == Some(CorrelationId::new("c-strange"))
            {
                committed.correlation = None;
            }
        }
        assert_eq!(
            findings("A1", &records),
            ["Order W-17: the tax engine acted on a call with key k-18 that carried no correlation id."]
        );
    }

    proptest! {
        #[test]
        fn losing_the_correlation_at_any_place_is_found(life in lives(), place in any::<prop::sample::Index>()) {
            let mut records = life.history().records();
            let caused: Vec<usize> = records
                .iter()
                .enumerate()
                .filter(|(_, record)| matches!(&record.entry, Entry::Effect(committed) if !committed.spontaneous))
                .map(|(index, _)| index)
                .collect();
            let Some(Entry::Effect(committed)) =
                caused.get(place.index(caused.len())).and_then(|index| records.get_mut(*index)).map(|record| &mut record.entry)
            else {
                return Ok(());
            };
            committed.correlation = None;
            prop_assert_eq!(findings("A1", &records).len(), 1);
        }
    }
}
