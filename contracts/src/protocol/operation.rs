//! Every operation of every system: one table. Paths and methods stand in the OpenAPI files as well,
//! and a test holds the two against each other.

use std::{collections::HashMap, fmt, sync::LazyLock};

use foldhash::fast::FixedState;

use crate::model::System;

/// HTTP methods that the contracts use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Read.
    Get,
    /// Create, or act.
    Post,
    /// Replace.
    Put,
}

impl Method {
    /// As it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// An operation of a system.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation {
    /// Who offers it.
    pub system: System,
    /// `operationId` in the system's OpenAPI file.
    pub id: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path template, with `{name}` for parameters.
    pub path: &'static str,
    /// Status of success.
    pub success: u16,
    /// Whether the call carries an `Idempotency-Key`.
    pub keyed: bool,
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Operation {
    /// `erp.createSalesOrder`: the link and operation as fault plans and journals name them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.system, self.id)
    }
}

const fn read(system: System, id: &'static str, path: &'static str) -> Operation {
    Operation { system, id, method: Method::Get, path, success: 200, keyed: false }
}

const fn create(system: System, id: &'static str, path: &'static str) -> Operation {
    Operation { system, id, method: Method::Post, path, success: 201, keyed: true }
}

const fn put(system: System, id: &'static str, path: &'static str) -> Operation {
    Operation { system, id, method: Method::Put, path, success: 200, keyed: false }
}

/// The operations of the middleware.
pub mod middleware {
    use super::{Method, Operation, System, create, read};

    const M: System = System::Middleware;
    /// A channel submits an order: `Order` → `OrderAcknowledgment`.
    pub const SUBMIT_ORDER: Operation = create(M, "submitOrder", "/v1/orders");
    /// `OrderView`.
    pub const READ_ORDER: Operation = read(M, "readOrder", "/v1/orders/{order_number}");
    /// Orders of whoever has no receipt: `OrderSearch` → `OrderSearchResult`. It changes nothing, so it has no key.
    pub const SEARCH_ORDERS: Operation = Operation {
        system: M,
        id: "searchOrders",
        method: Method::Post,
        path: "/v1/order-searches",
        success: 200,
        keyed: false,
    };
    /// `CancellationRequest` → `Cancellation`.
    pub const CANCEL_ORDER: Operation = create(M, "cancelOrder", "/v1/orders/{order_number}/cancellations");
    /// The next version of an order: `OrderChange` → `OrderChangeResult`.
    pub const CHANGE_ORDER: Operation = create(M, "changeOrder", "/v1/orders/{order_number}/changes");
    /// The customer waits for what arrives late: `DelayConsent` → `DelayConsent`.
    pub const ACCEPT_DELAY: Operation = create(M, "acceptDelay", "/v1/orders/{order_number}/delay-consents");
    /// A lower price after the sale, without goods coming back: `PriceAdjustment` → `AdjustmentDecision`.
    pub const ADJUST_PRICE: Operation =
        create(M, "adjustPrice", "/v1/orders/{order_number}/price-adjustments");
    /// Makes every call of an order again under its key: `ReplayRequest` → `OrderReplay`.
    pub const REPLAY_ORDER: Operation = create(M, "replayOrder", "/v1/orders/{order_number}/replays");
    /// `ReturnRequest` → `ReturnAuthorization`.
    pub const REQUEST_RETURN: Operation = create(M, "requestReturn", "/v1/returns");
    /// The customer takes a return back: `ReturnCancellation` → `ReturnAuthorization`.
    pub const CANCEL_RETURN: Operation = create(M, "cancelReturn", "/v1/returns/{rma_id}/cancellations");
    /// `ReturnAuthorization`.
    pub const READ_RETURN: Operation = read(M, "readReturn", "/v1/returns/{rma_id}");
    /// Goods came back in a store, with or without authorization: `ReturnReceipt` → `ReturnDecision`.
    pub const RECEIVE_RETURN: Operation = create(M, "receiveReturn", "/v1/return-receipts");
    /// Takes a partner's file: `BatchFile` → `BatchAcknowledgment`; 422 where nothing of it can be used.
    pub const RECEIVE_BATCH: Operation = create(M, "receiveBatch", "/v1/batches");
    /// A signed CloudEvent from a partner; 202 once it is durable.
    pub const RECEIVE_EVENT: Operation = Operation {
        system: M,
        id: "receiveEvent",
        method: Method::Post,
        path: "/v1/events",
        success: 202,
        keyed: false,
    };
    /// `DeadLetterList`.
    pub const LIST_DEAD_LETTERS: Operation = read(M, "listDeadLetters", "/v1/dead-letters");
    /// Tries a dead letter again: no body → `DeadLetter`.
    pub const REPLAY_DEAD_LETTER: Operation = Operation {
        system: M,
        id: "replayDeadLetter",
        method: Method::Post,
        path: "/v1/dead-letters/{dead_letter_id}/replays",
        success: 202,
        keyed: false,
    };
    /// `AuditTrail`.
    pub const READ_AUDIT_TRAIL: Operation =
        read(M, "readAuditTrail", "/v1/orders/{order_number}/audit-trail");
    /// How many units can be promised, by channel: `Availability`.
    pub const READ_AVAILABILITY: Operation = read(M, "readAvailability", "/v1/availability/{sku}");
    /// `Health`.
    pub const READ_HEALTH: Operation = read(M, "readHealth", "/healthz");
}

/// The operations of the ERP.
pub mod erp {
    use super::{Operation, System, create, read};

    const E: System = System::Erp;
    /// `SalesOrder` → `SalesOrder`.
    pub const CREATE_SALES_ORDER: Operation = create(E, "createSalesOrder", "/v1/sales-orders");
    /// By external reference (`?sales_channel=…&channel_order_id=…`): `SalesOrderList`.
    pub const FIND_SALES_ORDERS: Operation = read(E, "findSalesOrders", "/v1/sales-orders");
    /// `SalesOrderCancellation` → `SalesOrder` with what is left of its lines.
    pub const CANCEL_SALES_ORDER_LINES: Operation =
        create(E, "cancelSalesOrderLines", "/v1/sales-orders/{erp_document}/cancellations");
    /// `SalesOrderChange` → `SalesOrder`.
    pub const CHANGE_SALES_ORDER: Operation =
        create(E, "changeSalesOrder", "/v1/sales-orders/{erp_document}/changes");
    /// `ReservationRequest` → `Reservation`; 409 insufficient-stock.
    pub const CREATE_RESERVATION: Operation = create(E, "createReservation", "/v1/reservations");
    /// `ReservationRelease` → `Reservation` with what is left.
    pub const RELEASE_RESERVATION: Operation =
        create(E, "releaseReservation", "/v1/reservations/{reservation_id}/releases");
    /// `InventoryMovement` → `InventoryMovement`. A goods issue consumes the order's reservation.
    pub const POST_INVENTORY_MOVEMENT: Operation =
        create(E, "postInventoryMovement", "/v1/inventory-movements");
    /// `TransferPosting` → `TransferPosting`: goods left one place, came to the other or are lost.
    pub const POST_TRANSFER: Operation = create(E, "postTransfer", "/v1/transfer-postings");
    /// `StockCount` → `StockLevel` after it.
    pub const POST_STOCK_COUNT: Operation = create(E, "postStockCount", "/v1/stock-counts");
    /// `Invoice` → `Invoice`.
    pub const POST_INVOICE: Operation = create(E, "postInvoice", "/v1/invoices");
    /// `ReturnAuthorization` → `ReturnAuthorization`.
    pub const CREATE_RETURN_AUTHORIZATION: Operation =
        create(E, "createReturnAuthorization", "/v1/return-authorizations");
    /// `ReturnReceipt` → `ReturnReceipt`.
    pub const POST_RETURN_RECEIPT: Operation = create(E, "postReturnReceipt", "/v1/return-receipts");
    /// `ReturnCancellation` → `ReturnCancellation`.
    pub const CANCEL_RETURN_AUTHORIZATION: Operation =
        create(E, "cancelReturnAuthorization", "/v1/return-authorizations/{rma_id}/cancellations");
    /// Units of a receipt that were not taken back: `ReturnRejection` → `ReturnRejection`.
    pub const POST_RETURN_REJECTION: Operation =
        create(E, "postReturnRejection", "/v1/return-receipts/{receipt_id}/rejections");
    /// `CreditMemo` → `CreditMemo`.
    pub const POST_CREDIT_MEMO: Operation = create(E, "postCreditMemo", "/v1/credit-memos");
    /// `ExchangeSettlement` → `ExchangeSettlement`.
    pub const SETTLE_EXCHANGE: Operation = create(E, "settleExchange", "/v1/exchange-settlements");
    /// `WriteOff` → `WriteOff`.
    pub const POST_WRITE_OFF: Operation = create(E, "postWriteOff", "/v1/write-offs");
    /// `StockLevelList`.
    pub const READ_STOCK: Operation = read(E, "readStock", "/v1/stock/{sku}");
}

/// The operations of the warehouse or 3PL.
pub mod wms {
    use super::{Operation, System, create};

    const W: System = System::Wms;
    /// `FulfillmentOrder` → `FulfillmentOrder`.
    pub const CREATE_FULFILLMENT_ORDER: Operation =
        create(W, "createFulfillmentOrder", "/v1/fulfillment-orders");
    /// `FulfillmentCancellation` → `FulfillmentCancellationResult`.
    pub const CANCEL_FULFILLMENT: Operation =
        create(W, "cancelFulfillment", "/v1/fulfillment-orders/{fulfillment_order_id}/cancellations");
    /// Another address for what is not packed: `FulfillmentChange` → `FulfillmentOrder`.
    pub const CHANGE_FULFILLMENT: Operation =
        create(W, "changeFulfillment", "/v1/fulfillment-orders/{fulfillment_order_id}/changes");
    /// Whether a substitute is wanted: `SubstitutionAnswer` → `SubstitutionProposal`.
    pub const ANSWER_SUBSTITUTION: Operation =
        create(W, "answerSubstitution", "/v1/fulfillment-orders/{fulfillment_order_id}/substitution-answers");
    /// Puts a label on a packed parcel: `LabelAttachment` → `Shipment`.
    pub const ATTACH_LABEL: Operation = create(W, "attachLabel", "/v1/shipments/{shipment_id}/labels");
    /// Tells the dock what will come: `ReturnAuthorization` → `ReturnAuthorization`.
    pub const CREATE_RETURN_NOTICE: Operation = create(W, "createReturnNotice", "/v1/return-notices");
    /// Tells the dock that an announced return will not come: `ReturnCancellation` → `ReturnCancellation`.
    pub const CANCEL_RETURN_NOTICE: Operation =
        create(W, "cancelReturnNotice", "/v1/return-notices/{rma_id}/cancellations");
    /// Returned goods wait for a clerk: `HeldGoods` → `HeldGoods`.
    pub const HOLD_RETURNED_GOODS: Operation =
        create(W, "holdReturnedGoods", "/v1/return-receipts/{receipt_id}/holds");
    /// Rejected goods go to the customer again: `ReturnRejection` → `ReturnRejection`.
    pub const SEND_BACK_RETURNED_GOODS: Operation =
        create(W, "sendBackReturnedGoods", "/v1/return-receipts/{receipt_id}/send-backs");
}

/// The operations of the payment provider.
pub mod psp {
    use super::{Operation, System, create, read};

    const P: System = System::Psp;
    /// `AuthorizationRequest` → `Authorization`; 402 payment-declined.
    pub const AUTHORIZE_PAYMENT: Operation = create(P, "authorizePayment", "/v1/authorizations");
    /// `CaptureRequest` → `Capture`.
    pub const CAPTURE_PAYMENT: Operation =
        create(P, "capturePayment", "/v1/authorizations/{authorization_id}/captures");
    /// `VoidRequest` → `Authorization`.
    pub const VOID_AUTHORIZATION: Operation =
        create(P, "voidAuthorization", "/v1/authorizations/{authorization_id}/voids");
    /// `RefundRequest` → `Refund` with status `pending`; the outcome comes as an event.
    pub const REFUND_PAYMENT: Operation = create(P, "refundPayment", "/v1/refunds");
    /// `Refund`.
    pub const READ_REFUND: Operation = read(P, "readRefund", "/v1/refunds/{refund_id}");
    /// `RechargeRequest` → `Recharge`; 402 payment-declined.
    pub const RECHARGE_PAYMENT: Operation = create(P, "rechargePayment", "/v1/recharges");
}

/// The operations of the carrier.
pub mod carrier {
    use super::{Operation, System, create};

    const C: System = System::Carrier;
    /// `LabelRequest` → `Label`.
    pub const CREATE_LABEL: Operation = create(C, "createLabel", "/v1/labels");
    /// `LabelRequest` → `Label`.
    pub const CREATE_RETURN_LABEL: Operation = create(C, "createReturnLabel", "/v1/return-labels");
}

/// The operations of the tax engine.
pub mod tax {
    use super::{Operation, System, create};

    const T: System = System::Tax;
    /// `TaxQuoteRequest` → `TaxQuote`.
    pub const QUOTE_TAX: Operation = create(T, "quoteTax", "/v1/quotes");
    /// Sales or return document: `TaxDocument` → `TaxDocument`.
    pub const COMMIT_TAX: Operation = create(T, "commitTax", "/v1/documents");
    /// `VoidRequest` → `TaxDocument`.
    pub const VOID_TAX: Operation = create(T, "voidTax", "/v1/documents/{document_code}/voids");
}

/// The operations that only the marketplace offers.
pub mod marketplace {
    use super::{Operation, System, read};

    /// A page of a feed of orders; `feed` and `cursor` stand in the query: `FeedPage`.
    pub const LIST_ORDERS: Operation = read(System::Marketplace, "listOrders", "/v1/orders");
}

/// The operations of channels: offered by storefront, marketplace, POS and customer service alike.
pub mod channel {
    use super::{Operation, System, create, put};

    /// `OrderStatusUpdate` → `OrderStatusUpdate` as the channel shows it now.
    pub const fn update_order_status(system: System) -> Operation {
        put(system, "updateOrderStatus", "/v1/orders/{order_number}/status")
    }

    /// Tells how many units may be offered; storefront, marketplace and POS: `StockPublication` →
    /// `StockPublication` as the channel shows it now.
    pub const fn publish_stock(system: System) -> Operation {
        put(system, "publishStock", "/v1/stock/{sku}")
    }

    /// Tells a product as it is from now on; storefront, marketplace and POS: `ProductChange` → `ProductChange` as the
    /// channel shows it now.
    pub const fn put_product(system: System) -> Operation {
        put(system, "putProduct", "/v1/products/{sku}")
    }

    /// Tells a place as it is from now on; storefront and POS: `LocationChange` → `LocationChange` as it is known there
    /// now.
    pub const fn put_location(system: System) -> Operation {
        put(system, "putLocation", "/v1/locations/{node_id}")
    }

    /// Tells a customer as it is known from now on; storefront, POS and customer service: `CustomerChange` →
    /// `CustomerChange` as it is known there now.
    pub const fn put_customer(system: System) -> Operation {
        put(system, "putCustomer", "/v1/customers/{customer_ref}")
    }

    /// Tells of a refund; to a marketplace, orders it to pay: `RefundNotice` → `RefundNotice`.
    pub const fn notify_refund(system: System) -> Operation {
        create(system, "notifyRefund", "/v1/orders/{order_number}/refunds")
    }
}

/// The operations of stores beside those of a channel.
pub mod pos {
    use super::{Operation, System, create};

    /// Gives a store that takes files only a file: `BatchFile` → `BatchAcknowledgment`.
    pub const DELIVER_BATCH: Operation = create(System::Pos, "deliverBatch", "/v1/batches");
}

/// The operations of customer service beside those of a channel.
pub mod customer_service {
    use super::{Operation, System, create};

    /// `TimelineEntry` → `TimelineEntry`.
    pub const ADD_TIMELINE_ENTRY: Operation =
        create(System::CustomerService, "addTimelineEntry", "/v1/timeline-entries");
}

/// The operations of stored value.
pub mod stored_value {
    use super::{Operation, System, create, read};

    const S: System = System::StoredValue;
    /// `StoreCreditRequest` → `StoreCredit`.
    pub const ISSUE_STORE_CREDIT: Operation = create(S, "issueStoreCredit", "/v1/store-credits");
    /// `AccountEntryRequest` → `StoreCredit`; 409 insufficient-funds.
    pub const DEBIT_ACCOUNT: Operation = create(S, "debitAccount", "/v1/accounts/{account_id}/debits");
    /// `AccountEntryRequest` → `StoreCredit`.
    pub const CREDIT_ACCOUNT: Operation = create(S, "creditAccount", "/v1/accounts/{account_id}/credits");
    /// `GiftCardRequest` → `GiftCard`.
    pub const ACTIVATE_GIFT_CARD: Operation = create(S, "activateGiftCard", "/v1/gift-cards");
    /// `AccountEntryRequest` → `StoreCredit`; 422 business-rule once anything was spent of it.
    pub const DISABLE_GIFT_CARD: Operation =
        create(S, "disableGiftCard", "/v1/accounts/{account_id}/disablement");
    /// `StoredValueAccount`.
    pub const READ_ACCOUNT: Operation = read(S, "readAccount", "/v1/accounts/{account_id}");
}

/// The operations again, to be found by system and name.
static BY_NAME: LazyLock<HashMap<(System, &str), Operation, FixedState>> = LazyLock::new(|| {
    OPERATIONS.iter().map(|operation| ((operation.system, operation.id), *operation)).collect()
});

/// Every operation of every system.
pub const OPERATIONS: &[Operation] = &[
    middleware::SUBMIT_ORDER,
    middleware::READ_ORDER,
    middleware::SEARCH_ORDERS,
    middleware::CANCEL_ORDER,
    middleware::CHANGE_ORDER,
    middleware::ACCEPT_DELAY,
    middleware::ADJUST_PRICE,
    middleware::REPLAY_ORDER,
    middleware::REQUEST_RETURN,
    middleware::CANCEL_RETURN,
    middleware::READ_RETURN,
    middleware::RECEIVE_RETURN,
    middleware::RECEIVE_BATCH,
    middleware::RECEIVE_EVENT,
    middleware::LIST_DEAD_LETTERS,
    middleware::REPLAY_DEAD_LETTER,
    middleware::READ_AUDIT_TRAIL,
    middleware::READ_AVAILABILITY,
    middleware::READ_HEALTH,
    erp::CREATE_SALES_ORDER,
    erp::FIND_SALES_ORDERS,
    erp::CANCEL_SALES_ORDER_LINES,
    erp::CHANGE_SALES_ORDER,
    erp::CREATE_RESERVATION,
    erp::RELEASE_RESERVATION,
    erp::POST_INVENTORY_MOVEMENT,
    erp::POST_TRANSFER,
    erp::POST_STOCK_COUNT,
    erp::POST_INVOICE,
    erp::CREATE_RETURN_AUTHORIZATION,
    erp::CANCEL_RETURN_AUTHORIZATION,
    erp::POST_RETURN_RECEIPT,
    erp::POST_RETURN_REJECTION,
    erp::POST_CREDIT_MEMO,
    erp::SETTLE_EXCHANGE,
    erp::POST_WRITE_OFF,
    erp::READ_STOCK,
    wms::CREATE_FULFILLMENT_ORDER,
    wms::CANCEL_FULFILLMENT,
    wms::CHANGE_FULFILLMENT,
    wms::ANSWER_SUBSTITUTION,
    wms::ATTACH_LABEL,
    wms::CREATE_RETURN_NOTICE,
    wms::CANCEL_RETURN_NOTICE,
    wms::HOLD_RETURNED_GOODS,
    wms::SEND_BACK_RETURNED_GOODS,
    psp::AUTHORIZE_PAYMENT,
    psp::CAPTURE_PAYMENT,
    psp::VOID_AUTHORIZATION,
    psp::REFUND_PAYMENT,
    psp::READ_REFUND,
    psp::RECHARGE_PAYMENT,
    carrier::CREATE_LABEL,
    carrier::CREATE_RETURN_LABEL,
    tax::QUOTE_TAX,
    tax::COMMIT_TAX,
    tax::VOID_TAX,
    channel::update_order_status(System::Storefront),
    channel::notify_refund(System::Storefront),
    channel::publish_stock(System::Storefront),
    channel::put_product(System::Storefront),
    channel::put_location(System::Storefront),
    channel::put_customer(System::Storefront),
    channel::update_order_status(System::Marketplace),
    channel::notify_refund(System::Marketplace),
    channel::publish_stock(System::Marketplace),
    channel::put_product(System::Marketplace),
    marketplace::LIST_ORDERS,
    channel::update_order_status(System::Pos),
    channel::notify_refund(System::Pos),
    channel::publish_stock(System::Pos),
    channel::put_product(System::Pos),
    channel::put_location(System::Pos),
    channel::put_customer(System::Pos),
    pos::DELIVER_BATCH,
    channel::update_order_status(System::CustomerService),
    channel::notify_refund(System::CustomerService),
    channel::put_customer(System::CustomerService),
    customer_service::ADD_TIMELINE_ENTRY,
    stored_value::ISSUE_STORE_CREDIT,
    stored_value::DEBIT_ACCOUNT,
    stored_value::CREDIT_ACCOUNT,
    stored_value::ACTIVATE_GIFT_CARD,
    stored_value::DISABLE_GIFT_CARD,
    stored_value::READ_ACCOUNT,
];

impl Operation {
    /// The operation with this name.
    pub fn find(system: System, id: &str) -> Option<Self> {
        BY_NAME.get(&(system, id)).copied()
    }

    /// The path with its parameters filled in, in the order of the template. Values are percent-encoded.
    ///
    /// ```
    /// use counterproof_contracts::protocol::psp;
    /// assert_eq!(psp::READ_REFUND.path_with(&["rf 1"]), "/v1/refunds/rf%201");
    /// ```
    pub fn path_with(&self, parameters: &[&str]) -> String {
        let mut values = parameters.iter();
        let parts: Vec<String> = self
            .path
            .split('/')
            .map(|part| {
                if part.starts_with('{') {
                    values.next().map_or_else(String::new, |value| percent_encode(value))
                } else {
                    part.to_owned()
                }
            })
            .collect();
        parts.join("/")
    }

    /// The values of the template's parameters in a path, decoded; `None` if the path is another operation's.
    pub fn match_path<'t>(&'t self, path: &str) -> Option<Vec<(&'t str, String)>> {
        let mut found = Vec::new();
        let mut given = path.split('/');
        for part in self.path.split('/') {
            let value = given.next()?;
            match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !value.is_empty() => found.push((name, percent_decode(value)?)),
                None if part == value => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(found)
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
pub fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Undoes [`percent_encode`]; `None` for a broken escape or bytes that are not UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
