//! Invoices and credit memos, and their postings to the general ledger.

use counterproof_contracts::{
    journal::Effect,
    model::{
        CreditMemo, ErpDocument, ExchangeSettlement, ExchangeSettlementKind, FinancialPosting, Invoice,
        LineQuantity, Money, OrderNumber, PostingKind, PostingLine,
    },
    protocol::Problem,
};

use super::{Erp, business};
use crate::kernel::Scene;

/// What customers owe.
const RECEIVABLE: &str = "receivable";
/// What was sold, without tax.
const REVENUE: &str = "revenue";
/// What goes from one order of an exchange to the other.
const EXCHANGE_CLEARING: &str = "exchange_clearing";
/// Tax that is owed to the authorities.
const TAX_PAYABLE: &str = "tax_payable";

impl Erp {
    /// Posts an invoice: debit receivable, credit revenue and tax.
    pub(super) fn post_invoice(
        &mut self,
        mut invoice: Invoice,
        scene: &mut Scene<'_>,
    ) -> Result<Invoice, Problem> {
        self.check_money(&invoice.order_number, &invoice.lines, invoice.amount, invoice.tax)?;
        let number = ErpDocument::new(scene.id("inv", invoice.order_number.as_str()));
        invoice.erp_document = Some(number.clone());
        let posting = FinancialPosting {
            erp_document: number,
            kind: PostingKind::Invoice,
            order_number: invoice.order_number.clone(),
            currency: invoice.amount.currency,
            lines: invoice_lines(invoice.amount.amount, invoice.tax.amount),
            cause: invoice.shipment_id.to_string(),
        };
        scene.commit(Effect::InvoicePosted { invoice: invoice.clone() });
        scene.commit(Effect::Posted { posting: posting.clone() });
        let file = self.files.entry(invoice.order_number.clone()).or_default();
        file.invoices.push(invoice.clone());
        file.postings.push(posting);
        Ok(invoice)
    }

    /// Posts a credit memo: the reverse of an invoice.
    pub(super) fn post_credit_memo(
        &mut self,
        mut memo: CreditMemo,
        scene: &mut Scene<'_>,
    ) -> Result<CreditMemo, Problem> {
        self.check_money(&memo.order_number, &memo.lines, memo.amount, memo.tax)?;
        let number = ErpDocument::new(scene.id("cm", memo.order_number.as_str()));
        memo.erp_document = Some(number.clone());
        let reversed = invoice_lines(memo.amount.amount, memo.tax.amount)
            .into_iter()
            .map(|line| PostingLine { account: line.account, debit: line.credit, credit: line.debit });
        let posting = FinancialPosting {
            erp_document: number,
            kind: PostingKind::CreditMemo,
            order_number: memo.order_number.clone(),
            currency: memo.amount.currency,
            lines: reversed.collect(),
            cause: memo.receipt_id.to_string(),
        };
        scene.commit(Effect::CreditMemoPosted { credit_memo: memo.clone() });
        scene.commit(Effect::Posted { posting: posting.clone() });
        let file = self.files.entry(memo.order_number.clone()).or_default();
        file.credit_memos.push(memo.clone());
        file.postings.push(posting);
        Ok(memo)
    }

    /// Lets what is owed for returned goods pay their replacement, or takes that back: one posting for each
    /// order, over a clearing account.
    pub(super) fn settle_exchange(
        &mut self,
        settlement: ExchangeSettlement,
        scene: &mut Scene<'_>,
    ) -> Result<ExchangeSettlement, Problem> {
        let (original, replacement) = (&settlement.order_number, &settlement.replacement_order_number);
        for order in [original, replacement] {
            self.check_money(order, &[], settlement.amount, Money { amount: 0, ..settlement.amount })?;
        }
        if original == replacement {
            return Err(business("an order cannot replace itself".to_owned()));
        }
        scene.commit(Effect::ExchangeSettled { settlement: settlement.clone() });
        let (giver, taker) = match settlement.kind {
            ExchangeSettlementKind::Applied => (original, replacement),
            ExchangeSettlementKind::Returned => (replacement, original),
        };
        for (order, debited, credited) in
            [(giver, RECEIVABLE, EXCHANGE_CLEARING), (taker, EXCHANGE_CLEARING, RECEIVABLE)]
        {
            let amount = settlement.amount.amount;
            let line =
                |account: &str, debit, credit| PostingLine { account: account.to_owned(), debit, credit };
            let posting = FinancialPosting {
                erp_document: ErpDocument::new(scene.id("xs", order.as_str())),
                kind: PostingKind::ExchangeSettlement,
                order_number: order.clone(),
                currency: settlement.amount.currency,
                lines: vec![line(debited, amount, 0), line(credited, 0, amount)],
                cause: settlement.settlement_id.clone(),
            };
            scene.commit(Effect::Posted { posting: posting.clone() });
            self.files.entry(order.clone()).or_default().postings.push(posting);
        }
        let file = self.files.entry(settlement.order_number.clone()).or_default();
        file.settlements.push(settlement.clone());
        Ok(settlement)
    }

    /// An amount of the order's currency, with a tax that is a part of it, for lines that were ordered.
    fn check_money(
        &self,
        order: &OrderNumber,
        lines: &[LineQuantity],
        amount: Money,
        tax: Money,
    ) -> Result<(), Problem> {
        self.check_booked(order, lines.iter().map(|line| &line.line_id))?;
        let currency = self.sales_orders(order).first().map(|booked| booked.currency);
        if currency != Some(amount.currency) || currency != Some(tax.currency) {
            return Err(business(format!("{amount} with tax of {tax} is not in the order's currency")));
        }
        if tax.amount < 0 || tax.amount > amount.amount {
            return Err(business(format!("tax of {tax} does not fit an amount of {amount}")));
        }
        Ok(())
    }
}

/// Debits equal credits: the receivable is revenue and tax.
fn invoice_lines(amount: i64, tax: i64) -> Vec<PostingLine> {
    let line = |account: &str, debit, credit| PostingLine { account: account.to_owned(), debit, credit };
    let mut lines = vec![line(RECEIVABLE, amount, 0), line(REVENUE, 0, amount - tax)];
    if tax > 0 {
        lines.push(line(TAX_PAYABLE, 0, tax));
    }
    lines
}
