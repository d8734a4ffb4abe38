//! O12: an order is worth what its parts are worth.

use super::law::{Bench, Check, Finding, Moment};
use crate::{invariants::Law, journal::Outcome, model::System, protocol::middleware};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "O12",
        name: "sums add up",
        text: "The middleware accepts an order only if its lines, with promotions and taxes, and shipping sum to \
               its total to the cent, and its tenders as well.",
        source: "bug reports PrestaShop/PrestaShop#40271, bagisto/bagisto#1509",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    let submitted = exchange.to == System::Middleware && exchange.operation == middleware::SUBMIT_ORDER.id;
    let (true, Outcome::Ok, Some(terms)) = (submitted, exchange.outcome, &order.terms) else { return };
    bench.looks();
    let total = terms.total.gross;
    let wrong = ["lines and shipping", "tenders"].into_iter().zip(terms.sums).find(|(_, sum)| *sum != total);
    let Some((what, sum)) = wrong else { return };
    let sentence = format!(
        "Order {} over {} was accepted, although its {what} sum to {}.",
        order.number,
        terms.money(total),
        terms.money(sum)
    );
    let finding = Finding::new("sums", sentence).evidence([terms.seq, moment.record.seq]);
    bench.found(finding.says(System::Middleware, "accepted the order", true));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings, lives},
        journal::Effect,
    };

    fn dearer(mut history: History, more: i64) -> Vec<String> {
        history.edit(|effect| {
            if let Effect::OrderPlaced { order } = effect {
                order.total.amount += more;
            }
        });
        findings("O12", &history.records())
    }

    #[test]
    fn an_order_that_is_a_cent_dearer_than_its_lines_is_found() {
        assert_eq!(
            dearer(Life::default().accepted(), 1),
            ["Order W-17 over 99.81 EUR was accepted, although its lines and shipping sum to 99.80 EUR."]
        );
    }

    #[test]
    fn tenders_that_do_not_cover_the_order_are_found() {
        let mut history = History::accepted();
        history.edit(|effect| {
            if let Effect::OrderPlaced { order } = effect {
                order.tenders.clear();
            }
        });
        assert_eq!(
            findings("O12", &history.records()),
            ["Order W-17 over 99.80 EUR was accepted, although its tenders sum to 0.00 EUR."]
        );
    }

    proptest! {
        #[test]
        fn another_total_is_found_in_every_life(life in lives(), more in 1_i64..1_000) {
            prop_assert_eq!(dearer(life.history(), more).len(), 1);
        }
    }
}
