//! Random values of every type of the contract, within the bounds of the schemas.
//!
//! A type's fields are listed once in `records`; a struct expression is built from the list, so that a field
//! that is forgotten does not compile.

#![expect(clippy::unwrap_used, reason = "a test")]

use counterproof_contracts::model::*;
use proptest::{collection::vec, option, prelude::*};

/// A type that can be made at random. Where one type has several ranges, the narrower stands at the field.
pub(crate) trait Random: Sized + std::fmt::Debug + Clone + 'static {
    fn random() -> BoxedStrategy<Self>;
}

impl Random for bool {
    fn random() -> BoxedStrategy<Self> {
        any::<bool>().boxed()
    }
}

impl<T: Random> Random for Option<T> {
    fn random() -> BoxedStrategy<Self> {
        option::of(T::random()).boxed()
    }
}

impl<T: Random> Random for Box<T> {
    fn random() -> BoxedStrategy<Self> {
        T::random().prop_map(Self::new).boxed()
    }
}

impl<T: Random> Random for Vec<T> {
    fn random() -> BoxedStrategy<Self> {
        vec(T::random(), 0..3).boxed()
    }
}

impl Random for Currency {
    fn random() -> BoxedStrategy<Self> {
        "[A-Z]{3}".prop_map(|code| code.parse().unwrap()).boxed()
    }
}

impl Random for Timestamp {
    /// Years 1 to 9999.
    fn random() -> BoxedStrategy<Self> {
        (-62_135_596_800_i64..253_402_200_000, 0..1_000_000_000)
            .prop_map(|(second, nanosecond)| Self::new(second, nanosecond).unwrap())
            .boxed()
    }
}

impl Random for Date {
    fn random() -> BoxedStrategy<Self> {
        Timestamp::random().prop_map(day_of).boxed()
    }
}

impl Random for Money {
    /// Zero or more.
    fn random() -> BoxedStrategy<Self> {
        money(0..=SAFE)
    }
}

/// Integers up to here are the same in every JSON implementation.
pub(crate) const SAFE: i64 = 9_007_199_254_740_991;

pub(crate) fn money(amount: impl Strategy<Value = i64> + 'static) -> BoxedStrategy<Money> {
    (amount, Currency::random()).prop_map(|(amount, currency)| Money::new(amount, currency)).boxed()
}

pub(crate) fn positive() -> BoxedStrategy<Money> {
    money(1..=SAFE)
}

pub(crate) fn at_least_one<T: Random>() -> BoxedStrategy<Vec<T>> {
    vec(T::random(), 1..3).boxed()
}

pub(crate) fn unit_amounts() -> BoxedStrategy<Vec<i64>> {
    vec(0..=SAFE, 0..4).boxed()
}

pub(crate) const QUANTITY: std::ops::RangeInclusive<u32> = 1..=10_000;
pub(crate) const ATTEMPT: std::ops::RangeInclusive<u32> = 1..=1_000;
pub(crate) const COUNT: std::ops::RangeInclusive<u32> = 0..=10_000;
pub(crate) const RATE_PPM: std::ops::RangeInclusive<u32> = 0..=10_000_000;
pub(crate) const SEQUENCE: std::ops::RangeInclusive<u64> = 1..=9_007_199_254_740_991;

/// Text for people: any script, any length within the bounds.
pub(crate) fn text(longest: usize) -> BoxedStrategy<String> {
    vec(any::<char>(), 1..=longest.min(40)).prop_map(String::from_iter).boxed()
}

/// A text at exactly one of the bounds of an identifier, or between.
pub(crate) fn identifier(longest: usize) -> BoxedStrategy<String> {
    prop_oneof![
        8 => "[!-~]([ -~]{0,14}[!-~])?",
        1 => Just("x".repeat(longest)),
    ]
    .boxed()
}

pub(crate) fn reference() -> BoxedStrategy<String> {
    identifier(512)
}

pub(crate) fn country() -> BoxedStrategy<String> {
    "[A-Z]{2}".boxed()
}

pub(crate) fn jurisdiction() -> BoxedStrategy<String> {
    "[A-Z]{2}(-[A-Z0-9]{1,3})?".boxed()
}

macro_rules! identifiers {
    ($longest:literal: $($name:ident),+) => {$(
        impl Random for $name {
            fn random() -> BoxedStrategy<Self> {
                identifier($longest).prop_map($name::from).boxed()
            }
        }
    )+};
}

identifiers!(128: FeedId, OrderNumber, ChannelOrderId, LineId, Sku, NodeId, CustomerRef, TenderId, PromotionId, TransferId);
identifiers!(512: ReservationId, FulfillmentOrderId, ShipmentId, TrackingNumber, ScanId, AuthorizationId);
identifiers!(512: CaptureId, RefundId, RmaId, ReceiptId, ExchangeId, AccountId, TaxDocumentCode, ErpDocument);
identifiers!(512: MovementId, EventId, CorrelationId, DisputeId);

impl Random for OrderSearch {
    /// One of the two.
    fn random() -> BoxedStrategy<Self> {
        prop_oneof![
            reference().prop_map(|token| Self { payment_token: Some(token), customer_ref: None }),
            CustomerRef::random().prop_map(|who| Self { payment_token: None, customer_ref: Some(who) }),
        ]
        .boxed()
    }
}
