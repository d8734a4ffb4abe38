//! Refunds that are given before goods come, and what became of them. No law by itself: R4, M4, M6 and M16 read it.
//!
//! What was advanced is earned by goods that come and are accepted, charged again, or written off. Until goods are waited
//! for no longer, the rest is open. Which units came nobody but the implementation knows exactly: hence spans.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::{
    books::{Granted, OrderBook, ReceiptBook, Span, Terms},
    granted,
    law::Moment,
    m6_refund_value::worth,
    retained,
};
use crate::{
    model::{LineId, ReceiptId, RmaId, Timestamp},
    policy::Policy,
};

/// How long after it a request may be answered, at the most.
const ANSWERED_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Money that was given back for a return before its goods came.
pub(super) struct Advance<'o> {
    pub(super) rma: &'o RmaId,
    pub(super) granted: &'o Granted,
    /// What was given back and did not fail.
    pub(super) paid: i64,
    /// What goods that came and were accepted are worth.
    pub(super) earned: Span,
    /// What was charged again.
    pub(super) recharged: i64,
    /// What was written off, whatever came after all.
    pub(super) written_off: i64,
    /// Goods are waited for no longer.
    pub(super) over: bool,
}

impl Advance<'_> {
    /// What is neither earned nor taken back: for certain, and at most.
    pub(super) fn rest(&self) -> Span {
        let settled = self.paid - self.recharged - self.written_off;
        Span { low: (settled - self.earned.high).max(0), high: (settled - self.earned.low).max(0) }
    }

    /// What goods that came have of it.
    fn used(&self) -> Span {
        let settled = (self.paid - self.recharged - self.written_off).max(0);
        Span { low: settled.min(self.earned.low.max(0)), high: settled.min(self.earned.high.max(0)) }
    }
}

/// Whether money may be given back for a return before its goods come: the customer took the offer and was promised it,
/// for no longer than the retailer declared.
pub(super) fn is_granted(order: &OrderBook, rma: &RmaId, policy: &Policy) -> bool {
    order.advances.granted.get(rma).is_some_and(|granted| {
        let declared = SignedDuration::from_hours(24 * i64::from(policy.advance_refund.within_days));
        granted.return_by.duration_since(granted.asked_at) <= declared + ANSWERED_WITHIN
    })
}

/// Every advance of an order.
pub(super) fn each<'o>(
    moment: &'o Moment<'_>,
    order: &'o OrderBook,
    terms: &'o Terms,
) -> impl Iterator<Item = Advance<'o>> {
    let granted = order.advances.granted.iter();
    granted.filter(|(rma, _)| is_granted(order, rma, moment.policy)).map(move |(rma, granted)| {
        let refunds = order.money.live_payouts_for(rma.as_str());
        let recharges =
            order.money.recharged(|recharge| order.money.root_of(recharge.refund.as_str()) == rma.as_str());
        Advance {
            rma,
            granted,
            paid: refunds.map(|payout| payout.amount).sum(),
            earned: earned(moment, order, terms, rma),
            recharged: recharges,
            written_off: order.advances.written_off_of(rma),
            over: is_over(order, rma, granted, moment.record.at),
        }
    })
}

/// What all advances of an order may still be without goods: at the most.
pub(super) fn open(moment: &Moment<'_>, order: &OrderBook, terms: &Terms) -> i64 {
    each(moment, order, terms).filter(|advance| !advance.over).map(|advance| advance.rest().high).sum()
}

/// What goods of a receipt were paid before they came.
pub(super) fn paid_before(moment: &Moment<'_>, order: &OrderBook, terms: &Terms, receipt: &ReceiptId) -> i64 {
    let rma = rma_of(order, receipt);
    let own = each(moment, order, terms).filter(|advance| Some(advance.rma) == rma);
    own.map(|advance| advance.used().high).sum::<i64>() + order.advances.recovered_by(receipt)
}

/// What goods of all receipts were paid before they came.
pub(super) fn all_paid_before(moment: &Moment<'_>, order: &OrderBook, terms: &Terms) -> Span {
    let recovered = order.receipts.keys().map(|receipt| order.advances.recovered_by(receipt)).sum();
    each(moment, order, terms).map(|advance| advance.used()).sum::<Span>() + Span::exactly(recovered)
}

/// The authorization of a receipt, as the ERP booked it, else as the dock says.
fn rma_of<'o>(order: &'o OrderBook, receipt: &ReceiptId) -> Option<&'o RmaId> {
    let told = || order.receipts.get(receipt).and_then(|book| book.rma.as_ref());
    order.advances.receipts.get(receipt).or_else(told)
}

fn receipts_of<'o>(
    order: &'o OrderBook,
    rma: &'o RmaId,
) -> impl Iterator<Item = (&'o ReceiptId, &'o ReceiptBook)> + Clone {
    order.receipts.iter().filter(move |(receipt, _)| rma_of(order, receipt) == Some(rma))
}

fn earned(moment: &Moment<'_>, order: &OrderBook, terms: &Terms, rma: &RmaId) -> Span {
    let receipts = receipts_of(order, rma);
    let came = worth(terms, &receipts.clone().map(|(_, receipt)| receipt));
    if came.high == 0 {
        return Span::default();
    }
    let off: Span =
        receipts.map(|(id, receipt)| granted::off_receipt(order, terms, id.as_str(), receipt)).sum();
    let kept = off.high + retained::at_most(terms, moment.policy);
    Span { low: (came.low - kept).max(0), high: came.high - off.low }
}

/// Whether a return was taken back, all its goods were graded, or its time is over and nothing that came waits to be graded.
fn is_over(order: &OrderBook, rma: &RmaId, granted: &Granted, now: Timestamp) -> bool {
    let Some(authorization) = order.authorizations.get(rma) else { return false };
    let (mut came, mut decided): (BTreeMap<&LineId, u32>, BTreeMap<&LineId, u32>) = Default::default();
    for (_, receipt) in receipts_of(order, rma) {
        for (line, units) in &receipt.lines {
            *came.entry(line).or_default() += units;
        }
        for (line, units) in receipt.graded() {
            *decided.entry(line).or_default() += units;
        }
        for (line, units) in &receipt.rejected {
            *came.entry(line).or_default() += units;
            *decided.entry(line).or_default() += units;
        }
    }
    let all = |counted: &BTreeMap<&LineId, u32>, wanted: Vec<(&LineId, u32)>| {
        wanted.into_iter().all(|(line, units)| counted.get(line).copied().unwrap_or(0) >= units)
    };
    let graded = all(&decided, came.into_iter().collect());
    let complete = all(&decided, authorization.lines.iter().map(|(line, units)| (line, *units)).collect());
    complete || (graded && (authorization.canceled.is_some() || now > granted.return_by))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        invariants::testing::{History, Life, findings},
        journal::Effect,
        model::{ConditionGrade, WriteOffKind},
    };

    /// What the laws about money say at rest.
    fn said(history: &History) -> Vec<(&'static str, String)> {
        let mut history = history.clone();
        history.settle();
        let laws = ["R4", "M3", "M4", "M5", "M6", "M7", "M9", "M10", "M16", "M17", "A4", "E1"];
        let all = laws.into_iter().map(|law| (law, findings(law, &history.records())));
        all.flat_map(|(law, found)| found.into_iter().map(move |sentence| (law, sentence))).collect()
    }

    fn laws(history: &History) -> Vec<&'static str> {
        said(history).into_iter().map(|(law, _)| law).collect()
    }

    /// Two shirts for 49.90 were sent; one or two are paid back before they come.
    fn advanced(units: u32, lines: i64) -> History {
        let mut history = Life::default().shipped();
        history.advance("RMA-1", units, lines);
        history
    }

    #[test]
    fn goods_are_waited_for_until_their_time_is_over() {
        assert_eq!(said(&advanced(1, 1_000)), []);
        let late = said(&advanced(1, 0));
        assert_eq!(
            late.first().map(|(law, sentence)| (*law, sentence.as_str())),
            Some((
                "R4",
                "Order W-17: 49.90 EUR was given back for return RMA-1 before its goods came: 49.90 EUR of it were neither earned by goods nor charged again nor written off."
            ))
        );
        assert_eq!(laws(&advanced(1, 0)), ["R4", "M4", "M16"]);
    }

    #[test]
    fn what_comes_and_is_accepted_is_not_paid_again() {
        let mut history = advanced(1, 0);
        history.comes_back("R-1", "RMA-1", 1);
        assert_eq!(said(&history), []);
        history.refund("F-2", "R-1", "C-1", 4_990);
        assert_eq!(
            said(&history).last().map(|(law, sentence)| (*law, sentence.as_str())),
            Some((
                "M16",
                "Order W-17: the ERP's invoices less credit memos are 49.90 EUR, but 0.00 EUR was taken and not given back."
            ))
        );
        assert_eq!(laws(&history), ["M4", "M6", "M16"]);
    }

    #[test]
    fn what_does_not_come_is_charged_again_once() {
        let mut history = advanced(2, 0);
        history.comes_back("R-1", "RMA-1", 1);
        history.recharge("RMA-1", 4_990);
        assert_eq!(said(&history), []);
        // What comes after that is paid as ever.
        history.comes_back("R-2", "RMA-1", 1);
        assert_eq!(laws(&history), ["M4", "M6", "M16"]);
        history.refund("F-2", "R-2", "C-1", 4_990);
        assert_eq!(said(&history), []);
        history.recharge("RMA-1", 4_990);
        assert_eq!(laws(&history), ["M4", "M6", "M6", "M16", "E1"]);
    }

    #[test]
    fn goods_that_came_are_not_charged_again() {
        let mut history = advanced(1, 0);
        history.comes_back("R-1", "RMA-1", 1);
        history.recharge("RMA-1", 4_990);
        assert_eq!(laws(&history), ["M4", "M6", "M16"]);
    }

    #[test]
    fn what_cannot_be_charged_is_written_off_and_paid_by_goods_that_come_after_all() {
        let mut history = advanced(1, 0);
        history.write_off("RMA-1", WriteOffKind::WrittenOff, "RMA-1", 4_990);
        assert_eq!(said(&history), []);
        history.comes_back("R-1", "RMA-1", 1);
        assert_eq!(laws(&history), ["M6", "M16"]);
        history.write_off("RMA-1", WriteOffKind::Recovered, "R-1", 4_990);
        assert_eq!(said(&history), []);
        history.refund("F-2", "R-1", "C-1", 4_990);
        assert_eq!(laws(&history), ["M4", "M6", "M16"]);
    }

    #[test]
    fn a_return_that_was_taken_back_is_charged_again_at_once() {
        let mut history = advanced(1, 1_000);
        history.cancel_return("RMA-1");
        assert_eq!(laws(&history), ["R4", "M4", "M16"]);
        history.recharge("RMA-1", 4_990);
        assert_eq!(said(&history), []);
    }

    #[test]
    fn money_before_goods_needs_the_offer_the_limit_and_its_time() {
        // Nobody asked for it.
        let mut history = advanced(1, 1_000);
        history.edit(|effect| {
            if let Effect::ReturnRequested { request } = effect {
                request.instant_refund = false;
            }
        });
        assert_eq!(laws(&history), ["R4", "M4", "M6", "M16"]);
        // Longer than the retailer declared.
        assert_eq!(laws(&advanced(1, 30 * 86_400)), ["R4", "M4", "M6", "M16"]);
        // More than the retailer declared, and more than the goods are worth.
        let mut dear = Life { price: 8_000, ..Life::default() }.shipped();
        dear.advance("RMA-1", 2, 1_000);
        assert_eq!(
            said(&dear),
            [(
                "R4",
                "Order W-17: 160.00 EUR was given back before goods came, which is more than the 150.00 EUR that the retailer declared.".to_owned()
            )]
        );
        let mut more = advanced(1, 1_000);
        more.edit(|effect| {
            if let Effect::RefundAccepted { refund, .. } = effect {
                refund.amount.amount += 1;
            }
        });
        assert_eq!(
            said(&more),
            [(
                "M6",
                "Order W-17: 49.91 EUR was given back before the goods of return RMA-1 came, which are worth at most 49.90 EUR.".to_owned()
            )]
        );
        // After its time.
        let mut late = Life::default().shipped();
        late.advance("RMA-1", 1, -1);
        assert_eq!(
            said(&late).first().map(|(_, sentence)| sentence.as_str()),
            Some(
                "Order W-17: 49.90 EUR was given back for return RMA-1 after the time for its goods was over."
            )
        );
    }

    #[test]
    fn what_waits_to_be_graded_is_waited_for() {
        let mut history = advanced(1, 0);
        history.dock_receives("R-1", "RMA-1", 1, 0);
        history.book_receipt("R-1", "RMA-1", 1);
        assert_eq!(said(&history), []);
    }

    proptest! {
        #[test]
        fn each_cent_that_is_not_charged_again_is_found(missing in 1_i64..4_990) {
            let mut history = advanced(1, 0);
            history.recharge("RMA-1", 4_990 - missing);
            prop_assert_eq!(laws(&history), ["R4", "M4", "M16"]);
        }

        #[test]
        fn goods_in_a_store_earn_it_as_well(units in 1_u32..=2) {
            let mut history = advanced(units, 1_000);
            history.return_units("R-1", units, ConditionGrade::A);
            history.edit(|effect| {
                if let Effect::ReturnReceiptBooked { receipt } = effect {
                    receipt.rma_id = Some("RMA-1".into());
                }
            });
            history.remove(|effect| matches!(effect, Effect::RefundAccepted { cause, .. } if cause == "R-1"));
            prop_assert_eq!(said(&history), []);
        }
    }
}
