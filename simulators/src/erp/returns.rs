//! Return authorizations and receipts of returned goods. Stock and money follow by other documents.

use counterproof_contracts::{
    journal::Effect,
    model::{ReturnAuthorization, ReturnCancellation, ReturnReceipt, ReturnRejection, ReturnStatus},
    protocol::Problem,
};

use super::{Erp, at, business, check_owner, illegal, not_found};
use crate::kernel::Scene;

impl Erp {
    pub(super) fn authorize_return(
        &mut self,
        authorization: ReturnAuthorization,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnAuthorization, Problem> {
        let order_number = &authorization.order_number;
        self.check_booked(order_number, authorization.lines.iter().map(|line| &line.line_id))?;
        let booked = self.sales_orders(order_number).into_iter().next();
        if let (Some(booked), Some(advance)) = (booked, &authorization.advance_refund)
            && advance.amount.currency != booked.currency
        {
            let detail = format!("{} is not in the order's currency, {}", advance.amount, booked.currency);
            return Err(at("/advance_refund/amount/currency", detail));
        }
        scene.commit(Effect::ReturnAuthorized { authorization: authorization.clone() });
        self.files.entry(order_number.clone()).or_default().authorizations.push(authorization.clone());
        Ok(authorization)
    }

    pub(super) fn book_receipt(
        &mut self,
        receipt: ReturnReceipt,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnReceipt, Problem> {
        let came = receipt.lines.iter().map(|line| &line.line_id);
        let graded = receipt.grades.iter().map(|grade| &grade.line_id);
        let scanned = receipt.serials.iter().map(|unit| &unit.line_id);
        self.check_booked(&receipt.order_number, came.chain(graded).chain(scanned))?;
        self.master.check_place(&receipt.node_id, "/node_id")?;
        scene.commit(Effect::ReturnReceiptBooked { receipt: receipt.clone() });
        self.files.entry(receipt.order_number.clone()).or_default().receipts.push(receipt.clone());
        Ok(receipt)
    }

    /// Takes an authorization back, as long as nothing was received for it. A second time changes nothing.
    pub(super) fn cancel_return(
        &mut self,
        path: &str,
        cancellation: ReturnCancellation,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnCancellation, Problem> {
        let (order_number, rma_id) = (&cancellation.order_number, &cancellation.rma_id);
        if path != rma_id.as_str() {
            return Err(business(format!("path names return {path}, body names {rma_id}")));
        }
        let missing = || not_found("return authorization", path);
        let file = self.files.get_mut(order_number).ok_or_else(missing)?;
        let known =
            file.authorizations.iter_mut().find(|known| known.rma_id == *rma_id).ok_or_else(missing)?;
        check_owner("the authorization", &known.order_number, order_number)?;
        if file.receipts.iter().any(|receipt| receipt.rma_id.as_ref() == Some(rma_id)) {
            return Err(illegal(format!("goods were received for return {rma_id}")));
        }
        if known.status != ReturnStatus::Canceled {
            known.status = ReturnStatus::Canceled;
            scene.commit(Effect::ReturnAuthorizationCanceled { cancellation: cancellation.clone() });
        }
        Ok(cancellation)
    }

    /// Books that units of a receipt were not taken back.
    pub(super) fn book_rejection(
        &mut self,
        path: &str,
        rejection: ReturnRejection,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnRejection, Problem> {
        let receipt_id = &rejection.receipt_id;
        if path != receipt_id.as_str() {
            return Err(business(format!("path names receipt {path}, body names {receipt_id}")));
        }
        let file = self.files.entry(rejection.order_number.clone()).or_default();
        let receipt = file.receipts.iter().find(|known| known.receipt_id == *receipt_id);
        let receipt = receipt.ok_or_else(|| not_found("receipt", path))?;
        for line in &rejection.lines {
            let came: u32 = receipt
                .lines
                .iter()
                .filter(|came| came.line_id == line.line_id)
                .map(|came| came.quantity)
                .sum();
            if line.quantity > came {
                let detail = format!("{} of line {} are rejected, {came} came", line.quantity, line.line_id);
                return Err(business(detail));
            }
        }
        if let Some(known) = file.rejections.iter().find(|known| known.receipt_id == *receipt_id) {
            return Ok(known.clone());
        }
        scene.commit(Effect::ReturnRejectionBooked { rejection: rejection.clone() });
        file.rejections.push(rejection.clone());
        Ok(rejection)
    }
}
