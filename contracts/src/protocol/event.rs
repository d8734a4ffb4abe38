//! Events: CloudEvents 1.0 in structured mode, with the extensions that order and trace them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::model::{
    Authorization, BlindReceipt, Capture, CarrierScan, CorrelationId, CustomerChange, CustomerRef,
    DispositionDecision, Dispute, ErpDocument, EventId, FeedChange, FeedId, FulfillmentOrder, Inspection,
    InventoryAdjusted, LocationChange, NodeId, OrderNumber, PostingResult, ProductChange, Recall, Refund,
    Reservation, ReturnReceipt, Shipment, Sku, SubstitutionProposal, System, Timestamp, Transfer,
    TransferLoss, TransferReceipt, UnfulfilledUnits,
};

/// A CloudEvents 1.0 envelope. Unknown attributes are tolerated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CloudEvent {
    /// Always `1.0`.
    pub specversion: String,
    /// The event, whatever the number of its deliveries.
    pub id: EventId,
    /// Who tells it: `/` and the system's name.
    pub source: String,
    /// `retail.<what>.<happened>.v1`, see [`EventType`].
    #[serde(rename = "type")]
    pub event_type: String,
    /// The aggregate that it is about (a shipment, a refund, a receipt).
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// Rises with each event of the same source and subject, from 1.
    pub sequence: u64,
    /// Events with the same key are told in order, as far as possible: the order number, or the
    /// SKU where no order is meant.
    pub partitionkey: OrderNumber,
    /// The chain of messages that it belongs to.
    pub correlationid: CorrelationId,
    /// The message that caused it, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<String>,
    /// What happened; its schema follows from the type.
    pub data: Value,
}

impl CloudEvent {
    /// Media type of a structured CloudEvent.
    pub const MEDIA_TYPE: &'static str = "application/cloudevents+json";

    /// The type, where the contract knows it.
    pub fn known_type(&self) -> Option<EventType> {
        EventType::from_name(&self.event_type)
    }

    /// The system in `source`.
    pub fn source_system(&self) -> Option<System> {
        self.source.strip_prefix('/')?.parse().ok()
    }
}

/// The events that partners tell the middleware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// ERP: the sales order is booked ([`SalesOrderAcknowledged`]).
    SalesOrderAcknowledged,
    /// WMS: a node works on a fulfillment order ([`FulfillmentOrder`]).
    FulfillmentOrderAccepted,
    /// WMS: a parcel is packed and wants a label ([`Shipment`]).
    ShipmentPacked,
    /// WMS: a parcel left ([`Shipment`]).
    ShipmentShipped,
    /// WMS: returned goods came ([`ReturnReceipt`]).
    ReturnReceived,
    /// WMS: returned goods were graded ([`Inspection`]).
    ReturnInspected,
    /// WMS: goods in quarantine were decided on ([`DispositionDecision`]).
    ReturnDispositioned,
    /// WMS: goods came of which nobody knows the order ([`BlindReceipt`]).
    ReturnReceivedBlind,
    /// Carrier: a parcel was scanned ([`CarrierScan`]).
    CarrierScanRecorded,
    /// PSP: the customer has the money ([`Refund`]).
    RefundSucceeded,
    /// PSP: the refund could not be paid ([`Refund`]).
    RefundFailed,
    /// WMS: a node found fewer units than it was asked for ([`UnfulfilledUnits`]).
    FulfillmentOrderShortPicked,
    /// WMS: a node gives units back that it does not work on ([`UnfulfilledUnits`]).
    FulfillmentOrderRejected,
    /// WMS: nobody collected the goods in time ([`UnfulfilledUnits`]).
    PickupExpired,
    /// WMS: a node proposes something else ([`SubstitutionProposal`]).
    SubstitutionProposed,
    /// ERP: goods that an order waited for came, and are claimed for it ([`Reservation`]).
    InventoryReceived,
    /// ERP: claimed units lapsed ([`Reservation`]).
    ReservationExpired,
    /// PSP: a pending capture took the money ([`Capture`]).
    PaymentCaptured,
    /// PSP: a pending capture took nothing ([`Capture`]).
    PaymentCaptureFailed,
    /// PSP: an authorization lapsed; what it took stays taken ([`Authorization`]).
    PaymentAuthorizationExpired,
    /// PSP: the customer disputes a capture at the card's issuer ([`Dispute`]).
    PaymentDisputed,
    /// PSP: a dispute is won or lost ([`Dispute`]).
    PaymentDisputeClosed,
    /// ERP: the stock of a SKU changed ([`InventoryAdjusted`]).
    InventoryAdjusted,
    /// ERP: a document that was taken is in the general ledger ([`PostingResult`]).
    DocumentPosted,
    /// ERP: a document that was taken could not be posted ([`PostingResult`]).
    DocumentNotPosted,
    /// ERP: a product was created, changed or discontinued ([`ProductChange`]).
    ProductChanged,
    /// ERP: a place opened, closed or changed ([`LocationChange`]).
    LocationChanged,
    /// ERP: goods are called back ([`Recall`]).
    ProductRecalled,
    /// ERP: a customer was created, changed or merged into another ([`CustomerChange`]).
    CustomerChanged,
    /// WMS: goods left one place for another ([`Transfer`]).
    TransferDispatched,
    /// WMS: goods of a transfer came ([`TransferReceipt`]).
    TransferReceived,
    /// WMS: goods of a transfer are lost ([`TransferLoss`]).
    TransferLost,
    /// Marketplace: a feed has orders that were not fetched yet ([`FeedChange`]).
    MarketplaceFeedChanged,
}

impl EventType {
    /// Every type.
    pub const ALL: [Self; 33] = [
        Self::SalesOrderAcknowledged,
        Self::FulfillmentOrderAccepted,
        Self::ShipmentPacked,
        Self::ShipmentShipped,
        Self::ReturnReceived,
        Self::ReturnInspected,
        Self::ReturnDispositioned,
        Self::ReturnReceivedBlind,
        Self::CarrierScanRecorded,
        Self::RefundSucceeded,
        Self::RefundFailed,
        Self::FulfillmentOrderShortPicked,
        Self::FulfillmentOrderRejected,
        Self::PickupExpired,
        Self::SubstitutionProposed,
        Self::InventoryReceived,
        Self::ReservationExpired,
        Self::PaymentCaptured,
        Self::PaymentCaptureFailed,
        Self::PaymentAuthorizationExpired,
        Self::PaymentDisputed,
        Self::PaymentDisputeClosed,
        Self::InventoryAdjusted,
        Self::DocumentPosted,
        Self::DocumentNotPosted,
        Self::ProductChanged,
        Self::LocationChanged,
        Self::ProductRecalled,
        Self::CustomerChanged,
        Self::TransferDispatched,
        Self::TransferReceived,
        Self::TransferLost,
        Self::MarketplaceFeedChanged,
    ];

    /// The `type` attribute.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SalesOrderAcknowledged => "retail.sales_order.acknowledged.v1",
            Self::FulfillmentOrderAccepted => "retail.fulfillment_order.accepted.v1",
            Self::ShipmentPacked => "retail.shipment.packed.v1",
            Self::ShipmentShipped => "retail.shipment.shipped.v1",
            Self::ReturnReceived => "retail.return.received.v1",
            Self::ReturnInspected => "retail.return.inspected.v1",
            Self::ReturnDispositioned => "retail.return.dispositioned.v1",
            Self::ReturnReceivedBlind => "retail.return.received_blind.v1",
            Self::CarrierScanRecorded => "retail.carrier.scan_recorded.v1",
            Self::RefundSucceeded => "retail.refund.succeeded.v1",
            Self::RefundFailed => "retail.refund.failed.v1",
            Self::FulfillmentOrderShortPicked => "retail.fulfillment_order.short_picked.v1",
            Self::FulfillmentOrderRejected => "retail.fulfillment_order.rejected.v1",
            Self::PickupExpired => "retail.fulfillment_order.pickup_expired.v1",
            Self::SubstitutionProposed => "retail.fulfillment_order.substitution_proposed.v1",
            Self::InventoryReceived => "retail.inventory.received.v1",
            Self::ReservationExpired => "retail.reservation.expired.v1",
            Self::PaymentCaptured => "retail.payment.captured.v1",
            Self::PaymentCaptureFailed => "retail.payment.capture_failed.v1",
            Self::PaymentAuthorizationExpired => "retail.payment.authorization_expired.v1",
            Self::PaymentDisputed => "retail.payment.disputed.v1",
            Self::PaymentDisputeClosed => "retail.payment.dispute_closed.v1",
            Self::InventoryAdjusted => "retail.inventory.adjusted.v1",
            Self::DocumentPosted => "retail.document.posted.v1",
            Self::DocumentNotPosted => "retail.document.not_posted.v1",
            Self::ProductChanged => "retail.product.changed.v1",
            Self::LocationChanged => "retail.location.changed.v1",
            Self::ProductRecalled => "retail.product.recalled.v1",
            Self::CustomerChanged => "retail.customer.changed.v1",
            Self::TransferDispatched => "retail.transfer.dispatched.v1",
            Self::TransferReceived => "retail.transfer.received.v1",
            Self::TransferLost => "retail.transfer.lost.v1",
            Self::MarketplaceFeedChanged => "retail.marketplace.feed_changed.v1",
        }
    }

    /// Who tells it.
    pub const fn source(self) -> System {
        match self {
            Self::SalesOrderAcknowledged
            | Self::InventoryReceived
            | Self::ReservationExpired
            | Self::InventoryAdjusted
            | Self::DocumentPosted
            | Self::DocumentNotPosted
            | Self::ProductChanged
            | Self::ProductRecalled
            | Self::CustomerChanged
            | Self::LocationChanged => System::Erp,
            Self::FulfillmentOrderAccepted
            | Self::ShipmentPacked
            | Self::ShipmentShipped
            | Self::ReturnReceived
            | Self::ReturnInspected
            | Self::FulfillmentOrderShortPicked
            | Self::FulfillmentOrderRejected
            | Self::PickupExpired
            | Self::SubstitutionProposed
            | Self::ReturnDispositioned
            | Self::TransferDispatched
            | Self::TransferReceived
            | Self::TransferLost
            | Self::ReturnReceivedBlind => System::Wms,
            Self::CarrierScanRecorded => System::Carrier,
            Self::RefundSucceeded
            | Self::RefundFailed
            | Self::PaymentCaptured
            | Self::PaymentCaptureFailed
            | Self::PaymentAuthorizationExpired
            | Self::PaymentDisputed
            | Self::PaymentDisputeClosed => System::Psp,
            Self::MarketplaceFeedChanged => System::Marketplace,
        }
    }

    /// File stem of the data's JSON Schema.
    pub const fn data_schema(self) -> &'static str {
        match self {
            Self::SalesOrderAcknowledged => "sales-order-acknowledged",
            Self::FulfillmentOrderAccepted => "fulfillment-order",
            Self::ShipmentPacked | Self::ShipmentShipped => "shipment",
            Self::ReturnReceived => "return-receipt",
            Self::ReturnInspected => "inspection",
            Self::ReturnDispositioned => "disposition-decision",
            Self::ReturnReceivedBlind => "blind-receipt",
            Self::CarrierScanRecorded => "carrier-scan",
            Self::RefundSucceeded | Self::RefundFailed => "refund",
            Self::FulfillmentOrderShortPicked | Self::FulfillmentOrderRejected | Self::PickupExpired => {
                "unfulfilled-units"
            }
            Self::SubstitutionProposed => "substitution-proposal",
            Self::InventoryReceived | Self::ReservationExpired => "reservation",
            Self::PaymentCaptured | Self::PaymentCaptureFailed => "capture",
            Self::PaymentAuthorizationExpired => "authorization",
            Self::PaymentDisputed | Self::PaymentDisputeClosed => "dispute",
            Self::InventoryAdjusted => "inventory-adjusted",
            Self::DocumentPosted | Self::DocumentNotPosted => "posting-result",
            Self::ProductChanged => "product-change",
            Self::LocationChanged => "location-change",
            Self::ProductRecalled => "recall",
            Self::CustomerChanged => "customer-change",
            Self::TransferDispatched => "transfer",
            Self::TransferReceived => "transfer-receipt",
            Self::TransferLost => "transfer-loss",
            Self::MarketplaceFeedChanged => "feed-change",
        }
    }

    /// The type with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// That the ERP booked an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesOrderAcknowledged {
    /// The ERP's number.
    pub erp_document: ErpDocument,
    /// The order.
    pub order_number: OrderNumber,
}

/// What an event tells, typed by [`EventType`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventData {
    /// See [`EventType::SalesOrderAcknowledged`].
    SalesOrderAcknowledged(SalesOrderAcknowledged),
    /// See [`EventType::FulfillmentOrderAccepted`].
    FulfillmentOrderAccepted(FulfillmentOrder),
    /// See [`EventType::ShipmentPacked`].
    ShipmentPacked(Shipment),
    /// See [`EventType::ShipmentShipped`].
    ShipmentShipped(Shipment),
    /// See [`EventType::ReturnReceived`].
    ReturnReceived(ReturnReceipt),
    /// See [`EventType::ReturnInspected`].
    ReturnInspected(Inspection),
    /// See [`EventType::ReturnDispositioned`].
    ReturnDispositioned(DispositionDecision),
    /// See [`EventType::ReturnReceivedBlind`].
    ReturnReceivedBlind(BlindReceipt),
    /// See [`EventType::CarrierScanRecorded`].
    CarrierScanRecorded(CarrierScan),
    /// See [`EventType::RefundSucceeded`].
    RefundSucceeded(Refund),
    /// See [`EventType::RefundFailed`].
    RefundFailed(Refund),
    /// See [`EventType::FulfillmentOrderShortPicked`].
    FulfillmentOrderShortPicked(UnfulfilledUnits),
    /// See [`EventType::FulfillmentOrderRejected`].
    FulfillmentOrderRejected(UnfulfilledUnits),
    /// See [`EventType::PickupExpired`].
    PickupExpired(UnfulfilledUnits),
    /// See [`EventType::SubstitutionProposed`].
    SubstitutionProposed(SubstitutionProposal),
    /// See [`EventType::InventoryReceived`].
    InventoryReceived(Reservation),
    /// See [`EventType::ReservationExpired`].
    ReservationExpired(Reservation),
    /// See [`EventType::PaymentCaptured`].
    PaymentCaptured(Capture),
    /// See [`EventType::PaymentCaptureFailed`].
    PaymentCaptureFailed(Capture),
    /// See [`EventType::PaymentAuthorizationExpired`].
    PaymentAuthorizationExpired(Authorization),
    /// See [`EventType::PaymentDisputed`].
    PaymentDisputed(Dispute),
    /// See [`EventType::PaymentDisputeClosed`].
    PaymentDisputeClosed(Dispute),
    /// See [`EventType::InventoryAdjusted`].
    InventoryAdjusted(InventoryAdjusted),
    /// See [`EventType::DocumentPosted`].
    DocumentPosted(PostingResult),
    /// See [`EventType::DocumentNotPosted`].
    DocumentNotPosted(PostingResult),
    /// See [`EventType::ProductChanged`].
    ProductChanged(ProductChange),
    /// See [`EventType::LocationChanged`].
    LocationChanged(LocationChange),
    /// See [`EventType::ProductRecalled`].
    ProductRecalled(Recall),
    /// See [`EventType::CustomerChanged`].
    CustomerChanged(CustomerChange),
    /// See [`EventType::TransferDispatched`].
    TransferDispatched(Transfer),
    /// See [`EventType::TransferReceived`].
    TransferReceived(TransferReceipt),
    /// See [`EventType::TransferLost`].
    TransferLost(TransferLoss),
    /// See [`EventType::MarketplaceFeedChanged`].
    MarketplaceFeedChanged(FeedChange),
}

impl EventData {
    /// The type.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::SalesOrderAcknowledged(_) => EventType::SalesOrderAcknowledged,
            Self::FulfillmentOrderAccepted(_) => EventType::FulfillmentOrderAccepted,
            Self::ShipmentPacked(_) => EventType::ShipmentPacked,
            Self::ShipmentShipped(_) => EventType::ShipmentShipped,
            Self::ReturnReceived(_) => EventType::ReturnReceived,
            Self::ReturnInspected(_) => EventType::ReturnInspected,
            Self::ReturnDispositioned(_) => EventType::ReturnDispositioned,
            Self::ReturnReceivedBlind(_) => EventType::ReturnReceivedBlind,
            Self::CarrierScanRecorded(_) => EventType::CarrierScanRecorded,
            Self::RefundSucceeded(_) => EventType::RefundSucceeded,
            Self::RefundFailed(_) => EventType::RefundFailed,
            Self::FulfillmentOrderShortPicked(_) => EventType::FulfillmentOrderShortPicked,
            Self::FulfillmentOrderRejected(_) => EventType::FulfillmentOrderRejected,
            Self::PickupExpired(_) => EventType::PickupExpired,
            Self::SubstitutionProposed(_) => EventType::SubstitutionProposed,
            Self::InventoryReceived(_) => EventType::InventoryReceived,
            Self::ReservationExpired(_) => EventType::ReservationExpired,
            Self::PaymentCaptured(_) => EventType::PaymentCaptured,
            Self::PaymentCaptureFailed(_) => EventType::PaymentCaptureFailed,
            Self::PaymentAuthorizationExpired(_) => EventType::PaymentAuthorizationExpired,
            Self::PaymentDisputed(_) => EventType::PaymentDisputed,
            Self::PaymentDisputeClosed(_) => EventType::PaymentDisputeClosed,
            Self::InventoryAdjusted(_) => EventType::InventoryAdjusted,
            Self::DocumentPosted(_) => EventType::DocumentPosted,
            Self::DocumentNotPosted(_) => EventType::DocumentNotPosted,
            Self::ProductChanged(_) => EventType::ProductChanged,
            Self::LocationChanged(_) => EventType::LocationChanged,
            Self::ProductRecalled(_) => EventType::ProductRecalled,
            Self::CustomerChanged(_) => EventType::CustomerChanged,
            Self::TransferDispatched(_) => EventType::TransferDispatched,
            Self::TransferReceived(_) => EventType::TransferReceived,
            Self::TransferLost(_) => EventType::TransferLost,
            Self::MarketplaceFeedChanged(_) => EventType::MarketplaceFeedChanged,
        }
    }

    /// The order, where the event is about one; of goods that belong to none yet, the number of the case.
    pub const fn order_number(&self) -> Option<&OrderNumber> {
        Some(match self {
            Self::SalesOrderAcknowledged(data) => &data.order_number,
            Self::FulfillmentOrderAccepted(data) => &data.order_number,
            Self::ShipmentPacked(data) | Self::ShipmentShipped(data) => &data.order_number,
            Self::ReturnReceived(data) => &data.order_number,
            Self::ReturnInspected(data) => &data.order_number,
            Self::ReturnDispositioned(data) => &data.order_number,
            Self::ReturnReceivedBlind(data) => &data.case_number,
            Self::CarrierScanRecorded(data) => &data.order_number,
            Self::RefundSucceeded(data) | Self::RefundFailed(data) => &data.order_number,
            Self::FulfillmentOrderShortPicked(data)
            | Self::FulfillmentOrderRejected(data)
            | Self::PickupExpired(data) => &data.order_number,
            Self::SubstitutionProposed(data) => &data.order_number,
            Self::InventoryReceived(data) | Self::ReservationExpired(data) => &data.order_number,
            Self::PaymentCaptured(data) | Self::PaymentCaptureFailed(data) => &data.order_number,
            Self::PaymentAuthorizationExpired(data) => &data.order_number,
            Self::PaymentDisputed(data) | Self::PaymentDisputeClosed(data) => &data.order_number,
            Self::DocumentPosted(data) | Self::DocumentNotPosted(data) => &data.order_number,
            Self::InventoryAdjusted(_)
            | Self::ProductChanged(_)
            | Self::ProductRecalled(_)
            | Self::CustomerChanged(_)
            | Self::TransferDispatched(_)
            | Self::TransferReceived(_)
            | Self::TransferLost(_)
            | Self::MarketplaceFeedChanged(_)
            | Self::LocationChanged(_) => return None,
        })
    }

    /// The SKU, or the first of several, where the event is about goods and no order.
    pub fn sku(&self) -> Option<&Sku> {
        match self {
            Self::InventoryAdjusted(data) => Some(&data.sku),
            Self::ProductChanged(data) => Some(&data.product.sku),
            Self::ProductRecalled(data) => Some(&data.sku),
            Self::TransferDispatched(Transfer { lines, .. })
            | Self::TransferReceived(TransferReceipt { lines, .. })
            | Self::TransferLost(TransferLoss { lines, .. }) => lines.first().map(|line| &line.sku),
            _ => None,
        }
    }

    /// The place, where the event is about one.
    pub const fn node_id(&self) -> Option<&NodeId> {
        match self {
            Self::LocationChanged(data) => Some(&data.location.node_id),
            _ => None,
        }
    }

    /// The customer, where the event is about one.
    pub const fn customer_ref(&self) -> Option<&CustomerRef> {
        match self {
            Self::CustomerChanged(data) => Some(&data.customer.customer_ref),
            _ => None,
        }
    }

    /// The feed, where the event is about one.
    pub const fn feed(&self) -> Option<&FeedId> {
        match self {
            Self::MarketplaceFeedChanged(data) => Some(&data.feed),
            _ => None,
        }
    }

    /// Events with the same partition are told in order, as far as possible.
    pub fn partition(&self) -> OrderNumber {
        let of_none = self.sku().map(Sku::as_str).or_else(|| self.node_id().map(NodeId::as_str));
        let of_none = of_none.or_else(|| self.customer_ref().map(CustomerRef::as_str));
        let of_none = of_none.or_else(|| self.feed().map(FeedId::as_str));
        let of_none = || OrderNumber::from(of_none.unwrap_or_else(|| self.event_type().name()));
        self.order_number().cloned().unwrap_or_else(of_none)
    }

    /// The aggregate: what goes into `subject`.
    pub fn subject(&self) -> String {
        match self {
            Self::SalesOrderAcknowledged(data) => data.erp_document.to_string(),
            Self::FulfillmentOrderAccepted(data) => data.fulfillment_order_id.to_string(),
            Self::ShipmentPacked(data) | Self::ShipmentShipped(data) => data.shipment_id.to_string(),
            Self::ReturnReceived(data) => data.receipt_id.to_string(),
            Self::ReturnInspected(data) => data.receipt_id.to_string(),
            Self::ReturnDispositioned(data) => data.receipt_id.to_string(),
            Self::ReturnReceivedBlind(data) => data.receipt_id.to_string(),
            Self::CarrierScanRecorded(data) => data.tracking_number.to_string(),
            Self::RefundSucceeded(data) | Self::RefundFailed(data) => data.refund_id.to_string(),
            Self::FulfillmentOrderShortPicked(data)
            | Self::FulfillmentOrderRejected(data)
            | Self::PickupExpired(data) => data.fulfillment_order_id.to_string(),
            Self::SubstitutionProposed(data) => data.fulfillment_order_id.to_string(),
            Self::InventoryReceived(data) | Self::ReservationExpired(data) => data.reservation_id.to_string(),
            Self::PaymentCaptured(data) | Self::PaymentCaptureFailed(data) => data.capture_id.to_string(),
            Self::PaymentAuthorizationExpired(data) => data.authorization_id.to_string(),
            Self::PaymentDisputed(data) | Self::PaymentDisputeClosed(data) => data.dispute_id.to_string(),
            Self::InventoryAdjusted(data) => data.sku.to_string(),
            Self::DocumentPosted(data) | Self::DocumentNotPosted(data) => data.erp_document.to_string(),
            Self::ProductChanged(data) => data.product.sku.to_string(),
            Self::LocationChanged(data) => data.location.node_id.to_string(),
            Self::ProductRecalled(data) => data.sku.to_string(),
            Self::CustomerChanged(data) => data.customer.customer_ref.to_string(),
            Self::TransferDispatched(data) => data.transfer_id.to_string(),
            Self::TransferReceived(data) => data.transfer_id.to_string(),
            Self::TransferLost(data) => data.transfer_id.to_string(),
            Self::MarketplaceFeedChanged(data) => data.feed.to_string(),
        }
    }

    /// As JSON.
    pub fn to_value(&self) -> Value {
        let value = match self {
            Self::SalesOrderAcknowledged(data) => serde_json::to_value(data),
            Self::FulfillmentOrderAccepted(data) => serde_json::to_value(data),
            Self::ShipmentPacked(data) | Self::ShipmentShipped(data) => serde_json::to_value(data),
            Self::ReturnReceived(data) => serde_json::to_value(data),
            Self::ReturnInspected(data) => serde_json::to_value(data),
            Self::ReturnDispositioned(data) => serde_json::to_value(data),
            Self::ReturnReceivedBlind(data) => serde_json::to_value(data),
            Self::CarrierScanRecorded(data) => serde_json::to_value(data),
            Self::RefundSucceeded(data) | Self::RefundFailed(data) => serde_json::to_value(data),
            Self::FulfillmentOrderShortPicked(data)
            | Self::FulfillmentOrderRejected(data)
            | Self::PickupExpired(data) => serde_json::to_value(data),
            Self::SubstitutionProposed(data) => serde_json::to_value(data),
            Self::InventoryReceived(data) | Self::ReservationExpired(data) => serde_json::to_value(data),
            Self::PaymentCaptured(data) | Self::PaymentCaptureFailed(data) => serde_json::to_value(data),
            Self::PaymentAuthorizationExpired(data) => serde_json::to_value(data),
            Self::PaymentDisputed(data) | Self::PaymentDisputeClosed(data) => serde_json::to_value(data),
            Self::DocumentPosted(data) | Self::DocumentNotPosted(data) => serde_json::to_value(data),
            Self::ProductChanged(data) => serde_json::to_value(data),
            Self::LocationChanged(data) => serde_json::to_value(data),
            Self::InventoryAdjusted(data) => serde_json::to_value(data),
            Self::ProductRecalled(data) => serde_json::to_value(data),
            Self::CustomerChanged(data) => serde_json::to_value(data),
            Self::TransferDispatched(data) => serde_json::to_value(data),
            Self::TransferReceived(data) => serde_json::to_value(data),
            Self::TransferLost(data) => serde_json::to_value(data),
            Self::MarketplaceFeedChanged(data) => serde_json::to_value(data),
        };
        value.unwrap_or(Value::Null)
    }

    /// Reads the data of an event of a type.
    pub fn from_value(event_type: EventType, data: &Value) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            EventType::SalesOrderAcknowledged => {
                Self::SalesOrderAcknowledged(Deserialize::deserialize(data)?)
            }
            EventType::FulfillmentOrderAccepted => {
                Self::FulfillmentOrderAccepted(Deserialize::deserialize(data)?)
            }
            EventType::ShipmentPacked => Self::ShipmentPacked(Deserialize::deserialize(data)?),
            EventType::ShipmentShipped => Self::ShipmentShipped(Deserialize::deserialize(data)?),
            EventType::ReturnReceived => Self::ReturnReceived(Deserialize::deserialize(data)?),
            EventType::ReturnInspected => Self::ReturnInspected(Deserialize::deserialize(data)?),
            EventType::ReturnDispositioned => Self::ReturnDispositioned(Deserialize::deserialize(data)?),
            EventType::ReturnReceivedBlind => Self::ReturnReceivedBlind(Deserialize::deserialize(data)?),
            EventType::CarrierScanRecorded => Self::CarrierScanRecorded(Deserialize::deserialize(data)?),
            EventType::RefundSucceeded => Self::RefundSucceeded(Deserialize::deserialize(data)?),
            EventType::RefundFailed => Self::RefundFailed(Deserialize::deserialize(data)?),
            EventType::FulfillmentOrderShortPicked => {
                Self::FulfillmentOrderShortPicked(Deserialize::deserialize(data)?)
            }
            EventType::FulfillmentOrderRejected => {
                Self::FulfillmentOrderRejected(Deserialize::deserialize(data)?)
            }
            EventType::PickupExpired => Self::PickupExpired(Deserialize::deserialize(data)?),
            EventType::SubstitutionProposed => Self::SubstitutionProposed(Deserialize::deserialize(data)?),
            EventType::InventoryReceived => Self::InventoryReceived(Deserialize::deserialize(data)?),
            EventType::ReservationExpired => Self::ReservationExpired(Deserialize::deserialize(data)?),
            EventType::PaymentCaptured => Self::PaymentCaptured(Deserialize::deserialize(data)?),
            EventType::PaymentCaptureFailed => Self::PaymentCaptureFailed(Deserialize::deserialize(data)?),
            EventType::PaymentAuthorizationExpired => {
                Self::PaymentAuthorizationExpired(Deserialize::deserialize(data)?)
            }
            EventType::PaymentDisputed => Self::PaymentDisputed(Deserialize::deserialize(data)?),
            EventType::PaymentDisputeClosed => Self::PaymentDisputeClosed(Deserialize::deserialize(data)?),
            EventType::DocumentPosted => Self::DocumentPosted(Deserialize::deserialize(data)?),
            EventType::DocumentNotPosted => Self::DocumentNotPosted(Deserialize::deserialize(data)?),
            EventType::ProductChanged => Self::ProductChanged(Deserialize::deserialize(data)?),
            EventType::LocationChanged => Self::LocationChanged(Deserialize::deserialize(data)?),
            EventType::InventoryAdjusted => Self::InventoryAdjusted(Deserialize::deserialize(data)?),
            EventType::ProductRecalled => Self::ProductRecalled(Deserialize::deserialize(data)?),
            EventType::CustomerChanged => Self::CustomerChanged(Deserialize::deserialize(data)?),
            EventType::TransferDispatched => Self::TransferDispatched(Deserialize::deserialize(data)?),
            EventType::TransferReceived => Self::TransferReceived(Deserialize::deserialize(data)?),
            EventType::TransferLost => Self::TransferLost(Deserialize::deserialize(data)?),
            EventType::MarketplaceFeedChanged => {
                Self::MarketplaceFeedChanged(Deserialize::deserialize(data)?)
            }
        })
    }
}
