//! Return authorizations and receipts of returned goods. Stock and money follow by other documents.

use counterproof_contracts::{
    journal::Effect,
    model::{ReturnAuthorization, ReturnReceipt},
    protocol::Problem,
};

use super::Erp;
use crate::kernel::Scene;

impl Erp {
    pub(super) fn authorize_return(
        &mut self,
        authorization: ReturnAuthorization,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnAuthorization, Problem> {
        let order_number = &authorization.order_number;
        self.check_booked(order_number, authorization.lines.iter().map(|line| &line.line_id))?;
        scene.commit(Effect::ReturnAuthorized { authorization: authorization.clone() });
        self.files.entry(order_number.clone()).or_default().authorizations.push(authorization.clone());
        Ok(authorization)
    }

    pub(super) fn book_receipt(
        &mut self,
        receipt: ReturnReceipt,
        scene: &mut Scene<'_>,
    ) -> Result<ReturnReceipt, Problem> {
        self.check_booked(&receipt.order_number, receipt.lines.iter().map(|line| &line.line_id))?;
        scene.commit(Effect::ReturnReceiptBooked { receipt: receipt.clone() });
        self.files.entry(receipt.order_number.clone()).or_default().receipts.push(receipt.clone());
        Ok(receipt)
    }
}
