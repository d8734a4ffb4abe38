//! M15: nobody is given back what the issuer of the card may give back, or has.

use super::{
    books::{OrderBook, Terms, Via},
    law::{Bench, Check, Finding, Moment},
};
use crate::{
    invariants::Law,
    journal::{Exchange, Outcome},
    model::{CaptureId, DisputeStatus, System, Timestamp},
    protocol::{psp, stored_value},
};

pub(super) const CHECK: Check = Check {
    law: Law {
        id: "M15",
        name: "no refund of what is disputed",
        text: "While a customer disputes a payment, and after the dispute was lost, refunds and what the issuer may give \
               or gave back never exceed what was taken: of the disputed capture, and with store credit of the order. \
               What was asked for before the middleware was told of the dispute does not count against it.",
        source: "bug report juspay/hyperswitch#10533; card schemes forbid a refund of a charge that is disputed",
    },
    on_effect: None,
    on_exchange: Some(check),
    at_rest: None,
};

fn check(moment: &Moment<'_>, bench: &mut Bench) {
    let (Some(exchange), Some(order)) = (moment.exchange(), moment.order) else { return };
    if exchange.from != System::Middleware
        || exchange.outcome != Outcome::Ok
        || order.money.disputes.is_empty()
    {
        return;
    }
    let Some(terms) = &order.terms else { return };
    let asked_at = asked_at(order, exchange);
    if exchange.operation == psp::REFUND_PAYMENT.id {
        let capture = exchange.request.get("capture_id").and_then(serde_json::Value::as_str);
        if let Some(capture) = capture.map(CaptureId::new) {
            check_capture(order, terms, &capture, asked_at, bench);
        }
    } else if exchange.operation == stored_value::ISSUE_STORE_CREDIT.id {
        check_order(order, terms, asked_at, bench);
    }
}

/// When a call was first made, under whichever attempt.
fn asked_at(order: &OrderBook, exchange: &Exchange) -> Timestamp {
    let own =
        order.messages.latest_attempts().iter().find(|attempt| Some(&attempt.key) == exchange.key.as_ref());
    own.map_or(exchange.started_at, |attempt| attempt.started_at)
}

/// What is disputed or was lost, of one capture or of all, as far as the middleware knew when it asked, and where.
fn known(order: &OrderBook, capture: Option<&CaptureId>, asked_at: Timestamp) -> (i64, Vec<u64>) {
    let open = order.money.disputes.iter().filter(|(id, dispute)| {
        dispute.status != DisputeStatus::Won
            && capture.is_none_or(|capture| dispute.capture == *capture)
            && order.messages.told_of(id.as_str()).is_some_and(|told| told < asked_at)
    });
    open.fold((0, Vec::new()), |(sum, mut seqs), (_, dispute)| {
        seqs.extend(&dispute.seqs);
        (sum + dispute.amount, seqs)
    })
}

fn check_capture(
    order: &OrderBook,
    terms: &Terms,
    capture: &CaptureId,
    asked_at: Timestamp,
    bench: &mut Bench,
) {
    let (disputed, seqs) = known(order, Some(capture), asked_at);
    if disputed == 0 {
        return;
    }
    let captures = order.money.captures.iter().filter(|taken| taken.capture == *capture);
    let taken = captures.map(|taken| taken.amount).sum::<i64>()
        + order.money.recharged(|recharge| recharge.capture == *capture);
    let own = order
        .money
        .live_payouts()
        .filter(|payout| matches!(&payout.via, Via::Card { capture: of, .. } if of == capture));
    let (given, paid): (Vec<i64>, Vec<u64>) = own.map(|payout| (payout.amount, payout.seq)).unzip();
    let sums = Sums { given: given.iter().sum(), disputed, taken };
    sums.judge(order, terms, &format!("capture {capture}"), seqs.into_iter().chain(paid), bench);
}

fn check_order(order: &OrderBook, terms: &Terms, asked_at: Timestamp, bench: &mut Bench) {
    let (disputed, seqs) = known(order, None, asked_at);
    if disputed == 0 {
        return;
    }
    let (given, paid): (Vec<i64>, Vec<u64>) =
        order.money.live_payouts().map(|payout| (payout.amount, payout.seq)).unzip();
    let sums = Sums {
        given: given.iter().sum(),
        disputed,
        taken: order.money.taken() + order.money.recharged(|_| true),
    };
    sums.judge(order, terms, "the order", seqs.into_iter().chain(paid), bench);
}

/// Minor units that meet in a dispute.
struct Sums {
    given: i64,
    disputed: i64,
    taken: i64,
}

impl Sums {
    fn judge(
        &self,
        order: &OrderBook,
        terms: &Terms,
        of: &str,
        seqs: impl Iterator<Item = u64>,
        bench: &mut Bench,
    ) {
        bench.looks();
        let Self { given, disputed, taken } = *self;
        if given + disputed <= taken {
            return;
        }
        let sentence = format!(
            "Order {}: {} of {of} was given back although the customer disputes {}; only {} was taken.",
            order.number,
            terms.money(given),
            terms.money(disputed),
            terms.money(taken)
        );
        bench.found(Finding::new(format!("dispute of {of}"), sentence).evidence(seqs));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings},
        model::DisputeStatus,
    };

    /// A shipped order whose payment is disputed; the middleware knows.
    fn disputed() -> History {
        let mut history = Life::default().shipped();
        history.dispute("D-1", 9_980, DisputeStatus::Open);
        history.told_of_dispute("D-1");
        history
    }

    #[test]
    fn a_refund_of_a_disputed_capture_is_found() {
        let mut history = disputed();
        history.refund("F-1", "R-1", "C-1", 4_990);
        history.call_refund("F-1", "C-1");
        assert_eq!(
            findings("M15", &history.records()),
            [
                "Order W-17: 49.90 EUR of capture C-1 was given back although the customer disputes 99.80 EUR; only 99.80 EUR was taken."
            ]
        );
    }

    #[test]
    fn store_credit_after_a_lost_dispute_is_found() {
        let mut history = disputed();
        history.dispute("D-1", 9_980, DisputeStatus::Lost);
        history.credit("R-1", 4_990);
        history.call_credit("R-1");
        assert_eq!(
            findings("M15", &history.records()),
            [
                "Order W-17: 49.90 EUR of the order was given back although the customer disputes 99.80 EUR; only 99.80 EUR was taken."
            ]
        );
    }

    #[test]
    fn what_was_asked_for_before_anybody_told_of_the_dispute_is_no_fault() {
        let mut history = Life::default().shipped();
        let asked_at = history.now();
        history.dispute("D-1", 9_980, DisputeStatus::Open);
        history.told_of_dispute("D-1");
        history.refund("F-1", "R-1", "C-1", 4_990);
        history.call_refund("F-1", "C-1");
        history.last_began_at(asked_at);
        assert_eq!(findings("M15", &history.records()), [""; 0]);
    }

    #[test]
    fn a_dispute_that_was_won_stops_nothing() {
        let mut history = disputed();
        history.dispute("D-1", 9_980, DisputeStatus::Won);
        history.refund("F-1", "R-1", "C-1", 4_990);
        history.call_refund("F-1", "C-1");
        assert_eq!(findings("M15", &history.records()), [""; 0]);
    }

    proptest! {
        #[test]
        fn is_broken_exactly_when_both_together_exceed_the_capture(disputed in 1_i64..9_980, refund in 1_i64..9_980) {
            let mut history = Life::default().shipped();
            history.dispute("D-1", disputed, DisputeStatus::Open);
            history.told_of_dispute("D-1");
            history.refund("F-1", "R-1", "C-1", refund);
            history.call_refund("F-1", "C-1");
            let broken = !findings("M15", &history.records()).is_empty();
            prop_assert_eq!(broken, disputed + refund > 9_980);
        }
    }
}
