//! Gift cards that are bought.

use super::*;

impl History {
    /// The card of the order's line is active.
    pub(in crate::invariants) fn activate_card(&mut self, account: &str) {
        let card = GiftCard {
            account_id: account.into(),
            order_number: self.number(),
            line_id: "L-1".into(),
            delivery_id: "card-L-1".into(),
            amount: money(5_000),
        };
        self.effect(System::StoredValue, Effect::GiftCardActivated { card });
    }

    /// The card was taken back for a return.
    pub(in crate::invariants) fn disable_card(&mut self, account: &str, cause: &str) {
        let entry = self.entry(EntryKind::Debit, account, cause, 5_000);
        self.effect(System::StoredValue, Effect::GiftCardDisabled { entry });
    }

    /// The ERP books the sale of the card: so much of it is owed to its holder.
    pub(in crate::invariants) fn invoice_card(&mut self, deferred: Option<i64>) {
        let invoice = Invoice {
            erp_document: Some("inv-card-L-1".into()),
            order_number: self.number(),
            shipment_id: "card-L-1".into(),
            lines: Self::units(1),
            amount: money(5_000),
            tax: money(0),
            contributions: Vec::new(),
            settlement: None,
            deferred: deferred.map(money),
            business_date: None,
            posting_date: None,
            posting: None,
        };
        self.effect(System::Erp, Effect::InvoicePosted { invoice });
    }

    /// The ERP books that the card was taken back.
    pub(in crate::invariants) fn credit_card(&mut self, cause: &str, deferred: Option<i64>) {
        let credit_memo = CreditMemo {
            erp_document: Some("cm-card-L-1".into()),
            order_number: self.number(),
            receipt_id: cause.into(),
            lines: Self::units(1),
            amount: money(5_000),
            tax: money(0),
            contributions: Vec::new(),
            settlement: None,
            deferred: deferred.map(money),
            retained: None,
            business_date: None,
            posting_date: None,
            posting: None,
            shipping: None,
        };
        self.effect(System::Erp, Effect::CreditMemoPosted { credit_memo });
    }
}
