//! Identifiers that the middleware chooses. Each is a function of what it identifies, so that deciding twice
//! gives the same identifier.

use counterproof_contracts::model::{
    ConditionGrade, ExchangeId, FulfillmentOrderId, LineId, MovementId, NodeId, OrderNumber, ReceiptId,
    RefundId, RmaId, ShipmentId, StockCondition, TaxDocumentCode, TenderId,
};

/// The middleware's own identifier of an order.
pub(super) fn order_id(order: &OrderNumber) -> String {
    format!("order-{order}")
}

/// Orders to nodes: the first to each node, and further ones numbered from 2.
pub(super) fn fulfillment_order(order: &OrderNumber, node: &NodeId, number: usize) -> FulfillmentOrderId {
    let first = format!("fo-{order}-{node}");
    FulfillmentOrderId::new(if number > 1 { format!("{first}-{number}") } else { first })
}

/// What stands for a gift card where goods have a parcel.
pub(super) fn gift_card(order: &OrderNumber, line: &LineId) -> ShipmentId {
    ShipmentId::new(format!("card-{order}-{line}"))
}

/// Numbered per order, from 1.
pub(super) fn rma(order: &OrderNumber, number: usize) -> RmaId {
    RmaId::new(format!("rma-{order}-{number}"))
}

/// Goods of a line that left in a parcel.
pub(super) fn goods_issue(shipment: &ShipmentId, line: &LineId) -> MovementId {
    MovementId::new(format!("mv-{shipment}-{line}"))
}

/// Goods of a line that a node could not find.
pub(super) fn write_off(cause: &str, line: &LineId) -> MovementId {
    MovementId::new(format!("mv-{cause}-{line}"))
}

/// Goods of a line and grade that came back.
pub(super) fn customer_return(receipt: &ReceiptId, line: &LineId, grade: ConditionGrade) -> MovementId {
    MovementId::new(format!("mv-{receipt}-{line}-{grade:?}"))
}

/// What a receipt's goods pay of their replacement, or what is given back of it for a cause.
pub(super) fn exchange_settlement(exchange: &ExchangeId, cause: &str) -> String {
    format!("xs-{exchange}-{cause}")
}

/// Units of a line that a decision moves out of or into a condition.
pub(super) fn disposition(decision: &str, line: &LineId, condition: StockCondition) -> MovementId {
    MovementId::new(format!("mv-{decision}-{line}-{condition:?}"))
}

/// The sales document of a parcel.
pub(super) fn sales_document(order: &OrderNumber, shipment: &ShipmentId) -> TaxDocumentCode {
    TaxDocumentCode::new(format!("tx-{order}-{shipment}"))
}

/// The return document of a receipt's units that one parcel carried.
pub(super) fn return_document(receipt: &ReceiptId, shipment: &ShipmentId) -> TaxDocumentCode {
    TaxDocumentCode::new(format!("tx-{receipt}-{shipment}"))
}

/// One refund for each receipt and capture.
pub(super) fn card_refund(receipt: &ReceiptId, shipment: &ShipmentId, tender: &TenderId) -> RefundId {
    RefundId::new(format!("rf-{receipt}-{shipment}-{tender}"))
}

/// One refund for each receipt and tender that is no card.
pub(super) fn tender_refund(receipt: &ReceiptId, tender: &TenderId) -> RefundId {
    RefundId::new(format!("rf-{receipt}-{tender}"))
}

/// Store credit instead of a refund that could not be paid.
pub(super) fn replacement(refund: &RefundId) -> RefundId {
    RefundId::new(format!("{refund}-credit"))
}

/// The charge again of a refund that was given before goods came; further attempts are numbered from 2.
pub(super) fn recharge(refund: &RefundId, attempt: u32) -> String {
    let first = format!("rc-{refund}");
    if attempt > 1 { format!("{first}-{attempt}") } else { first }
}

/// That a refund is given up which was given before goods came.
pub(super) fn refund_write_off(refund: &RefundId) -> String {
    format!("wo-{refund}")
}

/// That goods of a receipt pay what had been given up of a refund.
pub(super) fn recovery(refund: &RefundId, receipt: &ReceiptId) -> String {
    format!("wo-{refund}-{receipt}")
}

/// One store credit for each receipt.
pub(super) fn store_credit(receipt: &ReceiptId) -> RefundId {
    RefundId::new(format!("rf-{receipt}-credit"))
}
