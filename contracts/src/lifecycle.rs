//! The legal transitions of every status, as one table for each status.
//!
//! Statuses are declared in the order of their rank, and the rank rises along every legal transition: nothing
//! ever goes back. What looks like going back is a status of its own (`return_to_sender`, `partially_returned`,
//! `voided`). This module does not derive a status from facts; it says which steps a derived status may take.
//!
//! Two questions are answered. [`Lifecycle::legal`]: may this step be taken, by who sees every step.
//! [`Lifecycle::reachable`]: may an observer who saw the one status see the other next. Channels and late events
//! skip steps, and repeat them.

use std::{fmt, ops::ControlFlow};

use serde::Serialize;

use crate::model::{
    AuthorizationStatus, CaptureStatus, DisputeStatus, ExchangeStatus, FulfillmentStatus, OrderStatus,
    RefundStatus, ReturnStatus, ShipmentStatus, TaxDocumentStatus,
};

/// A status with a life.
///
/// ```
/// use counterproof_contracts::{lifecycle::Lifecycle as _, model::OrderStatus};
/// assert!(OrderStatus::Placed.legal(OrderStatus::Accepted));
/// assert!(!OrderStatus::Placed.legal(OrderStatus::Shipped));
/// assert!(OrderStatus::Placed.reachable(OrderStatus::Shipped));
/// assert!(!OrderStatus::Shipped.reachable(OrderStatus::Canceled));
/// ```
pub trait Lifecycle: Copy + Ord + fmt::Debug + Serialize + 'static {
    /// What has this status, as the documents call it.
    const ENTITY: &'static str;
    /// Every status, by rank.
    const ALL: &'static [Self];
    /// Every step that may be taken.
    const STEPS: &'static [(Self, Self)];

    /// Whether this step may be taken. Staying is no step.
    fn legal(self, to: Self) -> bool {
        Self::STEPS.contains(&(self, to))
    }

    /// Whether a number of legal steps, or none, leads there.
    fn reachable(self, to: Self) -> bool {
        if to <= self {
            return to == self;
        }
        // Steps only rise in rank, so one pass over the statuses in their order sees every path.
        let mut seen = vec![self];
        let walk = Self::ALL.iter().filter(|status| **status > self).try_for_each(|status| {
            if seen.iter().any(|earlier| earlier.legal(*status)) {
                if *status == to {
                    return ControlFlow::Break(());
                }
                seen.push(*status);
            }
            ControlFlow::Continue(())
        });
        walk.is_break()
    }

    /// How far along it is; rises with every legal step, from 0.
    fn rank(self) -> usize {
        Self::ALL.iter().take_while(|status| **status < self).count()
    }

    /// Whether nothing follows.
    fn is_terminal(self) -> bool {
        Self::STEPS.iter().all(|(from, _)| *from != self)
    }

    /// The name on the wire.
    fn name(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => format!("{self:?}"),
        }
    }
}

/// A legal step, by the names on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// What takes it.
    pub entity: &'static str,
    /// From which status.
    pub from: String,
    /// To which status.
    pub to: String,
}

/// Every legal step of everything that has a status.
pub fn transitions() -> Vec<Transition> {
    let mut all = Vec::new();
    append::<OrderStatus>(&mut all);
    append::<FulfillmentStatus>(&mut all);
    append::<ShipmentStatus>(&mut all);
    append::<AuthorizationStatus>(&mut all);
    append::<CaptureStatus>(&mut all);
    append::<RefundStatus>(&mut all);
    append::<DisputeStatus>(&mut all);
    append::<ReturnStatus>(&mut all);
    append::<TaxDocumentStatus>(&mut all);
    append::<ExchangeStatus>(&mut all);
    all
}

fn append<S: Lifecycle>(all: &mut Vec<Transition>) {
    all.extend(S::STEPS.iter().map(|(from, to)| Transition {
        entity: S::ENTITY,
        from: from.name(),
        to: to.name(),
    }));
}

impl Lifecycle for OrderStatus {
    const ENTITY: &'static str = "order";
    const ALL: &'static [Self] = &[
        Self::Placed,
        Self::Accepted,
        Self::Rejected,
        Self::InFulfillment,
        Self::ReadyForPickup,
        Self::PartiallyShipped,
        Self::Shipped,
        Self::Delivered,
        Self::PartiallyReturned,
        Self::Returned,
        Self::Canceled,
    ];
    /// Goods may come back before the carrier says that they arrived, and while others have yet to leave: an
    /// order with returned units says `partially_returned`, whatever its other units do.
    const STEPS: &'static [(Self, Self)] = &[
        (Self::Placed, Self::Accepted),
        (Self::Placed, Self::Rejected),
        (Self::Placed, Self::Canceled),
        (Self::Accepted, Self::InFulfillment),
        (Self::Accepted, Self::Canceled),
        (Self::InFulfillment, Self::ReadyForPickup),
        (Self::InFulfillment, Self::PartiallyShipped),
        (Self::InFulfillment, Self::Shipped),
        (Self::InFulfillment, Self::Canceled),
        (Self::ReadyForPickup, Self::PartiallyShipped),
        (Self::ReadyForPickup, Self::Delivered),
        (Self::ReadyForPickup, Self::Canceled),
        (Self::PartiallyShipped, Self::Shipped),
        (Self::PartiallyShipped, Self::Delivered),
        (Self::PartiallyShipped, Self::PartiallyReturned),
        (Self::Shipped, Self::Delivered),
        (Self::Shipped, Self::PartiallyReturned),
        (Self::Shipped, Self::Returned),
        (Self::Delivered, Self::PartiallyReturned),
        (Self::Delivered, Self::Returned),
        (Self::PartiallyReturned, Self::Returned),
    ];
}

impl Lifecycle for FulfillmentStatus {
    const ENTITY: &'static str = "fulfillment_order";
    const ALL: &'static [Self] = &[
        Self::Requested,
        Self::Accepted,
        Self::PartiallyShipped,
        Self::Shipped,
        Self::Canceled,
        Self::Rejected,
    ];
    const STEPS: &'static [(Self, Self)] = &[
        (Self::Requested, Self::Accepted),
        (Self::Requested, Self::Canceled),
        (Self::Accepted, Self::PartiallyShipped),
        (Self::Accepted, Self::Shipped),
        (Self::Accepted, Self::Canceled),
        (Self::Requested, Self::Rejected),
        (Self::Accepted, Self::Rejected),
        (Self::PartiallyShipped, Self::Shipped),
    ];
}

impl Lifecycle for ShipmentStatus {
    const ENTITY: &'static str = "shipment";
    const ALL: &'static [Self] = &[
        Self::Created,
        Self::LabelPurchased,
        Self::ReadyForPickup,
        Self::Shipped,
        Self::InTransit,
        Self::OutForDelivery,
        Self::Delivered,
        Self::ReturnToSender,
        Self::Lost,
        Self::Voided,
    ];
    /// The one step after delivery is the way back to the sender; a lost parcel stays lost.
    const STEPS: &'static [(Self, Self)] = &[
        (Self::Created, Self::LabelPurchased),
        (Self::Created, Self::ReadyForPickup),
        (Self::ReadyForPickup, Self::Delivered),
        (Self::ReadyForPickup, Self::Voided),
        (Self::Created, Self::Voided),
        (Self::LabelPurchased, Self::Shipped),
        (Self::LabelPurchased, Self::Voided),
        (Self::Shipped, Self::InTransit),
        (Self::Shipped, Self::Lost),
        (Self::InTransit, Self::OutForDelivery),
        (Self::InTransit, Self::Delivered),
        (Self::InTransit, Self::ReturnToSender),
        (Self::InTransit, Self::Lost),
        (Self::OutForDelivery, Self::Delivered),
        (Self::OutForDelivery, Self::ReturnToSender),
        (Self::OutForDelivery, Self::Lost),
        (Self::Delivered, Self::ReturnToSender),
        (Self::ReturnToSender, Self::Lost),
    ];
}

impl Lifecycle for AuthorizationStatus {
    const ENTITY: &'static str = "authorization";
    const ALL: &'static [Self] =
        &[Self::Authorized, Self::PartiallyCaptured, Self::Captured, Self::Voided, Self::Expired];
    const STEPS: &'static [(Self, Self)] = &[
        (Self::Authorized, Self::PartiallyCaptured),
        (Self::Authorized, Self::Captured),
        (Self::Authorized, Self::Voided),
        (Self::Authorized, Self::Expired),
        (Self::PartiallyCaptured, Self::Captured),
        (Self::PartiallyCaptured, Self::Voided),
        (Self::PartiallyCaptured, Self::Expired),
    ];
}

impl Lifecycle for CaptureStatus {
    const ENTITY: &'static str = "capture";
    const ALL: &'static [Self] = &[Self::Pending, Self::Succeeded, Self::Failed];
    const STEPS: &'static [(Self, Self)] = &[(Self::Pending, Self::Succeeded), (Self::Pending, Self::Failed)];
}

impl Lifecycle for DisputeStatus {
    const ENTITY: &'static str = "dispute";
    const ALL: &'static [Self] = &[Self::Open, Self::Won, Self::Lost];
    const STEPS: &'static [(Self, Self)] = &[(Self::Open, Self::Won), (Self::Open, Self::Lost)];
}

impl Lifecycle for RefundStatus {
    const ENTITY: &'static str = "refund";
    const ALL: &'static [Self] =
        &[Self::Requested, Self::Pending, Self::Succeeded, Self::Failed, Self::Canceled];
    /// Stored value and marketplaces pay at once, without `pending`. A bank may send money back that had arrived.
    /// Canceled is what was never asked for.
    const STEPS: &'static [(Self, Self)] = &[
        (Self::Requested, Self::Pending),
        (Self::Requested, Self::Succeeded),
        (Self::Requested, Self::Failed),
        (Self::Requested, Self::Canceled),
        (Self::Pending, Self::Succeeded),
        (Self::Pending, Self::Failed),
        (Self::Succeeded, Self::Failed),
    ];
}

impl Lifecycle for ReturnStatus {
    const ENTITY: &'static str = "return_authorization";
    const ALL: &'static [Self] = &[
        Self::Requested,
        Self::Approved,
        Self::Declined,
        Self::PartiallyReceived,
        Self::Received,
        Self::Closed,
        Self::Expired,
        Self::Canceled,
    ];
    /// Expires or is canceled only while nothing came. One of which the rest never comes is closed.
    const STEPS: &'static [(Self, Self)] = &[
        (Self::Requested, Self::Approved),
        (Self::Requested, Self::Declined),
        (Self::Requested, Self::Canceled),
        (Self::Approved, Self::PartiallyReceived),
        (Self::Approved, Self::Received),
        (Self::Approved, Self::Expired),
        (Self::Approved, Self::Canceled),
        (Self::PartiallyReceived, Self::Received),
        (Self::PartiallyReceived, Self::Closed),
        (Self::Received, Self::Closed),
    ];
}

impl Lifecycle for TaxDocumentStatus {
    const ENTITY: &'static str = "tax_document";
    const ALL: &'static [Self] = &[Self::Committed, Self::Voided, Self::Locked];
    const STEPS: &'static [(Self, Self)] =
        &[(Self::Committed, Self::Voided), (Self::Committed, Self::Locked)];
}

impl Lifecycle for ExchangeStatus {
    const ENTITY: &'static str = "exchange";
    const ALL: &'static [Self] = &[
        Self::Requested,
        Self::ReturnPending,
        Self::ReplacementReleased,
        Self::Completed,
        Self::RevertedToRefund,
    ];
    /// Becomes a refund as long as the customer does not have the replacement.
    const STEPS: &'static [(Self, Self)] = &[
        (Self::Requested, Self::ReturnPending),
        (Self::Requested, Self::RevertedToRefund),
        (Self::ReturnPending, Self::ReplacementReleased),
        (Self::ReturnPending, Self::RevertedToRefund),
        (Self::ReplacementReleased, Self::Completed),
        (Self::ReplacementReleased, Self::RevertedToRefund),
    ];
}

#[cfg(test)]
mod tests;
