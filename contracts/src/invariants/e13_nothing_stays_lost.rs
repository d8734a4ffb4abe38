//! E13: what a restored system had lost is there again.

use super::{
    books::{Fact, Loss, OrderBook},
    law::{Bench, Check, Finding, Moment},
};
use crate::{invariants::Law, journal::Effect};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "E13",
        name: "nothing stays lost",
        text: "What a system had committed for an order and lost because it failed over to an earlier state is there \
               again when everything has come to rest, once: a booking, money, goods or a document. A newer snapshot \
               or sum makes up for an older one.",
        source: "Recovery point objective of asynchronous replication (a fail-over loses the last seconds); Jepsen \
                 total-queue (what was acknowledged is lost or recovered)",
    },
    on_effect: None,
    on_exchange: None,
    at_rest: Some(check),
};

fn check(_: &Moment<'_>, order: &OrderBook, bench: &mut Bench) {
    for _ in 0..order.losses.came_back {
        bench.looks();
    }
    for loss in order.losses.owed() {
        bench.looks();
        bench.found(finding(order, loss));
    }
}

fn finding(order: &OrderBook, loss: &Loss) -> Finding {
    let (system, what) = (loss.committed.system, what(&loss.committed.effect));
    let sentence = format!(
        "The {} lost {what} of order {} when it was restored, and nobody brought it back.",
        system.title(),
        order.number
    );
    Finding::new(format!("{what} at {system}"), sentence)
        .evidence([loss.seq])
        .evidence(order.messages.calls_of_key(system, loss.committed.key.as_deref()).iter().copied())
        .says(system, format!("has lost {what}"), true)
}

/// What was lost, in words that tell it from the rest.
fn what(effect: &Effect) -> String {
    if let Some(Fact { noun, identity }) = Fact::of(effect) {
        return format!("{noun} {identity}");
    }
    money(effect).unwrap_or_else(|| match effect {
        Effect::SalesOrderBooked { sales_order } => sales_order
            .erp_document
            .as_ref()
            .map_or_else(|| "the sales order".to_owned(), |number| format!("sales order {number}")),
        Effect::StockReserved { reservation } => format!("reservation {}", reservation.reservation_id),
        Effect::ReservationReleased { release } => format!("the release of stock for {}", release.cause),
        Effect::ReservationConsumed { release } => format!("the use of claimed stock for {}", release.cause),
        Effect::StatusShown { update } => format!("status number {}", update.sequence),
        Effect::FulfillmentCanceled { result } => {
            format!("its answer to cancellation {}", result.cancellation_id)
        }
        Effect::LabelAttached { shipment } => format!("the label of shipment {}", shipment.shipment_id),
        other => tag(other),
    })
}

fn money(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::PaymentAuthorized { authorization } => {
            format!("authorization {}", authorization.authorization_id)
        }
        Effect::PaymentCaptured { capture } => format!("capture {}", capture.capture_id),
        Effect::CaptureAccepted { capture } => format!("the acceptance of capture {}", capture.capture_id),
        Effect::CaptureFailed { capture } => format!("the failure of capture {}", capture.capture_id),
        Effect::AuthorizationVoided { authorization_id, .. } => {
            format!("the end of authorization {authorization_id}")
        }
        Effect::AuthorizationExpired { authorization, .. } => {
            format!("the end of authorization {}", authorization.authorization_id)
        }
        Effect::PaymentDisputed { dispute } => format!("dispute {}", dispute.dispute_id),
        Effect::DisputeClosed { dispute } => format!("the end of dispute {}", dispute.dispute_id),
        Effect::RefundAccepted { refund, .. } => format!("refund {}", refund.refund_id),
        Effect::RefundSucceeded { refund } => format!("the payment of refund {}", refund.refund_id),
        Effect::RefundFailed { refund } => format!("the failure of refund {}", refund.refund_id),
        Effect::RefundShown { notice } => format!("the notice of refund {}", notice.refund.refund_id),
        Effect::Posted { posting } => format!("posting {}", posting.erp_document),
        Effect::AccountCredited { entry, .. } => format!("a credit of {} for {}", entry.amount, entry.cause),
        Effect::MarketplaceCollected { amount } => format!("the collection of {amount}"),
        Effect::TaxVoided { document } => {
            format!("the withdrawal of tax document {}", document.document_code)
        }
        _ => return None,
    })
}

/// An effect by its kind: `tax quoted`.
fn tag(effect: &Effect) -> String {
    let value = serde_json::to_value(effect).unwrap_or_default();
    let tag = value.get("effect").and_then(serde_json::Value::as_str).unwrap_or("effect");
    format!("\"{}\"", tag.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::{
            Judge,
            testing::{History, Life, findings, lives, violations},
        },
        journal::{Committed, Effect, Outcome},
        model::System,
        policy::Policy,
    };

    const FOUND: [&str; 2] = [
        "The ERP lost reservation rsv-1 of order W-17 when it was restored, and nobody brought it back.",
        "The ERP lost sales order so-W-17-1 of order W-17 when it was restored, and nobody brought it back.",
    ];

    fn booked(effect: &Effect) -> bool {
        matches!(effect, Effect::SalesOrderBooked { .. } | Effect::StockReserved { .. })
    }

    /// Everything that any law says.
    fn all(history: &History) -> Vec<String> {
        let mut judge = Judge::new(Policy::default());
        let violations: Vec<_> = history.records().iter().flat_map(|record| judge.observe(record)).collect();
        violations.into_iter().map(|violation| violation.invariant + ": " + &violation.sentence).collect()
    }

    #[test]
    fn what_nobody_brings_back_is_found() {
        let mut history = History::shipped();
        assert_eq!(history.lose(System::Erp, booked).len(), 2);
        history.settle();
        assert_eq!(findings("E13", &history.records()), FOUND);
        let found = violations("E13", &history.records());
        assert!(found.iter().all(|violation| violation.systems.len() == 1 && !violation.evidence.is_empty()));
    }

    #[test]
    fn what_a_replay_brings_back_is_no_second_one_for_any_law() {
        let mut history = History::shipped();
        let lost = history.lose(System::Erp, booked);
        history.replay(Outcome::Ok);
        lost.iter().for_each(|committed| history.bring_back(committed));
        history.settle();
        assert_eq!(all(&history), [""; 0]);
        history.bring_back(&lost[1]);
        assert_eq!(findings("O1", &history.records()).len(), 1, "only what is lost can come again");
    }

    #[test]
    fn another_key_or_system_brings_nothing_back() {
        for change in [
            |lost: &Committed| Committed { key: Some("k-other".to_owned()), ..lost.clone() },
            |lost: &Committed| Committed { system: System::Psp, ..lost.clone() },
        ] {
            let mut history = History::shipped();
            let lost = history.lose(System::Erp, booked);
            history.bring_back(&change(&lost[1]));
            history.bring_back(&lost[0]);
            history.settle();
            assert_eq!(findings("E13", &history.records()), [FOUND[1]]);
            assert_eq!(findings("O1", &history.records()).len(), 1, "it is a second sales order");
        }
    }

    #[test]
    fn a_newer_status_makes_up_for_a_lost_one() {
        let mut history = Life::default().accepted();
        let shown = |effect: &Effect| matches!(effect, Effect::StatusShown { .. });
        assert!(!history.lose(System::Storefront, shown).is_empty());
        history.settle();
        assert!(!findings("E13", &history.records()).is_empty());
        let mut history = Life::default().accepted();
        history.lose(System::Storefront, shown);
        history.ship_parcel("S-1", 1);
        history.settle();
        assert_eq!(findings("E13", &history.records()), [""; 0]);
    }

    proptest! {
        /// Whatever was last in a correct life is lost: it is missed, and all laws hold once it is there again.
        #[test]
        fn what_is_lost_is_missed_until_it_is_back(life in lives(), kept in 0_usize..12, whose in 0_usize..5) {
            let system = [System::Erp, System::Psp, System::Wms, System::Tax, System::StoredValue][whose];
            let lose = |history: &mut History| {
                let mut count = 0;
                history.lose(system, |_| {
                    count += 1;
                    count > kept
                })
            };
            let mut history = life.history();
            let lost = lose(&mut history);
            history.settle();
            let owed = lost.iter().any(|lost| !matches!(lost.effect, Effect::EventRaised { .. }));
            prop_assert_eq!(!findings("E13", &history.records()).is_empty(), owed);
            let mut history = life.history();
            lose(&mut history).iter().for_each(|committed| history.bring_back(committed));
            history.settle();
            prop_assert_eq!(all(&history), [""; 0]);
        }
    }
}
