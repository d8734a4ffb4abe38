//! Prices that are lowered after the sale.

use super::*;
use crate::allocation::allocate;

impl History {
    /// Customer service grants so much on all units that left, and so much of shipping: the money, the tax in it, the
    /// books and the answer.
    pub(in crate::invariants) fn adjust(&mut self, id: &str, goods: i64, shipping: i64) {
        self.chain = format!("c-{id}");
        self.ask_for_adjustment(id, goods, shipping);
        self.give_back(id, goods + shipping);
        let value = self.value(0..self.state.shipped);
        let tax = goods * value.tax / value.gross.max(1);
        let charge = self.order.shipping_value();
        let tax_of_shipping = shipping * charge.tax / charge.gross.max(1);
        let lines = [
            (goods > 0).then(|| Self::tax_line(Some(self.state.shipped), goods - tax, tax)),
            (shipping > 0).then(|| Self::tax_line(None, shipping - tax_of_shipping, tax_of_shipping)),
        ];
        let lines = lines.into_iter().flatten().collect();
        self.commit_tax(&format!("TX-{id}"), TaxDocumentKind::ReturnInvoice, None, lines);
        let credit_memo = CreditMemo {
            erp_document: Some(ErpDocument::new(format!("cm-{id}"))),
            order_number: self.number(),
            receipt_id: id.into(),
            lines: Vec::new(),
            amount: money(goods + shipping),
            tax: money(tax + tax_of_shipping),
            contributions: Vec::new(),
            retained: None,
            shipping: (shipping > 0).then(|| money(shipping)),
            settlement: None,
            deferred: None,
            business_date: Some(day_of(self.now())),
            posting_date: None,
            posting: None,
        };
        self.effect(System::Erp, Effect::CreditMemoPosted { credit_memo });
        self.post(PostingKind::CreditMemo, id, goods + shipping);
        self.answer_adjustment(id, goods + shipping);
        self.chain = CHAIN.to_owned();
    }

    /// What happens belongs to another chain of messages.
    pub(in crate::invariants) fn in_chain(&mut self, chain: &str, happens: impl FnOnce(&mut Self)) {
        self.chain = chain.to_owned();
        happens(self);
        self.chain = CHAIN.to_owned();
    }

    /// Customer service asks for it.
    pub(in crate::invariants) fn ask_for_adjustment(&mut self, id: &str, goods: i64, shipping: i64) {
        let grant = |amount: i64| Concession { amount: Some(money(amount)), percent: None };
        let adjustment = PriceAdjustment {
            order_number: self.number(),
            adjustment_id: id.to_owned(),
            reason: "scratched".to_owned(),
            lines: (goods > 0)
                .then(|| AdjustedLine { line_id: "L-1".into(), concession: grant(goods) })
                .into_iter()
                .collect(),
            shipping: (shipping > 0).then(|| grant(shipping)),
        };
        self.commit(System::CustomerService, true, Effect::PriceAdjustmentRequested { adjustment });
    }

    fn asked_for(&self, id: &str) -> Value {
        let asked = self.records.iter().find_map(|record| match &record.entry {
            Entry::Effect(committed) => match &committed.effect {
                Effect::PriceAdjustmentRequested { adjustment } if adjustment.adjustment_id == id => {
                    Some(json_of(adjustment))
                }
                _ => None,
            },
            _ => None,
        });
        asked.unwrap_or(Value::Null)
    }

    /// The middleware agrees to it.
    pub(in crate::invariants) fn answer_adjustment(&mut self, id: &str, amount: i64) {
        let decision = AdjustmentDecision {
            order_number: self.number(),
            adjustment_id: id.to_owned(),
            amount: money(amount),
            shipping: None,
            refunds: Vec::new(),
        };
        let bodies = (self.asked_for(id), json_of(&decision));
        let key = format!("adjust-{id}");
        self.exchange(
            System::CustomerService,
            System::Middleware,
            "adjustPrice",
            (&key, Some(201), Outcome::Ok),
            bodies,
        );
    }

    /// The ERP has a return of goods that the customer keeps; a channel asked for it, or nobody did.
    pub(in crate::invariants) fn keep(&mut self, rma: &str, quantity: u32, asked: bool) {
        self.chain = format!("c-{rma}");
        if asked {
            let request = ReturnRequest {
                order_number: self.number(),
                return_reference: format!("RR-{rma}"),
                method: ReturnMethod::KeepItem,
                resolution: Resolution::Refund,
                gift_recipient_ref: None,
                lines: self.receipt("any", quantity, ConditionGrade::A).lines,
                exchange: None,
                held_receipt_id: None,
                instant_refund: false,
            };
            self.commit(self.channel(), true, Effect::ReturnRequested { request });
        }
        self.announce(rma, quantity);
        self.edit(|effect| {
            if let Effect::ReturnAuthorized { authorization } = effect
                && authorization.rma_id.as_str() == rma
            {
                authorization.method = ReturnMethod::KeepItem;
            }
        });
        self.chain = CHAIN.to_owned();
    }

    /// Takes off a return what was granted on its units before, in money, tax and books.
    pub(in crate::invariants) fn take_off(&mut self, receipt: &str, amount: i64, tax: i64) {
        self.edit(|effect| match effect {
            Effect::RefundAccepted { refund, cause } if cause == receipt => refund.amount.amount -= amount,
            Effect::CreditMemoPosted { credit_memo } if credit_memo.receipt_id.as_str() == receipt => {
                credit_memo.amount.amount -= amount;
                credit_memo.tax.amount -= tax;
            }
            Effect::TaxCommitted { document }
                if document.document_code.as_str() == format!("TX-{receipt}") =>
            {
                document.total_tax.amount -= tax;
                for line in &mut document.lines {
                    line.taxable_base.amount -= amount - tax;
                    line.tax.amount -= tax;
                }
            }
            _ => {}
        });
    }

    /// What of an amount falls on the first unit, where it is spread over all that left.
    pub(in crate::invariants) fn first_share(&self, amount: i64) -> i64 {
        let gross: Vec<i64> = (0..self.state.shipped).map(|unit| self.value(unit..unit + 1).gross).collect();
        allocate(amount, &gross).first().copied().unwrap_or(0)
    }
}
