//! Money of one order: held, taken, given back, whoever did it.

use std::collections::BTreeMap;

use super::Tally;
use crate::{
    journal::{Committed, Effect},
    model::{
        AccountId, Authorization, AuthorizationId, Capture, CaptureId, ExchangeSettlement,
        ExchangeSettlementKind, Refund, RefundId, RefundNotice, ShipmentId, StoreCredit, System, TenderId,
        TenderKind,
    },
};

/// Money that is or was held.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Hold {
    pub(in crate::invariants) tender: TenderId,
    pub(in crate::invariants) amount: i64,
    pub(in crate::invariants) captured: Tally,
    pub(in crate::invariants) given_up: Tally,
    pub(in crate::invariants) seq: u64,
}

/// Money that was taken.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Taken {
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
    /// Money taken less money given back.
    pub(in crate::invariants) fn net(&self) -> i64 {
        self.taken() - self.live_payouts().map(|payout| payout.amount).sum::<i64>()
    }

    /// Money taken: captures, stored value, marketplace.
    pub(in crate::invariants) fn taken(&self) -> i64 {
        let captured: i64 = self.captures.iter().map(|taken| taken.amount).sum();
        let collected = self.collected.map_or(0, |(amount, _)| amount);
        captured + self.stored_value() + collected + self.exchanged.total()
    }

    /// Stored value spent.
    pub(in crate::invariants) fn stored_value(&self) -> i64 {
        self.spent.iter().map(|spent| spent.amount).sum()
    }

    /// Money given back that did not fail.
    pub(in crate::invariants) fn live_payouts(&self) -> impl Iterator<Item = &Payout> {
        self.payouts.iter().filter(|payout| payout.status == PayoutStatus::Live)
    }

    /// Money given back for a cause, without what failed.
    pub(in crate::invariants) fn live_payouts_for<'a>(
        &'a self,
        cause: &'a str,
    ) -> impl Iterator<Item = &'a Payout> {
        self.live_payouts().filter(move |payout| payout.cause == cause)
    }

    /// Money that was to be given back and could not be paid.
    pub(in crate::invariants) fn failed(&self) -> i64 {
        self.payouts
            .iter()
            .filter(|payout| payout.status == PayoutStatus::Failed)
            .map(|payout| payout.amount)
            .sum()
    }

    /// Lines of the journal at which money moved, in order.
    pub(in crate::invariants) fn seqs(&self) -> Vec<u64> {
        let mut seqs: Vec<u64> = self
            .captures
            .iter()
            .map(|taken| taken.seq)
            .chain(self.spent.iter().map(|spent| spent.seq))
            .chain(self.payouts.iter().map(|payout| payout.seq))
            .chain(self.collected.map(|(_, seq)| seq))
            .chain(self.exchanged.seqs().iter().copied())
            .collect();
        seqs.sort_unstable();
        seqs
    }

    pub(super) fn apply(&mut self, seq: u64, committed: &Committed) {
        match &committed.effect {
            Effect::PaymentAuthorized { authorization } => self.hold(seq, authorization),
            Effect::PaymentCaptured { capture } => self.capture(seq, capture),
            Effect::AuthorizationVoided { authorization_id, amount } => {
                if let Some(hold) = self.holds.get_mut(authorization_id) {
                    hold.given_up.add(amount.amount, seq);
                }
            }
            Effect::RefundAccepted { refund, cause } => self.refund(seq, refund, cause),
            Effect::RefundFailed { refund } => self.fail(refund),
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
                seq,
            },
        );
    }

    fn capture(&mut self, seq: u64, capture: &Capture) {
        if let Some(hold) = self.holds.get_mut(&capture.authorization_id) {
            hold.captured.add(capture.amount.amount, seq);
        }
        self.captures.push(Taken {
            authorization: capture.authorization_id.clone(),
            shipment: capture.shipment_id.clone(),
            amount: capture.amount.amount,
            seq,
        });
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
            if let Via::Card { reference, .. } = &payout.via
                && *reference == refund.provider_reference
            {
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
        self.payouts.push(Payout { via, cause: cause.to_owned(), amount, status: PayoutStatus::Live, seq });
    }
}

impl Via {
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
