//! I14: a change of prices moves no stock.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, journal::Effect, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I14",
        name: "prices move no stock",
        text: "A change of an order that concerns prices alone neither moves stock nor claims it nor gives it back.",
        source: "bug report medusajs/medusa#16406",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(committed)) = (moment.order, moment.committed()) else { return };
    let what = match &committed.effect {
        Effect::StockMoved { .. } => "moved stock",
        Effect::StockReserved { .. } | Effect::StockBackordered { .. } => "claimed stock",
        Effect::ReservationReleased { .. } => "gave stock back",
        Effect::SalesOrderChanged { .. } => "",
        _ => return,
    };
    let Some((change, wish)) = committed.correlation.as_ref().and_then(|chain| order.changes.wish_of(chain))
    else {
        return;
    };
    if !wish.prices_only {
        return;
    }
    bench.looks();
    if what.is_empty() {
        return;
    }
    let sentence = format!("Order {}: change {change} concerns prices alone, but {what}.", order.number);
    let finding = Finding::new(format!("change {change} {what}"), sentence);
    bench.found(finding.evidence([wish.version.seq, moment.record.seq]).says(System::Erp, what, true));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::invariants::testing::{Life, findings, lives};

    #[test]
    fn a_price_change_that_claims_stock_again_is_found() {
        let mut history = Life::default().accepted();
        history.change_with("CH-1", 2_000, None, |history| history.release_claim(1));
        assert_eq!(
            findings("I14", &history.records()),
            ["Order W-17: change CH-1 concerns prices alone, but gave stock back."]
        );
    }

    proptest! {
        #[test]
        fn what_happens_in_other_chains_is_lawful(life in lives(), price in 100_i64..5_000) {
            let mut history = life.accepted();
            history.change("CH-1", price, None);
            history.ship_parcel("S-9", 1);
            prop_assert_eq!(findings("I14", &history.records()), [""; 0]);
        }
    }
}
