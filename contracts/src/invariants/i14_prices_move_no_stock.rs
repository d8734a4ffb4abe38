//! I14: a change of prices moves no stock.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, journal::Effect, model::System};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "I14",
        name: "prices move no stock",
        text: "A change of an order that concerns prices alone neither moves stock nor claims it nor gives it back. \
               Nor does a price adjustment, or the return of goods that the customer keeps: nothing is sent or announced \
               for it.",
        source: "bug report medusajs/medusa#16406",
    },
    on_effect: Some(check),
    on_exchange: None,
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(order), Some(committed)) = (moment.order, moment.committed()) else { return };
    let (system, what) = match &committed.effect {
        Effect::StockMoved { .. } => (System::Erp, "moved stock"),
        Effect::StockReserved { .. } | Effect::StockBackordered { .. } => (System::Erp, "claimed stock"),
        Effect::ReservationReleased { .. } => (System::Erp, "gave stock back"),
        Effect::LabelIssued { .. } => (System::Carrier, "issued a label"),
        Effect::ReturnAuthorized { .. } => (System::Erp, "expects goods back"),
        Effect::ReturnNoticed { .. } => (System::Wms, "expects goods back"),
        Effect::ReturnReceiptBooked { .. } => (System::Erp, "booked goods as received"),
        Effect::SalesOrderChanged { .. } | Effect::CreditMemoPosted { .. } => (System::Erp, ""),
        _ => return,
    };
    let Some(chain) = &committed.correlation else { return };
    let change = order.changes.wish_of(chain).filter(|(_, wish)| wish.prices_only);
    let adjustment = order.adjustments.iter().find(|(_, known)| known.chain.as_ref() == Some(chain));
    let (subject, sentence, seq) = match (change, adjustment) {
        (Some((change, wish)), _) => {
            (format!("change {change}"), format!("change {change} concerns prices alone"), wish.version.seq)
        }
        (None, Some((id, known))) => (
            format!("adjustment {id}"),
            format!("price adjustment {id} leaves the goods where they are"),
            known.seq,
        ),
        (None, None) => match order.keeping.get(chain) {
            Some((_, seq)) if !matches!(committed.effect, Effect::ReturnAuthorized { .. }) => {
                ("goods that are kept".to_owned(), "the customer keeps the goods".to_owned(), *seq)
            }
            _ => return,
        },
    };
    bench.looks();
    if what.is_empty() {
        return;
    }
    let sentence = format!("Order {}: {sentence}, but the {} {what}.", order.number, system.title());
    let finding = Finding::new(format!("{subject}: {system} {what}"), sentence);
    bench.found(finding.evidence([seq, moment.record.seq]).says(system, what, true));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{Life, findings, lives},
        model::StockCondition,
    };

    #[test]
    fn a_price_change_that_claims_stock_again_is_found() {
        let mut history = Life::default().accepted();
        history.change_with("CH-1", 2_000, None, |history| history.release_claim(1));
        assert_eq!(
            findings("I14", &history.records()),
            ["Order W-17: change CH-1 concerns prices alone, but the ERP gave stock back."]
        );
    }

    #[test]
    fn a_price_adjustment_for_which_goods_are_expected_or_booked_is_found() {
        let mut history = Life::default().shipped();
        history.adjust("PA-1", 1_000, 0);
        assert_eq!(findings("I14", &history.records()), [""; 0]);
        history.in_chain("c-PA-1", |history| {
            history.restock("PA-1", 1, StockCondition::Sellable);
            history.announce("RMA-1", 1);
        });
        assert_eq!(
            findings("I14", &history.records()),
            [
                "Order W-17: price adjustment PA-1 leaves the goods where they are, but the ERP moved stock.",
                "Order W-17: price adjustment PA-1 leaves the goods where they are, but the ERP expects goods back.",
            ]
        );
    }

    #[test]
    fn goods_that_are_kept_and_expected_all_the_same_are_found() {
        let mut history = Life::default().shipped();
        history.keep("RMA-1", 1, true);
        assert_eq!(findings("I14", &history.records()), [""; 0]);
        history.in_chain("c-RMA-1", |history| {
            history.restock("RMA-1", 1, StockCondition::Sellable);
            history.book_receipt("R-1", "RMA-1", 1);
        });
        assert_eq!(
            findings("I14", &history.records()),
            [
                "Order W-17: the customer keeps the goods, but the ERP moved stock.",
                "Order W-17: the customer keeps the goods, but the ERP booked goods as received.",
            ]
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
