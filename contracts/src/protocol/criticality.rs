//! Which operations go first when more waits for a system than it can take.
//!
//! After an outage, or at a peak, whatever waits is carried out by class, and by age within a class. The classes say
//! what is urgent to a customer or blocks work on the floor; how many wait and how fast they drain is not told
//! here.

use super::{Operation, carrier, channel, erp, middleware, psp, stored_value, tax, wms};
use crate::model::System;

/// The class of an operation; what is to go first comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Criticality {
    /// Order acceptance, payment confirmation, inventory reservation, release and cancellation of shipments,
    /// receipt of returns, refunds.
    Critical,
    /// Bookkeeping that follows: stock movements, invoices, taxes, notices.
    Normal,
    /// What tells where things stand, and reads.
    Low,
}

/// Every operation that is not [`Criticality::Low`], with its class.
const CLASSES: &[(Criticality, &[Operation])] = &[
    (
        Criticality::Critical,
        &[
            middleware::SUBMIT_ORDER,
            middleware::CANCEL_ORDER,
            middleware::RECEIVE_RETURN,
            middleware::RECEIVE_EVENT,
            tax::QUOTE_TAX,
            psp::AUTHORIZE_PAYMENT,
            psp::CAPTURE_PAYMENT,
            psp::REFUND_PAYMENT,
            stored_value::DEBIT_ACCOUNT,
            stored_value::CREDIT_ACCOUNT,
            stored_value::ISSUE_STORE_CREDIT,
            erp::CREATE_SALES_ORDER,
            erp::CREATE_RESERVATION,
            erp::POST_RETURN_RECEIPT,
            erp::POST_CREDIT_MEMO,
            erp::SETTLE_EXCHANGE,
            wms::CREATE_FULFILLMENT_ORDER,
            wms::CANCEL_FULFILLMENT,
            wms::ATTACH_LABEL,
            carrier::CREATE_LABEL,
            // It orders the marketplace to pay; other channels are only told.
            channel::notify_refund(System::Marketplace),
        ],
    ),
    (
        Criticality::Normal,
        &[
            middleware::REQUEST_RETURN,
            psp::VOID_AUTHORIZATION,
            erp::CANCEL_SALES_ORDER_LINES,
            erp::RELEASE_RESERVATION,
            erp::POST_INVENTORY_MOVEMENT,
            erp::POST_INVOICE,
            erp::CREATE_RETURN_AUTHORIZATION,
            wms::CREATE_RETURN_NOTICE,
            carrier::CREATE_RETURN_LABEL,
            tax::COMMIT_TAX,
            tax::VOID_TAX,
        ],
    ),
];

impl Operation {
    /// How urgent it is.
    ///
    /// ```
    /// use counterproof_contracts::protocol::{Criticality, erp};
    /// assert!(erp::CREATE_RESERVATION.criticality() < erp::POST_INVOICE.criticality());
    /// ```
    pub fn criticality(self) -> Criticality {
        CLASSES
            .iter()
            .find(|(_, operations)| operations.contains(&self))
            .map_or(Criticality::Low, |(criticality, _)| *criticality)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Method, OPERATIONS};

    #[test]
    fn every_operation_has_one_class() {
        for operation in OPERATIONS {
            let classes = CLASSES.iter().filter(|(_, operations)| operations.contains(operation)).count();
            assert!(classes <= 1, "{operation}");
        }
        let listed = CLASSES.iter().map(|(_, operations)| operations.len()).sum::<usize>();
        let urgent = OPERATIONS.iter().filter(|operation| operation.criticality() < Criticality::Low).count();
        assert_eq!(listed, urgent, "an operation stands twice, or in no system's table");
    }

    #[test]
    fn what_is_low_only_reads_tells_or_tries_again() {
        let low = OPERATIONS.iter().filter(|operation| operation.criticality() == Criticality::Low);
        for operation in low.filter(|operation| operation.method != Method::Get) {
            let telling = ["updateOrderStatus", "notifyRefund", "addTimelineEntry"];
            assert!(telling.contains(&operation.id) || operation.id.starts_with("replay"), "{operation}");
        }
    }
}
