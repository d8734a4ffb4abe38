//! Business facts that exist once, whatever the number of calls, keys and events that tell them.

use crate::journal::Effect;

/// A fact by its business identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::invariants) struct Fact {
    /// What it is, as a sentence needs it: `an invoice for shipment`.
    pub(in crate::invariants) noun: &'static str,
    /// Which one.
    pub(in crate::invariants) identity: String,
}

impl Fact {
    /// The fact that an effect is, where a second one of the same identity were wrong whatever happened
    /// between. Facts that may be undone and done again are not here; their laws count what is live.
    pub(in crate::invariants) fn of(effect: &Effect) -> Option<Self> {
        let (noun, identity) = match effect {
            Effect::SalesOrderCanceled { cancellation } => {
                ("an ERP booking of cancellation", cancellation.cancellation_id.clone())
            }
            Effect::FulfillmentOrderReceived { fulfillment_order } => {
                ("a fulfillment order", fulfillment_order.fulfillment_order_id.to_string())
            }
            Effect::LabelIssued { label, is_return: false } => {
                ("a label for parcel", label.parcel_ref.clone())
            }
            Effect::LabelIssued { label, is_return: true } => {
                ("a return label for", label.parcel_ref.clone())
            }
            Effect::StockMoved { movement } => ("a stock movement", movement.movement_id.to_string()),
            Effect::InvoicePosted { invoice } => ("an invoice for shipment", invoice.shipment_id.to_string()),
            Effect::CreditMemoPosted { credit_memo } => {
                ("a credit memo for receipt", credit_memo.receipt_id.to_string())
            }
            Effect::GoodsDispositioned { decision } => {
                ("a disposition decision", decision.decision_id.clone())
            }
            Effect::ExchangeSettled { settlement } => {
                ("an exchange settlement", settlement.settlement_id.clone())
            }
            Effect::PaymentRecharged { recharge } => {
                ("a charge again of refund", format!("{} for {}", recharge.refund_id, recharge.cause))
            }
            Effect::WrittenOff { write_off } => ("a write-off", write_off.write_off_id.clone()),
            Effect::ReturnAuthorized { authorization } => {
                ("an ERP return authorization", authorization.rma_id.to_string())
            }
            Effect::ReturnNoticed { authorization } => {
                ("a return notice for", authorization.rma_id.to_string())
            }
            Effect::ReturnReceiptBooked { receipt } => {
                ("an ERP booking of receipt", receipt.receipt_id.to_string())
            }
            Effect::ReturnAuthorizationCanceled { cancellation } => {
                ("an ERP cancellation of return", cancellation.rma_id.to_string())
            }
            Effect::ReturnNoticeCanceled { cancellation } => {
                ("a canceled notice of return", cancellation.rma_id.to_string())
            }
            Effect::ReturnRejectionBooked { rejection } => {
                ("an ERP booking of rejected goods of receipt", rejection.receipt_id.to_string())
            }
            Effect::GoodsSentBack { rejection } => {
                ("a way back of rejected goods of receipt", rejection.receipt_id.to_string())
            }
            Effect::TaxCommitted { document } => ("a tax document", document.document_code.to_string()),
            Effect::AccountDebited { entry } => {
                ("a debit of stored value for", format!("{} ({})", entry.cause, entry.account_id))
            }
            Effect::TimelineWritten { entry } => {
                ("a timeline entry", format!("{} {:?}", entry.sequence, entry.text))
            }
            _ => return None,
        };
        Some(Self { noun, identity })
    }
}
