//! Effects in a few words each. Prices and identifiers only: no token, name or address.

use counterproof_contracts::{
    journal::Effect,
    lifecycle::Lifecycle as _,
    model::{ErpDocument, ExchangeSettlementKind, TaxDocumentKind, WriteOffKind},
};

/// What a system did, as the rest of a sentence that begins with the system.
pub(crate) fn headline(effect: &Effect) -> String {
    money(effect)
        .or_else(|| books(effect))
        .or_else(|| goods(effect))
        .or_else(|| told(effect))
        .unwrap_or_else(|| tag(effect))
}

fn money(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::PaymentAuthorized { authorization } => {
            format!("holds {} ({})", authorization.amount, authorization.authorization_id)
        }
        Effect::PaymentCaptured { capture } => {
            format!("took {} for shipment {} ({})", capture.amount, capture.shipment_id, capture.capture_id)
        }
        Effect::AuthorizationVoided { authorization_id, amount } => {
            format!("gave up {amount} ({authorization_id})")
        }
        Effect::CaptureAccepted { capture } => {
            format!(
                "took capture {} of {} for shipment {} on",
                capture.capture_id, capture.amount, capture.shipment_id
            )
        }
        Effect::CaptureFailed { capture } => {
            format!(
                "could not take {} for shipment {} ({})",
                capture.amount, capture.shipment_id, capture.capture_id
            )
        }
        Effect::AuthorizationExpired { authorization, given_up } => {
            format!("holds {given_up} no more ({} lapsed)", authorization.authorization_id)
        }
        Effect::PaymentDisputed { dispute } => {
            format!("opened dispute {} of {} of {}", dispute.dispute_id, dispute.amount, dispute.capture_id)
        }
        Effect::DisputeClosed { dispute } => {
            format!("closed dispute {} as {}", dispute.dispute_id, dispute.status.name())
        }
        Effect::RefundAccepted { refund, cause } => {
            format!("accepted refund {} of {} for {cause}", refund.refund_id, refund.amount)
        }
        Effect::RefundSucceeded { refund } => {
            format!("paid refund {} of {}", refund.refund_id, refund.amount)
        }
        Effect::RefundFailed { refund } => {
            format!("could not pay refund {} of {}", refund.refund_id, refund.amount)
        }
        Effect::PaymentRecharged { recharge } => {
            format!(
                "charged {} of refund {} again for {}",
                recharge.amount, recharge.refund_id, recharge.cause
            )
        }
        Effect::WrittenOff { write_off } => {
            let what = match write_off.kind {
                WriteOffKind::WrittenOff => "wrote off",
                WriteOffKind::Recovered => "recovered",
            };
            format!("{what} {} of refund {} for {}", write_off.amount, write_off.refund_id, write_off.cause)
        }
        Effect::AccountOpened { account } => {
            format!("opened account {} with {}", account.account_id, account.balance)
        }
        Effect::AccountDebited { entry } => {
            format!("debited {} by {} for {}", entry.account_id, entry.amount, entry.cause)
        }
        Effect::AccountCredited { entry, .. } => {
            format!("credited {} with {} for {}", entry.account_id, entry.amount, entry.cause)
        }
        Effect::ExchangeSettled { settlement } => {
            let (from, to) = match settlement.kind {
                ExchangeSettlementKind::Applied => ("from the goods of receipt ", "to"),
                ExchangeSettlementKind::Returned => ("back for ", "from"),
            };
            format!(
                "let {} go {from}{} {to} replacement {}",
                settlement.amount, settlement.cause, settlement.replacement_order_number
            )
        }
        Effect::MarketplaceCollected { amount } => format!("collected {amount} from the customer so far"),
        Effect::TaxCommitted { document } => {
            let kind = match document.kind {
                TaxDocumentKind::SalesInvoice => "sale",
                TaxDocumentKind::ReturnInvoice => "return",
            };
            format!("reported tax of {} for a {kind} ({})", document.total_tax, document.document_code)
        }
        Effect::TaxVoided { document } => format!("withdrew tax document {}", document.document_code),
        _ => return None,
    })
}

fn books(effect: &Effect) -> Option<String> {
    let number =
        |document: &Option<ErpDocument>| document.as_ref().map_or_else(String::new, |id| format!(" {id}"));
    Some(match effect {
        Effect::SalesOrderBooked { sales_order } => {
            format!("booked sales order{} of {}", number(&sales_order.erp_document), sales_order.total)
        }
        Effect::SalesOrderCanceled { cancellation } => {
            format!(
                "took {} out of the sales order",
                units(cancellation.lines.iter().map(|line| line.quantity))
            )
        }
        Effect::InvoicePosted { invoice } => {
            format!(
                "posted invoice{} of {} for {}",
                number(&invoice.erp_document),
                invoice.amount,
                invoice.shipment_id
            )
        }
        Effect::PriceAdjustmentRequested { adjustment } => {
            format!("asked for price adjustment {}", adjustment.adjustment_id)
        }
        Effect::CreditMemoPosted { credit_memo } => format!(
            "posted credit memo{} of {} for {}",
            number(&credit_memo.erp_document),
            credit_memo.amount,
            credit_memo.receipt_id
        ),
        Effect::StockReserved { reservation } => format!(
            "reserved {} ({})",
            units(reservation.lines.iter().map(|line| line.quantity)),
            reservation.reservation_id
        ),
        Effect::ReservationReleased { release } => {
            format!(
                "released {} for {}",
                units(release.lines.iter().map(|line| line.quantity)),
                release.cause
            )
        }
        Effect::ReservationConsumed { release } => {
            format!(
                "used up {} reserved for {}",
                units(release.lines.iter().map(|line| line.quantity)),
                release.cause
            )
        }
        Effect::StockOpened { node_id, sku, quantity } => {
            format!("opened {sku} at {node_id} with {quantity}")
        }
        Effect::StockMoved { movement } => format!(
            "moved {:+} of {} at {} for {}",
            movement.quantity, movement.sku, movement.node_id, movement.cause
        ),
        _ => return None,
    })
}

fn goods(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::FulfillmentOrderReceived { fulfillment_order } => format!(
            "received fulfillment order {} at {}",
            fulfillment_order.fulfillment_order_id, fulfillment_order.node_id
        ),
        Effect::ShipmentPacked { shipment } => {
            format!("packed {} at {}", shipment.shipment_id, shipment.node_id)
        }
        Effect::LabelAttached { shipment } => format!("put the label on {}", shipment.shipment_id),
        Effect::ShipmentShipped { shipment } => format!(
            "shipped {} with {}",
            shipment.shipment_id,
            units(shipment.lines.iter().map(|line| line.quantity))
        ),
        Effect::LabelIssued { label, .. } => {
            format!("issued label {} for {}", label.tracking_number, label.parcel_ref)
        }
        Effect::GoodsReturned { receipt } => format!(
            "received {} back ({})",
            units(receipt.lines.iter().map(|line| line.quantity)),
            receipt.receipt_id
        ),
        Effect::GoodsInspected { inspection } => {
            let grades: Vec<String> =
                inspection.lines.iter().map(|line| format!("{} × {:?}", line.quantity, line.grade)).collect();
            format!("graded {} ({})", grades.join(", "), inspection.receipt_id)
        }
        Effect::GoodsDispositioned { decision } => {
            let units = units(decision.lines.iter().map(|line| line.quantity));
            format!("decided on {units} of {} in quarantine", decision.receipt_id)
        }
        Effect::ReturnReceiptBooked { receipt } => format!("booked receipt {}", receipt.receipt_id),
        Effect::ReturnAuthorized { authorization } => {
            format!("booked return authorization {}", authorization.rma_id)
        }
        Effect::ReturnNoticed { authorization } => format!("expects return {}", authorization.rma_id),
        other => return exceptions(other),
    })
}

fn exceptions(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::ReturnAuthorizationCanceled { cancellation } => {
            format!("took return authorization {} back", cancellation.rma_id)
        }
        Effect::ReturnNoticeCanceled { cancellation } => {
            format!("expects return {} no longer", cancellation.rma_id)
        }
        Effect::GoodsHeld { held } => format!(
            "holds {} of {} for a clerk",
            units(held.lines.iter().map(|line| line.quantity)),
            held.receipt_id
        ),
        Effect::ReturnRejectionBooked { rejection } => {
            format!("booked rejected goods of {}", rejection.receipt_id)
        }
        Effect::GoodsSentBack { rejection } => format!(
            "sent {} of {} back to the customer",
            units(rejection.lines.iter().map(|line| line.quantity)),
            rejection.receipt_id
        ),
        _ => return None,
    })
}

fn told(effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::OrderPlaced { order } => format!("took order {} of {}", order.order_number, order.total),
        Effect::CancellationRequested(wish) => format!("asked for cancellation {}", wish.cancellation_id),
        Effect::ReturnRequested { request } => format!("asked for return {}", request.return_reference),
        Effect::StatusShown { update } => {
            format!("shows {} (update {})", words(&format!("{:?}", update.status)), update.sequence)
        }
        Effect::RefundShown { notice } => {
            format!("shows refund {} of {}", notice.refund.refund_id, notice.refund.amount)
        }
        Effect::TimelineWritten { entry } => format!("wrote timeline entry {}", entry.entry_id),
        Effect::EventRaised { event_type, subject, .. } => {
            format!("raised {} of {subject}", event_name(event_type))
        }
        _ => return None,
    })
}

/// An event's type without namespace and version: `shipment shipped`.
pub(crate) fn event_name(event_type: &str) -> String {
    let name = event_type.strip_prefix("retail.").unwrap_or(event_type);
    name.strip_suffix(".v1").unwrap_or(name).replace(['.', '_'], " ")
}

fn units(quantities: impl Iterator<Item = u32>) -> String {
    let total: u64 = quantities.map(u64::from).sum();
    format!("{total} unit{}", if total == 1 { "" } else { "s" })
}

/// The name of an effect that has no sentence of its own.
fn tag(effect: &Effect) -> String {
    let value = serde_json::to_value(effect).unwrap_or_default();
    value.get("effect").and_then(|tag| tag.as_str()).map_or_else(String::new, |tag| tag.replace('_', " "))
}

/// `PartiallyShipped` as `partially shipped`.
fn words(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    for character in name.chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(character.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use counterproof_contracts::model::{Currency, FulfillmentStatus, Money};

    use super::*;

    #[test]
    fn says_money_goods_and_events_in_words() {
        let voided = Effect::AuthorizationVoided {
            authorization_id: "auth-1".into(),
            amount: Money::new(4_990, Currency::EUR),
        };
        assert_eq!(headline(&voided), "gave up 49.90 EUR (auth-1)");
        let opened = Effect::StockOpened { node_id: "dc-north".into(), sku: "SHIRT".into(), quantity: 5 };
        assert_eq!(headline(&opened), "opened SHIRT at dc-north with 5");
        let raised = Effect::EventRaised {
            event_id: "e-1".into(),
            event_type: "retail.carrier.scan_recorded.v1".into(),
            subject: "T-1".into(),
        };
        assert_eq!(headline(&raised), "raised carrier scan recorded of T-1");
    }

    #[test]
    fn names_an_effect_without_a_sentence() {
        let moved = Effect::FulfillmentStatusChanged {
            fulfillment_order_id: "F-1".into(),
            from: FulfillmentStatus::Requested,
            to: FulfillmentStatus::Accepted,
        };
        assert_eq!(headline(&moved), "fulfillment status changed");
    }

    #[test]
    fn splits_names_into_words() {
        assert_eq!(words("PartiallyShipped"), "partially shipped");
        assert_eq!(event_name("acme.order.v2"), "acme order v2");
    }
}
