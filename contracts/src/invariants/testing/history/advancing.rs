//! Money that is given back before goods come.

use super::*;

impl History {
    /// A customer takes the offer of a refund before the goods come, and gets it; they are waited for as long as so many
    /// lines of the journal are written.
    pub(in crate::invariants) fn advance(&mut self, rma: &str, quantity: u32, lines: i64) {
        self.chain = format!("c-{rma}");
        self.ask_for_return(&format!("RR-{rma}"), quantity);
        self.announce(rma, quantity);
        let amount = self.value(self.state.returned..self.state.returned + quantity).gross;
        let return_by = self.now().saturating_add(jiff::SignedDuration::from_secs(lines)).unwrap_or_default();
        self.edit(|effect| match effect {
            Effect::ReturnRequested { request } if request.return_reference == format!("RR-{rma}") => {
                request.instant_refund = true;
            }
            Effect::ReturnAuthorized { authorization } if authorization.rma_id.as_str() == rma => {
                authorization.advance_refund = Some(AdvanceRefund { amount: money(amount), return_by });
            }
            _ => {}
        });
        self.refund(&format!("F-{rma}"), rma, "C-1", amount);
        self.chain = CHAIN.to_owned();
    }

    /// The payment provider charges a card again with what was given back under a refund.
    pub(in crate::invariants) fn recharge(&mut self, rma: &str, amount: i64) {
        let recharge = Recharge {
            recharge_id: format!("RC-{rma}"),
            provider_reference: format!("PR-{rma}"),
            order_number: self.number(),
            tender_id: "T-1".into(),
            capture_id: "C-1".into(),
            refund_id: RefundId::new(format!("F-{rma}")),
            amount: money(amount),
            cause: rma.to_owned(),
        };
        self.effect(System::Psp, Effect::PaymentRecharged { recharge });
    }

    /// The ERP writes money off that was given back for a return, or has goods for it after all.
    pub(in crate::invariants) fn write_off(
        &mut self,
        rma: &str,
        kind: WriteOffKind,
        cause: &str,
        amount: i64,
    ) {
        let write_off = WriteOff {
            write_off_id: format!("WO-{rma}-{cause}"),
            order_number: self.number(),
            refund_id: RefundId::new(format!("F-{rma}")),
            kind,
            amount: money(amount),
            cause: cause.to_owned(),
        };
        self.effect(System::Erp, Effect::WrittenOff { write_off });
        self.post(PostingKind::WriteOff, &format!("WO-{rma}-{cause}"), amount);
    }

    /// Goods come to a dock and are accepted, credited, and not paid.
    pub(in crate::invariants) fn comes_back(&mut self, id: &str, rma: &str, quantity: u32) {
        self.dock_receives(id, rma, quantity, 0);
        self.book_receipt(id, rma, quantity);
        self.dock_grades(id, quantity);
        self.credit_lost(id, quantity);
    }
}
