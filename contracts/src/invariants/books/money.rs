//! Money of one order: held, taken, given back, whoever did it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;

use super::Tally;
use crate::{
    journal::{Committed, Effect, Exchange},
    model::{
        AccountId, Authorization, AuthorizationId, Capture, CaptureId, CaptureRequest, Dispute, DisputeId,
        DisputeStatus, ExchangeSettlement, ExchangeSettlementKind, Refund, RefundId, RefundNotice,
        RefundStatus, ShipmentId, StoreCredit, System, TenderId, TenderKind, Timestamp,
    },
    protocol::psp,
};

/// Money that is or was held.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Hold {
    pub(in crate::invariants) tender: TenderId,
    pub(in crate::invariants) amount: i64,
    pub(in crate::invariants) captured: Tally,
    pub(in crate::invariants) given_up: Tally,
    /// Where the middleware gave it up.
    pub(in crate::invariants) voided: Option<u64>,
    /// From then on it holds nothing.
    pub(in crate::invariants) expires_at: Timestamp,
    pub(in crate::invariants) seq: u64,
}

/// A capture that took nothing after it was taken on.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Missed {
    pub(in crate::invariants) authorization: AuthorizationId,
    pub(in crate::invariants) shipment: ShipmentId,
    pub(in crate::invariants) amount: i64,
}

/// A customer's objection to a capture.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct DisputeBook {
    pub(in crate::invariants) capture: CaptureId,
    pub(in crate::invariants) amount: i64,
    pub(in crate::invariants) status: DisputeStatus,
    pub(in crate::invariants) seqs: Vec<u64>,
}

/// Money that was taken.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Taken {
    pub(in crate::invariants) capture: CaptureId,
    pub(in crate::invariants) authorization: AuthorizationId,
    pub(in crate::invariants) shipment: ShipmentId,
    pub(in crate::invariants) amount: i64,
    pub(in crate::invariants) seq: u64,
}

/// Who gave money back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::invariants) enum Via {
    /// The payment provider, from a capture.
    Card { refund: RefundId, reference: String, capture: CaptureId, tender: TenderId },
    /// The marketplace.
    Marketplace { refund: RefundId },
    /// A stored value account.
    Account { account: AccountId, issued: bool },
    /// Nobody: the goods paid their replacement, or it gave back what they had paid.
    Exchange,
}

/// What became of money given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::invariants) enum PayoutStatus {
    /// On its way or with the customer.
    Live,
    /// Could not be paid; the merchant has it.
    Failed,
}

/// Money given back.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Payout {
    pub(in crate::invariants) via: Via,
    pub(in crate::invariants) cause: String,
    pub(in crate::invariants) amount: i64,
    pub(in crate::invariants) status: PayoutStatus,
    /// Whether it was told that the customer has it.
    pub(in crate::invariants) arrived: bool,
    pub(in crate::invariants) seq: u64,
}

impl Payout {
    /// Whether it could not be paid.
    pub(in crate::invariants) fn is_failed(&self) -> bool {
        self.status == PayoutStatus::Failed
    }
}

/// Money that was given back before goods came and was taken again.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Recharged {
    pub(in crate::invariants) refund: RefundId,
    pub(in crate::invariants) capture: CaptureId,
    pub(in crate::invariants) tender: TenderId,
    pub(in crate::invariants) amount: i64,
    pub(in crate::invariants) seq: u64,
}

/// Stored value that was spent.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Spent {
    pub(in crate::invariants) account: AccountId,
    pub(in crate::invariants) amount: i64,
    pub(in crate::invariants) seq: u64,
}

/// All money of an order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct MoneyBook {
    pub(in crate::invariants) holds: BTreeMap<AuthorizationId, Hold>,
    pub(in crate::invariants) captures: Vec<Taken>,
    pub(in crate::invariants) payouts: Vec<Payout>,
    pub(in crate::invariants) recharges: Vec<Recharged>,
    pub(in crate::invariants) missed: Vec<Missed>,
    /// Captures that were taken on: parcel, authorization and attempt.
    undecided: BTreeSet<(ShipmentId, AuthorizationId, u32)>,
    /// Where captures were taken on, whatever became of them.
    taken_on: BTreeMap<(ShipmentId, AuthorizationId, u32), u64>,
    pub(in crate::invariants) disputes: BTreeMap<DisputeId, DisputeBook>,
    pub(in crate::invariants) spent: Vec<Spent>,
    /// What the marketplace took, cumulated, and where it says so.
    pub(in crate::invariants) collected: Option<(i64, u64)>,
    /// What goods of other orders paid of this one, which replaces them.
    pub(in crate::invariants) exchanged: Tally,
}

impl Hold {
    /// What is held still.
    pub(in crate::invariants) const fn live(&self) -> i64 {
        self.amount - self.captured.total() - self.given_up.total()
    }
}

impl MoneyBook {
    /// Money taken less money given back, with what was charged again, and less what issuers took back.
    pub(in crate::invariants) fn net(&self) -> i64 {
        let given: i64 = self.live_payouts().map(|payout| payout.amount).sum();
        self.taken() + self.recharged(|_| true) - given - self.charged_back()
    }

    /// Money taken: captures, stored value, marketplace.
    pub(in crate::invariants) fn taken(&self) -> i64 {
        let captured: i64 = self.captures.iter().map(|taken| taken.amount).sum();
        let collected = self.collected.map_or(0, |(amount, _)| amount);
        captured + self.stored_value() + collected + self.exchanged.total()
    }

    /// Money that was given back and charged again.
    pub(in crate::invariants) fn recharged(&self, which: impl Fn(&Recharged) -> bool) -> i64 {
        self.recharges.iter().filter(|recharge| which(recharge)).map(|recharge| recharge.amount).sum()
    }

    /// Stored value spent.
    pub(in crate::invariants) fn stored_value(&self) -> i64 {
        self.spent.iter().map(|spent| spent.amount).sum()
    }

    /// Money given back that did not fail.
    pub(in crate::invariants) fn live_payouts(&self) -> impl Iterator<Item = &Payout> {
        self.payouts.iter().filter(|payout| payout.status == PayoutStatus::Live)
    }

    /// Money given back for a cause, without what failed; with what was given instead of a refund that failed.
    pub(in crate::invariants) fn live_payouts_for<'a>(
        &'a self,
        cause: &'a str,
    ) -> impl Iterator<Item = &'a Payout> {
        self.live_payouts()
            .filter(move |payout| payout.cause == cause || self.root_of(&payout.cause) == cause)
    }

    /// What caused the refund that a cause names, where it names one; else the cause itself.
    pub(in crate::invariants) fn root_of<'a>(&'a self, cause: &'a str) -> &'a str {
        let named = self
            .payouts
            .iter()
            .find(|payout| matches!(&payout.via, Via::Card { refund, .. } if refund.as_str() == cause));
        named.map_or(cause, |payout| &payout.cause)
    }

    /// Where a card refund stands at the payment provider, by its last attempt, and what shows it.
    pub(in crate::invariants) fn refund_status(
        &self,
        refund_id: &RefundId,
    ) -> Option<(RefundStatus, &Payout)> {
        let last = self
            .payouts
            .iter()
            .rfind(|payout| matches!(&payout.via, Via::Card { refund, .. } if refund == refund_id))?;
        Some(match (last.status, last.arrived) {
            (PayoutStatus::Failed, _) => (RefundStatus::Failed, last),
            (PayoutStatus::Live, true) => (RefundStatus::Succeeded, last),
            (PayoutStatus::Live, false) => (RefundStatus::Pending, last),
        })
    }

    /// Money that customers dispute, or got from the issuer in a dispute.
    pub(in crate::invariants) fn disputed(&self) -> i64 {
        let kept = self.disputes.values().filter(|dispute| dispute.status != DisputeStatus::Won);
        kept.map(|dispute| dispute.amount).sum()
    }

    /// Whether a dispute is not decided.
    pub(in crate::invariants) fn is_disputed(&self) -> bool {
        self.disputes.values().any(|dispute| dispute.status == DisputeStatus::Open)
    }

    /// Money that issuers took back in disputes.
    pub(in crate::invariants) fn charged_back(&self) -> i64 {
        let lost = self.disputes.values().filter(|dispute| dispute.status == DisputeStatus::Lost);
        lost.map(|dispute| dispute.amount).sum()
    }

    /// Where the payment provider took a capture on that it decided later.
    pub(in crate::invariants) fn taken_on(&self, capture: &Capture) -> Option<u64> {
        self.taken_on.get(&attempt(capture)).copied()
    }

    /// Whether the payment provider has taken a capture on and not decided it.
    pub(in crate::invariants) fn is_undecided(&self) -> bool {
        !self.undecided.is_empty()
    }

    /// Money for parcels that captures were to take and did not, as far as no later capture took it.
    pub(in crate::invariants) fn uncollected(&self) -> i64 {
        let tender = |authorization| self.holds.get(authorization).map(|hold| &hold.tender);
        let mut missed: BTreeMap<(&ShipmentId, Option<&TenderId>), i64> = BTreeMap::new();
        for capture in &self.missed {
            let open = missed.entry((&capture.shipment, tender(&capture.authorization))).or_default();
            *open = capture.amount.max(*open);
        }
        for taken in &self.captures {
            missed.remove(&(&taken.shipment, tender(&taken.authorization)));
        }
        missed.values().sum()
    }

    /// Money that was to be given back and could not be paid, neither by a later attempt nor in another way.
    pub(in crate::invariants) fn failed(&self) -> i64 {
        let failed = self.payouts.iter().filter(|payout| payout.status == PayoutStatus::Failed);
        failed.map(|payout| self.owed_after(payout)).sum()
    }

    /// What is owed still of money that could not be paid.
    fn owed_after(&self, failed: &Payout) -> i64 {
        let Via::Card { refund, .. } = &failed.via else { return failed.amount };
        if self.refund_status(refund).is_some_and(|(_, last)| last.seq != failed.seq) {
            return 0;
        }
        let instead = self.live_payouts().filter(|payout| payout.cause == refund.as_str());
        (failed.amount - instead.map(|payout| payout.amount).sum::<i64>()).max(0)
    }

    /// Lines of the journal at which money moved, in order.
    pub(in crate::invariants) fn seqs(&self) -> Vec<u64> {
        let mut seqs: Vec<u64> = self
            .captures
            .iter()
            .map(|taken| taken.seq)
            .chain(self.spent.iter().map(|spent| spent.seq))
            .chain(self.payouts.iter().map(|payout| payout.seq))
            .chain(self.recharges.iter().map(|recharge| recharge.seq))
            .chain(self.collected.map(|(_, seq)| seq))
            .chain(self.exchanged.seqs().iter().copied())
            .collect();
        seqs.sort_unstable();
        seqs
    }

    /// Takes a capture that was declined at once: no effect tells of it.
    pub(super) fn apply_exchange(&mut self, exchange: &Exchange) {
        if exchange.operation != psp::CAPTURE_PAYMENT.id || exchange.status != Some(402) {
            return;
        }
        let path = exchange.call.split_once(' ').map_or("", |(_, path)| path);
        let authorization =
            psp::CAPTURE_PAYMENT.match_path(path).and_then(|values| values.into_iter().next());
        if let (Some((_, authorization)), Ok(request)) =
            (authorization, CaptureRequest::deserialize(&exchange.request))
        {
            self.missed.push(Missed {
                authorization: AuthorizationId::new(authorization),
                shipment: request.shipment_id,
                amount: request.amount.amount,
            });
        }
    }

    pub(super) fn apply(&mut self, seq: u64, committed: &Committed) {
        match &committed.effect {
            Effect::PaymentAuthorized { authorization } => self.hold(seq, authorization),
            Effect::PaymentCaptured { capture } => self.capture(seq, capture),
            Effect::AuthorizationVoided { authorization_id, amount } => {
                self.give_up(seq, authorization_id, amount.amount);
                if let Some(hold) = self.holds.get_mut(authorization_id) {
                    hold.voided.get_or_insert(seq);
                }
            }
            Effect::AuthorizationExpired { authorization, given_up } => {
                self.give_up(seq, &authorization.authorization_id, given_up.amount);
            }
            Effect::CaptureAccepted { capture } | Effect::CaptureFailed { capture } => {
                if matches!(committed.effect, Effect::CaptureAccepted { .. }) {
                    self.undecided.insert(attempt(capture));
                    self.taken_on.entry(attempt(capture)).or_insert(seq);
                } else {
                    self.undecided.remove(&attempt(capture));
                }
                self.missed.push(Missed {
                    authorization: capture.authorization_id.clone(),
                    shipment: capture.shipment_id.clone(),
                    amount: capture.amount.amount,
                });
            }
            Effect::PaymentDisputed { dispute } | Effect::DisputeClosed { dispute } => {
                self.dispute(seq, dispute);
            }
            Effect::RefundSucceeded { refund } => self.arrive(refund),
            Effect::RefundAccepted { refund, cause } => self.refund(seq, refund, cause),
            Effect::RefundFailed { refund } => self.fail(refund),
            Effect::PaymentRecharged { recharge } => self.recharges.push(Recharged {
                refund: recharge.refund_id.clone(),
                capture: recharge.capture_id.clone(),
                tender: recharge.tender_id.clone(),
                amount: recharge.amount.amount,
                seq,
            }),
            Effect::RefundShown { notice } if committed.system == System::Marketplace => {
                self.marketplace_pays(seq, notice);
            }
            Effect::MarketplaceCollected { amount } => self.collected = Some((amount.amount, seq)),
            Effect::AccountDebited { entry } => self.spend(seq, entry),
            Effect::AccountCredited { entry, issued } => self.credit(seq, entry, *issued),
            Effect::ExchangeSettled { settlement } => self.exchange(seq, settlement),
            _ => {}
        }
    }

    fn hold(&mut self, seq: u64, authorization: &Authorization) {
        self.holds.insert(
            authorization.authorization_id.clone(),
            Hold {
                tender: authorization.tender_id.clone(),
                amount: authorization.amount.amount,
                captured: Tally::default(),
                given_up: Tally::default(),
                voided: None,
                expires_at: authorization.expires_at,
                seq,
            },
        );
    }

    fn capture(&mut self, seq: u64, capture: &Capture) {
        self.undecided.remove(&attempt(capture));
        if let Some(hold) = self.holds.get_mut(&capture.authorization_id) {
            hold.captured.add(capture.amount.amount, seq);
        }
        self.captures.push(Taken {
            capture: capture.capture_id.clone(),
            authorization: capture.authorization_id.clone(),
            shipment: capture.shipment_id.clone(),
            amount: capture.amount.amount,
            seq,
        });
    }

    fn give_up(&mut self, seq: u64, authorization: &AuthorizationId, amount: i64) {
        if let Some(hold) = self.holds.get_mut(authorization) {
            hold.given_up.add(amount, seq);
        }
    }

    fn dispute(&mut self, seq: u64, dispute: &Dispute) {
        let book = self.disputes.entry(dispute.dispute_id.clone()).or_insert_with(|| DisputeBook {
            capture: dispute.capture_id.clone(),
            amount: dispute.amount.amount,
            status: dispute.status,
            seqs: Vec::new(),
        });
        book.status = book.status.max(dispute.status);
        book.seqs.push(seq);
    }

    fn arrive(&mut self, refund: &Refund) {
        for payout in &mut self.payouts {
            payout.arrived |= payout.via.is_paid_under(&refund.provider_reference);
        }
    }

    fn refund(&mut self, seq: u64, refund: &Refund, cause: &str) {
        let via = Via::Card {
            refund: refund.refund_id.clone(),
            reference: refund.provider_reference.clone(),
            capture: refund.capture_id.clone(),
            tender: refund.tender_id.clone(),
        };
        self.pay(seq, via, cause, refund.amount.amount);
    }

    fn fail(&mut self, refund: &Refund) {
        for payout in &mut self.payouts {
            if payout.via.is_paid_under(&refund.provider_reference) {
                payout.status = PayoutStatus::Failed;
            }
        }
    }

    /// Only the marketplace's own tender is paid by it; other refunds are shown there.
    fn marketplace_pays(&mut self, seq: u64, notice: &RefundNotice) {
        if notice.refund.kind == TenderKind::MarketplaceCollected {
            let via = Via::Marketplace { refund: notice.refund.refund_id.clone() };
            self.pay(seq, via, &notice.cause, notice.refund.amount.amount);
        }
    }

    fn spend(&mut self, seq: u64, entry: &StoreCredit) {
        self.spent.push(Spent { account: entry.account_id.clone(), amount: entry.amount.amount, seq });
    }

    fn credit(&mut self, seq: u64, entry: &StoreCredit, issued: bool) {
        let via = Via::Account { account: entry.account_id.clone(), issued };
        self.pay(seq, via, &entry.cause, entry.amount.amount);
    }

    /// As the order whose goods came back: what they pay of their replacement is given back for them; when it
    /// comes back, it is to be given back otherwise.
    fn exchange(&mut self, seq: u64, settlement: &ExchangeSettlement) {
        match settlement.kind {
            ExchangeSettlementKind::Applied => {
                self.pay(seq, Via::Exchange, &settlement.cause, settlement.amount.amount);
            }
            ExchangeSettlementKind::Returned => {
                self.pay(seq, Via::Exchange, &settlement.settlement_id, -settlement.amount.amount);
            }
        }
    }

    /// As the order that replaces goods: they pay it, and what is not kept of it pays them back.
    pub(super) fn replace(&mut self, seq: u64, settlement: &ExchangeSettlement) {
        match settlement.kind {
            ExchangeSettlementKind::Applied => self.exchanged.add(settlement.amount.amount, seq),
            ExchangeSettlementKind::Returned => {
                self.pay(seq, Via::Exchange, &settlement.cause, settlement.amount.amount);
            }
        }
    }

    fn pay(&mut self, seq: u64, via: Via, cause: &str, amount: i64) {
        let arrived = !matches!(via, Via::Card { .. });
        let cause = cause.to_owned();
        self.payouts.push(Payout { via, cause, amount, status: PayoutStatus::Live, arrived, seq });
    }
}

impl Via {
    /// Whether the payment provider knows it by this reference.
    fn is_paid_under(&self, provider_reference: &str) -> bool {
        matches!(self, Self::Card { reference, .. } if reference == provider_reference)
    }

    /// Who paid.
    pub(in crate::invariants) const fn system(&self) -> System {
        match self {
            Self::Card { .. } => System::Psp,
            Self::Marketplace { .. } => System::Marketplace,
            Self::Account { .. } => System::StoredValue,
            Self::Exchange => System::Erp,
        }
    }
}

/// What tells an attempt at a capture from every other.
fn attempt(capture: &Capture) -> (ShipmentId, AuthorizationId, u32) {
    (capture.shipment_id.clone(), capture.authorization_id.clone(), capture.attempt)
}
