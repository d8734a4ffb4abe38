//! Identifiers: opaque strings, one type for each thing that is identified.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes an identifier as it stands.
            pub fn new(text: impl AsRef<str>) -> Self {
                Self(Arc::from(text.as_ref()))
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )+};
}

ids! {
    /// The number that customer, store and every system use for an order; unique over all channels.
    OrderNumber,
    /// The sales channel's own identifier of an order; unique within the channel.
    ChannelOrderId,
    /// A line of an order; stable across splits, never positional.
    LineId,
    /// A stock keeping unit.
    Sku,
    /// A place that holds goods: distribution center, store, 3PL.
    NodeId,
    /// A customer, without personal data.
    CustomerRef,
    /// A means of payment within an order.
    TenderId,
    /// A promotion.
    PromotionId,
    /// A soft claim on stock.
    ReservationId,
    /// A node's order to pick.
    FulfillmentOrderId,
    /// A parcel.
    ShipmentId,
    /// The carrier's number of a parcel.
    TrackingNumber,
    /// A scan by the carrier.
    ScanId,
    /// An authorization at the payment provider.
    AuthorizationId,
    /// A capture at the payment provider.
    CaptureId,
    /// A refund, at whoever pays it.
    RefundId,
    /// A dispute at the payment provider.
    DisputeId,
    /// A return authorization.
    RmaId,
    /// A receipt of returned goods.
    ReceiptId,
    /// An exchange.
    ExchangeId,
    /// A gift card or store credit account.
    AccountId,
    /// A tax document.
    TaxDocumentCode,
    /// A document of the ERP (sales order, invoice, credit memo).
    ErpDocument,
    /// A movement of stock.
    MovementId,
    /// A transfer of goods between places.
    TransferId,
    /// A feed in which a marketplace lists orders.
    FeedId,
    /// An event, whatever the number of its deliveries.
    EventId,
    /// The chain of messages that one business request set off.
    CorrelationId,
    /// One intent to act, whatever the number of its attempts.
    IdempotencyKey,
}
