//! What a retailer declares. Laws read it, so that no retailer is failed for another's policy.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

mod advance;
mod degradation;
mod promise;
mod rate;
mod window;

use crate::{
    metrics::Threshold,
    model::{
        ConditionGrade, Currency, DispositionCode, Money, PromotionId, ReturnReason, SalesChannel, System,
        TenderKind, Timestamp,
    },
};

pub use advance::AdvanceRefundPolicy;
pub use degradation::DegradationPolicy;
pub use promise::{PromisePolicy, ShippingTimes, later};
pub use rate::Rate;
pub use window::{MonthDay, ReturnSeason};

/// A retailer's declared policy and an implementation's declared retry behavior.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Days after shipping in which goods may be returned.
    pub return_window_days: u32,
    /// Days for orders of a channel that has its own.
    pub channel_windows: BTreeMap<SalesChannel, u32>,
    /// Times of the year whose parcels may be returned for longer.
    pub return_seasons: Vec<ReturnSeason>,
    /// Days after shipping in which defective goods are replaced by the same without a charge.
    pub warranty_days: u32,
    /// Which tender gets money back first.
    pub refund_order: Vec<TenderKind>,
    /// What becomes of returned goods, by grade; entries with the reason of the return go before those without.
    pub dispositions: Vec<GradeDisposition>,
    /// What becomes of units that a node will not ship after all.
    pub unfulfilled: UnfulfilledPolicy,
    /// Reasons of returns for which a replacement may leave before the goods are back, if all lines of the
    /// exchange have one of them. For other reasons it waits until the goods were graded.
    pub advance_exchange_reasons: Vec<ReturnReason>,
    /// Up to how much, over an order, customers are refunded for goods that they keep: one amount for each currency; where
    /// there is none, goods come back.
    pub keep_items_up_to: Vec<Money>,
    /// Refunds that are given before goods come back.
    pub advance_refund: AdvanceRefundPolicy,
    /// What is done when the payment provider fails.
    pub payments: PaymentPolicy,
    /// What becomes of a promotion whose minimum a return breaks; nothing for those that are not named.
    pub broken_minimums: BTreeMap<PromotionId, BrokenMinimum>,
    /// How the implementation repeats failed calls.
    pub retry: RetryPolicy,
    /// Bounds of business metrics; a run that misses one ends with a code of its own.
    pub thresholds: Vec<Threshold>,
    /// What channels may offer of the stock.
    pub availability: AvailabilityPolicy,
    /// What customers get back for parcels that never reached them.
    pub undelivered: UndeliveredPolicy,
    /// How long it takes until goods arrive, and what customers are told who must wait longer.
    pub promises: PromisePolicy,
    /// What channels may go on selling while a partner is impaired, or more comes than partners take.
    pub degradation: DegradationPolicy,
    /// How fast the implementation calls a partner; as fast as it likes where nothing is declared.
    pub rates: BTreeMap<System, Rate>,
    /// Whether the implementation wants of each caller the bearer token that the contract asks for.
    pub bearer_tokens: bool,
}

/// What customers get back for parcels that never reached them, beside what the goods cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UndeliveredPolicy {
    /// Whether shipping is given back with the parcel that bore its charge.
    pub refund_shipping: bool,
}

impl Default for UndeliveredPolicy {
    fn default() -> Self {
        Self { refund_shipping: true }
    }
}

/// What channels may offer of the stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AvailabilityPolicy {
    /// Units of each SKU that are kept back from a channel; none where nothing is declared.
    pub safety_stock: Vec<SafetyStock>,
    /// How long a channel may go on showing stock that is there no longer, in milliseconds.
    pub lag_ms: u64,
}

/// Units of each SKU that are kept back from a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetyStock {
    /// Which.
    pub channel: System,
    /// How many.
    pub units: u32,
}

impl AvailabilityPolicy {
    /// Channels that are told how many units they may offer.
    pub const CHANNELS: [System; 3] = [System::Storefront, System::Marketplace, System::Pos];

    /// Units that are kept back from a channel.
    pub fn kept_back(&self, channel: System) -> u32 {
        self.safety_stock.iter().find(|entry| entry.channel == channel).map_or(0, |entry| entry.units)
    }

    /// Units that a channel may offer where so many are unclaimed: never below 0.
    pub fn offered(&self, channel: System, unclaimed: i64) -> i64 {
        unclaimed.saturating_sub(i64::from(self.kept_back(channel))).max(0)
    }
}

impl Default for AvailabilityPolicy {
    /// A shop window that lags sells a unit less, a marketplace, where a cancellation costs most, two less.
    fn default() -> Self {
        let kept = [(System::Storefront, 1), (System::Marketplace, 2)];
        Self {
            safety_stock: kept.map(|(channel, units)| SafetyStock { channel, units }).to_vec(),
            lag_ms: 60_000,
        }
    }
}

/// What becomes of a promotion when goods come back and those that stay are worth less than it demands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BrokenMinimum {
    /// The customer keeps its benefit.
    #[default]
    None,
    /// Its shares in the goods that stay are kept of the refund; they are given back if those come back, too.
    Clawback,
}

/// What becomes of units that a node will not ship after all. What cannot be helped is canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnfulfilledPolicy {
    /// Another node ships them, or the customer waits where the SKU is sold beyond its stock.
    ReSourceOrBackOrder,
    /// Another node ships them.
    ReSource,
    /// They are canceled.
    Cancel,
}

/// What becomes of goods of a grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeDisposition {
    /// The grade.
    pub grade: ConditionGrade,
    /// The reason of the return; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReturnReason>,
    /// What becomes of them.
    pub disposition: DispositionCode,
}

/// What a retailer does when money cannot be taken or given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentPolicy {
    /// How often a parcel's money is asked of one authorization. Then a new one is asked for, once, with as many
    /// attempts; then a person must look at it.
    pub capture_attempts: u32,
    /// How often a refund is asked of the payment provider, the first attempt included.
    pub refund_attempts: u32,
    /// What becomes of a refund that the payment provider could not pay.
    pub failed_refunds: FailedRefund,
}

/// What becomes of a refund that the payment provider could not pay, however often it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedRefund {
    /// The customer gets store credit.
    StoreCredit,
    /// A person decides.
    Person,
}

impl Default for PaymentPolicy {
    fn default() -> Self {
        Self { capture_attempts: 2, refund_attempts: 2, failed_refunds: FailedRefund::StoreCredit }
    }
}

/// How an implementation repeats failed calls: exponential back-off up to a longest pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetryPolicy {
    /// Pause before the first repetition, in milliseconds.
    pub initial_ms: u64,
    /// Longest pause, in milliseconds.
    pub max_ms: u64,
    /// How long a call may take, in milliseconds.
    pub timeout_ms: u64,
}

impl RetryPolicy {
    /// How many calls follow on one another, at the most, from one thing that happened to rest: a shipment is
    /// captured, invoiced, taxed, moved, and told to channels, each of which may cause the next call.
    const CHAIN_MAX: u32 = 12;

    /// Within which time a call that failed was repeated: it took as long as it may, and pauses may be noticed late.
    pub const fn repeats_within(&self) -> Duration {
        Duration::from_millis(self.max_ms.saturating_mul(2).saturating_add(self.timeout_ms))
    }

    /// How long an implementation that repeats calls as it declares may take to come to rest once every
    /// partner works again: in a chain of calls each waits the longest pause, and then takes as long as it may.
    pub fn settles_within(&self) -> Duration {
        let call = Duration::from_millis(self.max_ms.saturating_add(self.timeout_ms));
        call.saturating_mul(Self::CHAIN_MAX)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { initial_ms: 50, max_ms: 400, timeout_ms: 2000 }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            return_window_days: 30,
            channel_windows: BTreeMap::from([(SalesChannel::Store, 14)]),
            return_seasons: vec![ReturnSeason {
                first: MonthDay { month: 12, day: 1 },
                last: MonthDay { month: 12, day: 24 },
                returnable_until: MonthDay { month: 1, day: 31 },
            }],
            warranty_days: 730,
            refund_order: vec![
                TenderKind::Card,
                TenderKind::MarketplaceCollected,
                TenderKind::GiftCard,
                TenderKind::StoreCredit,
                TenderKind::ExchangeCredit,
            ],
            dispositions: [
                (ConditionGrade::A, None, DispositionCode::ToStock),
                (ConditionGrade::B, None, DispositionCode::ToOutlet),
                (ConditionGrade::C, None, DispositionCode::Liquidate),
                (ConditionGrade::D, None, DispositionCode::Destroy),
                (ConditionGrade::B, Some(ReturnReason::Defective), DispositionCode::ReturnToVendor),
                (ConditionGrade::C, Some(ReturnReason::Defective), DispositionCode::Refurbish),
                (ConditionGrade::C, Some(ReturnReason::GiftUnwanted), DispositionCode::Donate),
                (ConditionGrade::A, Some(ReturnReason::NotAsDescribed), DispositionCode::Quarantine),
                (ConditionGrade::B, Some(ReturnReason::NotAsDescribed), DispositionCode::Quarantine),
            ]
            .map(|(grade, reason, disposition)| GradeDisposition { grade, reason, disposition })
            .to_vec(),
            unfulfilled: UnfulfilledPolicy::ReSourceOrBackOrder,
            advance_exchange_reasons: vec![
                ReturnReason::Defective,
                ReturnReason::DamagedInTransit,
                ReturnReason::WrongItem,
            ],
            keep_items_up_to: vec![Money::new(4_000, Currency::EUR)],
            advance_refund: AdvanceRefundPolicy::default(),
            payments: PaymentPolicy::default(),
            broken_minimums: BTreeMap::from([(PromotionId::new("SPEND100"), BrokenMinimum::Clawback)]),
            retry: RetryPolicy::default(),
            thresholds: Vec::new(),
            availability: AvailabilityPolicy::default(),
            undelivered: UndeliveredPolicy::default(),
            promises: PromisePolicy::default(),
            degradation: DegradationPolicy::default(),
            rates: rate::declared(),
            bearer_tokens: true,
        }
    }
}

impl Policy {
    /// Until when what left then, for an order of this channel, may be returned: the channel's days, 24 hours each,
    /// or longer where a season says so.
    pub fn returnable_until(&self, channel: SalesChannel, left: Timestamp) -> Timestamp {
        let days = self.channel_windows.get(&channel).copied().unwrap_or(self.return_window_days);
        let seasons = self.return_seasons.iter().filter_map(|season| season.returnable_until(left));
        seasons.fold(window::after_days(left, days), Timestamp::max)
    }

    /// Until when defective goods that left then are replaced without a charge.
    pub fn replaceable_until(&self, left: Timestamp) -> Timestamp {
        window::after_days(left, self.warranty_days)
    }

    /// What becomes of a promotion whose minimum a return breaks.
    pub fn broken_minimum(&self, promotion: &PromotionId) -> BrokenMinimum {
        self.broken_minimums.get(promotion).copied().unwrap_or_default()
    }

    /// Whether the replacement of goods that come back for these reasons may leave before they are back.
    pub fn advances_exchange(&self, mut reasons: impl Iterator<Item = ReturnReason>) -> bool {
        reasons.all(|reason| self.advance_exchange_reasons.contains(&reason))
    }

    /// Up to how much customers are refunded for goods of an order that they keep, minor units.
    pub fn keep_items_up_to(&self, currency: Currency) -> i64 {
        self.keep_items_up_to.iter().find(|most| most.currency == currency).map_or(0, |most| most.amount)
    }

    /// What becomes of goods of this grade that came back for this reason; quarantine where nothing is declared, and
    /// for what was called back.
    pub fn disposition(&self, grade: ConditionGrade, reason: ReturnReason) -> DispositionCode {
        if reason == ReturnReason::Recall {
            return DispositionCode::Quarantine;
        }
        let declared = |reason| {
            self.dispositions.iter().find(move |entry| entry.grade == grade && entry.reason == reason)
        };
        declared(Some(reason))
            .or_else(|| declared(None))
            .map_or(DispositionCode::Quarantine, |entry| entry.disposition)
    }
}
