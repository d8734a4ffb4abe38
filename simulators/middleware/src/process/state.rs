//! What is known of one order: facts as channels and partners told them, and what was asked of partners.
//!
//! It holds no behavior beyond questions to the facts; the rules stand in the files beside it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use counterproof_contracts::{
    allocation::Value,
    model::{
        AccountId, AuthorizationId, CaptureId, ChangeStatus, CorrelationId, Dispute, DisputeId, ErpDocument,
        FulfillmentOrderId, Inspection, ItemQuantity, LineId, LineQuantity, LineState, NodeId, Order,
        OrderChange, OrderChangeResult, OrderStatus, OrderStatusUpdate, ReceiptId, Reservation,
        ReservationId, ReservedLine, ReturnReceipt, ReturnView, RevisedPromise, RmaId, ScanCode,
        SerializedUnit, Shipment, ShipmentId, Sku, TenderId, TenderKind, Timestamp, TrackingNumber,
        UnfulfilledReason,
    },
    protocol::{Cancellation, CancellationRequest, CancellationStatus},
};
use serde::{Deserialize, Serialize};

pub use super::document::DocumentState;
pub use super::exchange_state::{Applied, Claim, ExchangeState, Fate, Replacing, Returned};
pub use super::grant_state::{GrantState, GrantedUnits};
pub use super::master::WaitingTask;
pub use super::promise::Promises;
pub use super::return_state::{
    AdvanceState, DecisionState, Graded, HoldState, ReceiptState, RefundMeans, RefundState, RejectionState,
    ReturnState, Taking, TakingOutcome, Way,
};
use super::task::{Intent, idempotency_key};

/// The chain of messages that something belongs to, and the message that caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The chain.
    pub correlation: CorrelationId,
    /// An event's id, or the idempotency key of a request.
    pub causation: String,
}

/// Everything that is known of one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OrderProcess {
    /// As the channel placed it.
    pub order: Order,
    /// The chain that the order's submission started.
    pub chain: Chain,
    /// The store that took it and takes part in no calls: it is told by files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files_for: Option<NodeId>,
    /// Where it stands, as last derived.
    pub status: OrderStatus,
    /// Why it was refused.
    pub rejection: Option<String>,
    /// The tax engine confirmed the order's taxes, or they are taken for right.
    pub taxes_confirmed: bool,
    /// The order went on with the taxes that its channel calculated: the tax engine did not answer in time.
    #[serde(default)]
    pub taxes_assumed: bool,
    /// Paid for, reserved and booked.
    pub accepted: bool,
    /// Units, by line.
    pub counts: BTreeMap<LineId, Counts>,
    /// Means of payment.
    pub tenders: BTreeMap<TenderId, Holding>,
    /// What is known of card tenders beside that.
    #[serde(default)]
    pub cards: BTreeMap<TenderId, CardState>,
    /// Authorizations that lapsed.
    #[serde(default)]
    pub lapsed: BTreeSet<AuthorizationId>,
    /// Objections of the customer to captures.
    #[serde(default)]
    pub disputes: BTreeMap<DisputeId, Dispute>,
    /// The ERP's claims on stock, oldest first.
    pub reservations: Vec<ReservationState>,
    /// What the ERP told of reservations before their answers came.
    pub early_claims: Vec<ClaimNews>,
    /// Units that must find stock again, in the order in which that was told.
    pub shortages: Vec<Shortage>,
    /// Wishes to change the order, in the order in which they came.
    pub changes: Vec<ChangeState>,
    /// The ERP's number.
    pub erp_document: Option<ErpDocument>,
    /// Orders to nodes.
    pub fulfillments: BTreeMap<FulfillmentOrderId, Fulfillment>,
    /// Parcels.
    pub shipments: BTreeMap<ShipmentId, Parcel>,
    /// The furthest scan of each tracking number.
    pub scans: BTreeMap<TrackingNumber, ScanCode>,
    /// Wishes to cancel, in the order in which they came.
    pub cancellations: Vec<CancellationState>,
    /// Return authorizations, in the order in which they were given.
    pub returns: Vec<ReturnState>,
    /// Receipts of returned goods, in the order in which they came.
    pub receipts: Vec<ReceiptState>,
    /// Returned goods that wait at docks for a clerk.
    #[serde(default)]
    pub holds: Vec<HoldState>,
    /// Returned goods that were not taken back.
    #[serde(default)]
    pub rejections: Vec<RejectionState>,
    /// Receipts of undelivered parcels that were told before these had left.
    #[serde(default)]
    pub early_undelivered: Vec<(Chain, ReturnReceipt)>,
    /// Dates that were told after the first that was promised.
    #[serde(default)]
    pub promises: Promises,
    /// Its goods that were called back.
    #[serde(default)]
    pub recalled: BTreeSet<Sku>,
    /// What the carrier told of parcels after it had told otherwise.
    #[serde(default)]
    pub odd_scans: BTreeSet<(TrackingNumber, ScanCode)>,
    /// What was granted without goods coming back, in the order in which it was.
    #[serde(default)]
    pub grants: Vec<GrantState>,
    /// Inspections that were told before their receipts.
    pub early_inspections: BTreeMap<ReceiptId, (Chain, Inspection)>,
    /// What docks decided on goods in quarantine, in the order in which it was told.
    pub decisions: Vec<DecisionState>,
    /// Refunds, in the order in which they were decided.
    pub refunds: Vec<RefundState>,
    /// Exchanges of its goods, in the order in which they were asked for.
    pub exchanges: Vec<ExchangeState>,
    /// That it replaces goods of another order.
    pub replacing: Option<Replacing>,
    /// How much it told other orders.
    pub notices: u64,
    /// Serial numbers that left.
    pub serials: BTreeMap<String, SerialState>,
    /// What was asked of partners, by idempotency key.
    pub tasks: BTreeMap<String, TaskStatus>,
    /// Calls that wait, or waited, until a partner knows what they refer to.
    #[serde(default)]
    pub waiting: Vec<WaitingTask>,
    /// What channel and customer service were last told.
    pub told: Snapshot,
    /// Number of the last update.
    pub sequence: u64,
    /// Updates that wait for earlier ones.
    pub channel_updates: VecDeque<Update>,
    /// Timeline entries that wait for earlier ones.
    pub timeline_updates: VecDeque<Update>,
    /// Number of the last audit record.
    pub audit_sequence: u64,
}

/// Units of a line, cumulated over the order's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Canceled for certain.
    pub canceled: u32,
    /// Left.
    pub shipped: u32,
    /// Came back and were graded.
    pub returned: u32,
    /// Were lost on their way, and did not turn up.
    #[serde(default)]
    pub lost: u32,
}

impl Counts {
    /// Units that the customer does not have and does not pay: they came back, or were lost.
    pub const fn gone(self) -> u32 {
        self.returned + self.lost
    }
}

/// What is known of a means of payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holding", rename_all = "snake_case")]
pub enum Holding {
    /// Not asked for, or the answer is not known.
    #[default]
    Open,
    /// The amount is held or debited.
    Held {
        /// The payment provider's identifier, on card tenders.
        authorization_id: Option<AuthorizationId>,
    },
    /// Held no more: a new authorization is asked for as far as money is needed still.
    Lapsed,
    /// Declined.
    Refused,
}

/// What is known of a card beside what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardState {
    /// Which authorization is the present one, counted from 0.
    pub round: u32,
    /// Authorizations that it gave.
    pub authorizations: BTreeSet<AuthorizationId>,
    /// What each of them was for, minor units.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<AuthorizationId, i64>,
    /// Captures that the present authorization was asked for and that failed.
    pub failures: u32,
    /// Whether the present authorization was asked for because captures failed.
    pub renewed: bool,
}

/// Stock that the ERP claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationState {
    /// The ERP's identifier.
    pub reservation_id: ReservationId,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Units by line and node that are at no node yet and were not given back.
    pub lines: Vec<ReservedLine>,
    /// Promised units that did not come yet.
    pub backordered: Vec<ItemQuantity>,
    /// Units that came for promises, by line and node, all together.
    pub came: Vec<ReservedLine>,
    /// When the ERP may give it up unless the order is booked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// It lapsed.
    pub lapsed: bool,
}

/// What the ERP told of a reservation by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum ClaimNews {
    /// Goods came for promises.
    Came {
        /// All that came so far.
        reservation: Reservation,
    },
    /// It lapsed.
    Lapsed {
        /// What lapsed.
        reservation: Reservation,
        /// The chain that told it.
        chain: Chain,
    },
}

/// Units that must find stock again: a node gave them back, or their claim lapsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortage {
    /// The node's exception, or the reservation that lapsed.
    pub cause: String,
    /// Why, in words.
    pub reason: String,
    /// The chain that told it.
    pub chain: Chain,
    /// The order to the node and why it gave them back; absent where a claim lapsed.
    pub given_back: Option<(FulfillmentOrderId, UnfulfilledReason)>,
    /// Units.
    pub lines: Vec<ItemQuantity>,
    /// Those of them for which another claim was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<ItemQuantity>,
    /// It is decided what becomes of them.
    pub settled: bool,
}

/// A wish to change the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeState {
    /// What was asked.
    pub change: OrderChange,
    /// The chain that asked.
    pub chain: Chain,
    /// What is answered.
    pub result: OrderChangeResult,
    /// The order before it, once it is accepted.
    pub before: Option<Order>,
    /// The tax engine must confirm it, and did.
    pub taxes: Consent,
    /// A node must agree, and did.
    pub node: Consent,
}

/// Whether somebody must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nobody.
    NotNeeded,
    /// Not known yet.
    Open,
    /// It was given.
    Given,
}

/// An order to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fulfillment {
    /// Who ships.
    pub node_id: NodeId,
    /// When it was asked to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// What, as released.
    pub lines: Vec<ItemQuantity>,
    /// The claim that its goods have.
    pub reservation_id: ReservationId,
    /// Units that the node stopped.
    pub stopped: BTreeMap<LineId, u32>,
    /// Units that the node will not ship.
    pub given_back: BTreeMap<LineId, u32>,
    /// The node said that it works on it.
    pub accepted: bool,
}

/// A parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The order to the node.
    pub fulfillment_order_id: FulfillmentOrderId,
    /// Who ships.
    pub node_id: NodeId,
    /// What is in it.
    pub lines: Vec<ItemQuantity>,
    /// The chain that told it first.
    pub chain: Chain,
    /// Units with serial numbers.
    pub serials: Vec<SerializedUnit>,
    /// The carrier's number and name, once there is a label.
    pub tracking_number: Option<TrackingNumber>,
    /// Who carries it.
    pub carrier: Option<String>,
    /// Set once it left.
    pub shipped: Option<Departure>,
    /// It was taken apart again.
    pub voided: bool,
    /// It is none: it stands for a gift card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<GiftCardState>,
}

/// A gift card that was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftCardState {
    /// Its line.
    pub line_id: LineId,
    /// Its account, once it is active.
    pub account_id: Option<AccountId>,
}

/// A unit with a serial number that left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SerialState {
    /// The line.
    pub line_id: LineId,
    /// The receipt that it came back with.
    pub returned: Option<ReceiptId>,
}

/// What was decided when a parcel left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    /// When it left.
    pub at: Timestamp,
    /// The chain that told it.
    pub chain: Chain,
    /// Which units of which lines.
    pub units: Vec<Units>,
    /// Whether it is the order's first: it carries the charge for shipping.
    pub first: bool,
    /// Who pays how much of it.
    pub shares: Vec<PaymentShare>,
    /// Its invoice.
    #[serde(default)]
    pub invoice: DocumentState,
}

/// Consecutive units of a line, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    /// The line.
    pub line_id: LineId,
    /// The first.
    pub first: u32,
    /// How many.
    pub quantity: u32,
}

impl Units {
    /// The units' indices.
    pub const fn range(&self) -> std::ops::Range<u32> {
        self.first..self.first + self.quantity
    }
}

/// A tender's share of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentShare {
    /// The tender.
    pub tender_id: TenderId,
    /// What it is.
    pub kind: TenderKind,
    /// Minor units.
    pub amount: i64,
    /// Of these, minor units that were given back, or are about to be.
    pub refunded: i64,
    /// The payment provider's capture, once the money is known to be taken.
    pub capture_id: Option<CaptureId>,
    /// Which attempt to take it is the present one, from 1.
    #[serde(default = "super::return_state::first")]
    pub attempt: u32,
    /// The authorization that the present attempt was asked of, or that it was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<AuthorizationId>,
    /// The payment provider took the present attempt on and will tell its outcome.
    #[serde(default)]
    pub pending: bool,
    /// It cannot be taken: a person knows.
    #[serde(default)]
    pub lost: bool,
}

impl PaymentShare {
    /// Whether it is to be taken from a card and it is not known yet whether that can be.
    pub fn is_open(&self) -> bool {
        self.kind == TenderKind::Card && self.capture_id.is_none() && !self.lost
    }
}

/// A wish to cancel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancellationState {
    /// What was asked.
    pub request: CancellationRequest,
    /// What was answered.
    pub answer: Cancellation,
    /// The chain that asked.
    pub chain: Chain,
    /// Where it stands.
    pub status: CancellationStatus,
    /// Canceled before any node had them.
    pub direct: Vec<LineQuantity>,
    /// What nodes were asked to stop.
    pub wishes: Vec<StopWish>,
    /// Units that had gone already when the wish came.
    pub too_late: u32,
    /// Claimed stock that it gives back, once that is decided.
    pub released: Option<Vec<ReservedLine>>,
}

/// What a node was asked to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopWish {
    /// The order to the node.
    pub fulfillment_order_id: FulfillmentOrderId,
    /// What.
    pub lines: Vec<ItemQuantity>,
    /// What it stopped; absent until it answers.
    pub stopped: Option<Vec<ItemQuantity>>,
}

/// What became of a call to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Under way.
    Open,
    /// It had its effect.
    Done,
    /// It was refused, and the order lives with that.
    Refused,
    /// It waits until a partner knows what it refers to.
    Waiting,
    /// It waits among the dead letters for a person.
    Dead,
}

/// What channel and customer service see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Where the order stands.
    pub status: OrderStatus,
    /// Every line.
    pub lines: Vec<LineState>,
    /// Parcels.
    pub shipments: Vec<Shipment>,
    /// Returns.
    pub returns: Vec<ReturnView>,
    /// What became of wishes to change the order.
    pub changes: Vec<OrderChangeResult>,
    /// Lines that arrive later than was promised.
    #[serde(default)]
    pub promises: Vec<RevisedPromise>,
}

/// An update with a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// The update.
    pub update: OrderStatusUpdate,
    /// What happened.
    pub text: String,
    /// The chain that it belongs to.
    pub chain: Chain,
}

impl OrderProcess {
    /// What became of an intent; `None` if it never arose.
    pub fn task(&self, intent: &Intent) -> Option<TaskStatus> {
        self.tasks.get(&idempotency_key(&self.order.order_number, intent)).copied()
    }

    /// Whether an intent has not arisen yet.
    pub fn unasked(&self, intent: &Intent) -> bool {
        self.task(intent).is_none()
    }

    /// Whether an intent had its effect.
    pub fn done(&self, intent: &Intent) -> bool {
        self.task(intent) == Some(TaskStatus::Done)
    }

    /// Whether the invoice of a parcel is posted.
    pub fn invoiced(&self, shipment: &ShipmentId) -> bool {
        let departure = self.shipments.get(shipment).and_then(|parcel| parcel.shipped.as_ref());
        departure.is_some_and(|departure| departure.invoice.posted)
    }

    /// Units of a line.
    pub fn counts(&self, line: &LineId) -> Counts {
        self.counts.get(line).copied().unwrap_or_default()
    }

    /// Units of a line that neither left nor were canceled.
    pub fn open_units(&self, line: &LineId) -> u32 {
        let ordered = self.order.line(line).map_or(0, |line| line.quantity);
        let counts = self.counts(line);
        ordered.saturating_sub(counts.canceled + counts.shipped)
    }

    /// Units of a line that nodes have and have not shipped.
    pub fn units_at_nodes(&self, line: &LineId) -> u32 {
        self.fulfillments.keys().map(|id| self.units_at(id, line)).sum()
    }

    /// Units of a line that an order to a node has and that have not left.
    pub fn units_at(&self, fulfillment_order: &FulfillmentOrderId, line: &LineId) -> u32 {
        let Some(fulfillment) = self.fulfillments.get(fulfillment_order) else { return 0 };
        let asked = fulfillment.lines.iter().filter(|asked| asked.line_id == *line);
        let asked: u32 = asked.map(|asked| asked.quantity).sum();
        let of = |counted: &BTreeMap<LineId, u32>| counted.get(line).copied().unwrap_or(0);
        let gone = of(&fulfillment.stopped) + of(&fulfillment.given_back);
        asked.saturating_sub(gone + self.shipped_by(fulfillment_order, line))
    }

    /// Units of a line that are claimed and at no node.
    pub fn units_claimed(&self, line: &LineId) -> u32 {
        let claims = self.reservations.iter().flat_map(|reservation| &reservation.lines);
        claims.filter(|claim| claim.line_id == *line).map(|claim| claim.quantity).sum()
    }

    /// Units of a line that are promised and have not come.
    pub fn units_backordered(&self, line: &LineId) -> u32 {
        let promised = self.reservations.iter().flat_map(|reservation| &reservation.backordered);
        promised.filter(|item| item.line_id == *line).map(|item| item.quantity).sum()
    }

    /// Open units of a line that are at no node, not claimed and not promised.
    pub fn units_unsourced(&self, line: &LineId) -> u32 {
        let sourced = self.units_at_nodes(line) + self.units_claimed(line) + self.units_backordered(line);
        self.open_units(line).saturating_sub(sourced)
    }

    /// The wish to change the order that is not decided yet.
    pub fn pending_change(&self) -> Option<&ChangeState> {
        self.changes.iter().find(|change| change.result.status == ChangeStatus::Pending)
    }

    /// Whether units must find stock again, and it is not decided what becomes of them.
    pub fn lacks_claims(&self) -> bool {
        self.shortages.iter().any(|shortage| !shortage.settled)
    }

    /// When the time of a claim was over last, of which nobody told that it lapsed.
    pub fn claims_expired_at(&self, now: Timestamp) -> Option<Timestamp> {
        let counted = self.reservations.iter().filter(|claim| !claim.lapsed);
        counted.filter_map(|claim| claim.expires_at).filter(|expired_at| *expired_at <= now).max()
    }

    /// Whether it waits until partners have confirmed its taxes, paid, claimed and booked it; not while it waits for goods.
    pub fn waits_to_be_booked(&self) -> bool {
        let for_goods = self.lacks_claims();
        !self.accepted && self.rejection.is_none() && !for_goods && self.anything_open()
    }

    /// Whether any unit may still leave.
    pub fn anything_open(&self) -> bool {
        self.order.lines.iter().any(|line| self.open_units(&line.line_id) > 0)
    }

    /// Units of a line that left in parcels of an order to a node.
    pub fn shipped_by(&self, fulfillment_order: &FulfillmentOrderId, line: &LineId) -> u32 {
        self.shipments
            .values()
            .filter(|parcel| parcel.fulfillment_order_id == *fulfillment_order)
            .filter_map(|parcel| parcel.shipped.as_ref())
            .flat_map(|departure| &departure.units)
            .filter(|units| units.line_id == *line)
            .map(|units| units.quantity)
            .sum()
    }

    /// The parcel that carried a unit.
    pub fn parcel_of_unit(&self, line: &LineId, unit: u32) -> Option<(&ShipmentId, &Departure)> {
        self.shipments.iter().find_map(|(shipment_id, parcel)| {
            let departure = parcel.shipped.as_ref()?;
            departure
                .units
                .iter()
                .any(|units| units.line_id == *line && units.range().contains(&unit))
                .then_some((shipment_id, departure))
        })
    }

    /// What units are worth that may leave still.
    pub fn open_value(&self) -> Value {
        let lines = self.order.lines.iter();
        let units: Vec<Units> = lines
            .map(|line| Units {
                line_id: line.line_id.clone(),
                first: self.counts(&line.line_id).shipped,
                quantity: self.open_units(&line.line_id) - self.units_activating(&line.line_id),
            })
            .collect();
        self.value_of(&units)
    }

    /// Whether goods left.
    pub fn any_parcel_left(&self) -> bool {
        self.shipments.values().any(|parcel| parcel.shipped.is_some() && parcel.card.is_none())
    }

    /// A tender's share of a parcel that left.
    pub fn share_mut(&mut self, shipment: &ShipmentId, tender: &TenderId) -> Option<&mut PaymentShare> {
        let departure = self.shipments.get_mut(shipment)?.shipped.as_mut()?;
        departure.shares.iter_mut().find(|share| share.tender_id == *tender)
    }

    /// Every tender's share of every parcel that left.
    pub fn shares(&self) -> impl Iterator<Item = (&ShipmentId, &Departure, &PaymentShare)> {
        self.shipments
            .iter()
            .filter_map(|(id, parcel)| Some((id, parcel.shipped.as_ref()?)))
            .flat_map(|(id, departure)| departure.shares.iter().map(move |share| (id, departure, share)))
    }

    /// What units are worth.
    pub fn value_of(&self, units: &[Units]) -> Value {
        units.iter().filter_map(|units| Some(self.order.line(&units.line_id)?.value(units.range()))).sum()
    }

    /// Units of a line that are in a dock's hands and not graded yet; those of lost parcels are counted as lost.
    pub fn ungraded(&self, line: &LineId) -> u32 {
        self.receipts
            .iter()
            .filter(|receipt| receipt.graded.is_none() && receipt.way != Way::Found)
            .flat_map(|receipt| &receipt.receipt.lines)
            .filter(|returned| returned.line_id == *line)
            .map(|returned| returned.quantity)
            .sum()
    }

    /// Units of a line that open return authorizations still expect.
    pub fn expected_back(&self, line: &LineId, now: Timestamp) -> u32 {
        self.returns.iter().map(|authorization| authorization.open_units(line, now)).sum()
    }

    /// A return authorization.
    pub fn authorization(&self, rma_id: &RmaId) -> Option<&ReturnState> {
        self.returns.iter().find(|authorization| authorization.rma_id == *rma_id)
    }
}
