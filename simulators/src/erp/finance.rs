//! Invoices and credit memos, and their postings to the general ledger.

use counterproof_contracts::{
    journal::Effect,
    model::{
        Contribution, CreditMemo, Currency, ErpDocument, ExchangeSettlement, ExchangeSettlementKind,
        FinancialPosting, Invoice, LineQuantity, Money, OrderNumber, PostingKind, PostingLine,
        PromotionFunding, SalesOrder, SettledAmounts, TaxCollector, TaxTerms, WriteOff, WriteOffKind,
    },
    protocol::Problem,
};

use super::{Erp, at};
use crate::kernel::Scene;

/// What customers owe.
const RECEIVABLE: &str = "receivable";
/// What was sold, without tax.
const REVENUE: &str = "revenue";
/// What was paid for gift cards: owed to their holders until they are redeemed.
const GIFT_CARDS: &str = "gift_card_liability";
/// What goes from one order of an exchange to the other.
const EXCHANGE_CLEARING: &str = "exchange_clearing";
/// Refunds before goods came that were given up.
const WRITTEN_OFF: &str = "refunds_written_off";
/// Tax that is owed to the authorities.
const TAX_PAYABLE: &str = "tax_payable";
/// Tax that the marketplace collected and remits.
const TAX_OF_MARKETPLACE: &str = "tax_remitted_by_marketplace";
/// What manufacturers owe for promotions that they fund.
const MANUFACTURERS: &str = "receivable_manufacturer";
/// What marketplaces owe for promotions that they fund.
const MARKETPLACES: &str = "receivable_marketplace";
/// What was kept of refunds because promotions were not earned any more.
const CLAWED_BACK: &str = "promotion_clawback";

/// The amounts of a document, in the currency that they are booked in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Booked {
    currency: Currency,
    amount: i64,
    tax: i64,
    manufacturers: i64,
    marketplaces: i64,
    retained: i64,
    deferred: i64,
}

impl Erp {
    /// Posts an invoice: debit receivable, credit revenue and tax.
    pub(super) fn post_invoice(
        &mut self,
        invoice: &Invoice,
        number: &ErpDocument,
        scene: &mut Scene<'_>,
    ) -> Result<(), Problem> {
        let (sales_order, booked) = self.check_invoice(invoice)?;
        let posting = FinancialPosting {
            erp_document: number.clone(),
            kind: PostingKind::Invoice,
            order_number: invoice.order_number.clone(),
            currency: booked.currency,
            lines: booked.lines(&sales_order),
            cause: invoice.shipment_id.to_string(),
        };
        scene.commit(Effect::InvoicePosted { invoice: invoice.clone() });
        scene.commit(Effect::Posted { posting: posting.clone() });
        let file = self.files.entry(invoice.order_number.clone()).or_default();
        file.invoices.push(invoice.clone());
        file.postings.push(posting);
        Ok(())
    }

    /// What an invoice books; an invoice that cannot be booked is refused.
    pub(super) fn check_invoice(&self, invoice: &Invoice) -> Result<(SalesOrder, Booked), Problem> {
        let sales_order =
            self.check_money(&invoice.order_number, &invoice.lines, invoice.amount, invoice.tax)?;
        let earlier = self.invoices(&invoice.order_number).iter().map(|known| known.contributions.as_slice());
        let amounts = Amounts {
            amount: invoice.amount,
            tax: invoice.tax,
            contributions: &invoice.contributions,
            settlement: invoice.settlement,
            retained: 0,
            deferred: invoice.deferred,
        };
        let booked = amounts.booked(&sales_order, &earlier)?;
        Ok((sales_order, booked))
    }

    /// Posts a credit memo: the reverse of an invoice.
    pub(super) fn post_credit_memo(
        &mut self,
        memo: &CreditMemo,
        number: &ErpDocument,
        scene: &mut Scene<'_>,
    ) -> Result<(), Problem> {
        let (sales_order, booked) = self.check_credit_memo(memo)?;
        let reversed = booked.lines(&sales_order).into_iter().map(|line| PostingLine {
            account: line.account,
            debit: line.credit,
            credit: line.debit,
        });
        let posting = FinancialPosting {
            erp_document: number.clone(),
            kind: PostingKind::CreditMemo,
            order_number: memo.order_number.clone(),
            currency: booked.currency,
            lines: reversed.collect(),
            cause: memo.receipt_id.to_string(),
        };
        scene.commit(Effect::CreditMemoPosted { credit_memo: memo.clone() });
        scene.commit(Effect::Posted { posting: posting.clone() });
        let file = self.files.entry(memo.order_number.clone()).or_default();
        file.credit_memos.push(memo.clone());
        file.postings.push(posting);
        Ok(())
    }

    /// What a credit memo books; one that cannot be booked is refused.
    pub(super) fn check_credit_memo(&self, memo: &CreditMemo) -> Result<(SalesOrder, Booked), Problem> {
        let sales_order = self.check_money(&memo.order_number, &memo.lines, memo.amount, memo.tax)?;
        let earlier =
            self.credit_memos(&memo.order_number).iter().map(|known| known.contributions.as_slice());
        let amounts = Amounts {
            amount: memo.amount,
            tax: memo.tax,
            contributions: &memo.contributions,
            settlement: memo.settlement,
            retained: memo.retained.map_or(0, |retained| retained.amount),
            deferred: memo.deferred,
        };
        let booked = amounts.booked(&sales_order, &earlier)?;
        Ok((sales_order, booked))
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
            return Err(at("/replacement_order_number", "an order cannot replace itself".to_owned()));
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

    /// Writes a refund off that was given before goods came, or takes that back because they came after all.
    pub(super) fn write_off(
        &mut self,
        write_off: WriteOff,
        scene: &mut Scene<'_>,
    ) -> Result<WriteOff, Problem> {
        let order = &write_off.order_number;
        self.check_money(order, &[], write_off.amount, Money { amount: 0, ..write_off.amount })?;
        let amount = write_off.amount.amount;
        let (debited, credited) = match write_off.kind {
            WriteOffKind::WrittenOff => (WRITTEN_OFF, RECEIVABLE),
            WriteOffKind::Recovered => (RECEIVABLE, WRITTEN_OFF),
        };
        if write_off.kind == WriteOffKind::Recovered && amount > self.written_off(order) {
            return Err(at("/amount", format!("{} was never written off", write_off.amount)));
        }
        let line = |account: &str, debit, credit| PostingLine { account: account.to_owned(), debit, credit };
        let posting = FinancialPosting {
            erp_document: ErpDocument::new(scene.id("wo", order.as_str())),
            kind: PostingKind::WriteOff,
            order_number: order.clone(),
            currency: write_off.amount.currency,
            lines: vec![line(debited, amount, 0), line(credited, 0, amount)],
            cause: write_off.write_off_id.clone(),
        };
        scene.commit(Effect::WrittenOff { write_off: write_off.clone() });
        scene.commit(Effect::Posted { posting: posting.clone() });
        self.files.entry(order.clone()).or_default().postings.push(posting);
        Ok(write_off)
    }

    /// What is written off of an order, minor units: debits of the account less its credits.
    pub fn written_off(&self, order: &OrderNumber) -> i64 {
        let lines = self.postings(order).iter().flat_map(|posting| &posting.lines);
        lines.filter(|line| line.account == WRITTEN_OFF).map(|line| line.debit - line.credit).sum()
    }

    /// The sales order of a document: in its currency, with lines that were ordered.
    fn check_money(
        &self,
        order: &OrderNumber,
        lines: &[LineQuantity],
        amount: Money,
        tax: Money,
    ) -> Result<SalesOrder, Problem> {
        self.check_booked(order, lines.iter().map(|line| &line.line_id))?;
        if let Some(index) = lines.iter().position(|line| line.quantity == 0) {
            return Err(at(&format!("/lines/{index}/quantity"), "a line is of at least one unit".to_owned()));
        }
        let booked = self.sales_orders(order).into_iter().next();
        let booked =
            booked.ok_or_else(|| at("/order_number", format!("order {order} has no sales order")))?;
        for (place, money) in [("/amount", amount), ("/tax", tax)] {
            if money.currency != booked.currency {
                let detail = format!("{money} is not in the order's currency, {}", booked.currency);
                return Err(at(place, detail));
            }
        }
        if amount.amount < 0 || tax.amount < 0 {
            return Err(at("/amount", format!("{amount} with tax of {tax} is negative")));
        }
        Ok(booked)
    }
}

/// The amounts of a document as it states them.
struct Amounts<'d> {
    amount: Money,
    tax: Money,
    contributions: &'d [Contribution],
    settlement: Option<SettledAmounts>,
    retained: i64,
    deferred: Option<Money>,
}

impl Amounts<'_> {
    /// The amounts in the currency that the order is settled in; what others contribute is converted as what
    /// follows on earlier documents.
    fn booked<'e>(
        &self,
        sales_order: &SalesOrder,
        earlier: &(impl Iterator<Item = &'e [Contribution]> + Clone),
    ) -> Result<Booked, Problem> {
        self.check_contributions()?;
        let deferred = self.deferred()?;
        let of = |funding: PromotionFunding, entries: &[Contribution]| -> i64 {
            entries.iter().filter(|entry| entry.funding == funding).map(|entry| entry.amount.amount).sum()
        };
        let Some(terms) = sales_order.settlement else {
            return Ok(Booked {
                currency: sales_order.currency,
                amount: self.amount.amount,
                tax: self.tax.amount,
                manufacturers: of(PromotionFunding::Manufacturer, self.contributions),
                marketplaces: of(PromotionFunding::Marketplace, self.contributions),
                retained: self.retained,
                deferred,
            });
        };
        let settled = self.settlement.filter(|settled| {
            settled.amount.currency == terms.currency && settled.tax.currency == terms.currency
        });
        let settled = settled
            .ok_or_else(|| at("/settlement", format!("the order is settled in {}", terms.currency)))?;
        let converted = |funding: PromotionFunding| {
            let before = earlier.clone().map(|entries| of(funding, entries)).sum();
            terms.convert_part(before, of(funding, self.contributions))
        };
        Ok(Booked {
            currency: terms.currency,
            amount: settled.amount.amount,
            tax: settled.tax.amount,
            manufacturers: converted(PromotionFunding::Manufacturer),
            marketplaces: converted(PromotionFunding::Marketplace),
            retained: terms.convert(self.retained),
            // What is sold with a gift card has documents of its own.
            deferred: if deferred == self.amount.amount {
                settled.amount.amount
            } else {
                terms.convert(deferred)
            },
        })
    }

    /// What gift cards were sold for is in the document's currency and bears no tax.
    fn deferred(&self) -> Result<i64, Problem> {
        let Some(deferred) = self.deferred else { return Ok(0) };
        let untaxed = self.amount.amount.saturating_sub(self.tax.amount);
        if deferred.currency == self.amount.currency && (0..=untaxed).contains(&deferred.amount) {
            return Ok(deferred.amount);
        }
        let detail = format!("{deferred} is not a part of {} without its tax of {}", self.amount, self.tax);
        Err(at("/deferred", detail))
    }

    /// Contributions are in the document's currency, are nobody's whose promotions are not to be paid by others,
    /// and together with the amount they bear the tax.
    fn check_contributions(&self) -> Result<(), Problem> {
        let mut worth = self.amount.amount.saturating_add(self.retained);
        for (index, entry) in self.contributions.iter().enumerate() {
            let place = |name: &str| format!("/contributions/{index}/{name}");
            if entry.funding == PromotionFunding::Retailer {
                return Err(at(&place("funding"), "the retailer owes nothing to itself".to_owned()));
            }
            if entry.amount.currency != self.amount.currency || entry.amount.amount <= 0 {
                let detail = format!("{} is not a positive amount of {}", entry.amount, self.amount.currency);
                return Err(at(&place("amount"), detail));
            }
            worth = worth.saturating_add(entry.amount.amount);
        }
        if self.tax.amount > worth {
            let detail = format!("tax of {} does not fit an amount of {}", self.tax, self.amount);
            return Err(at("/tax", detail));
        }
        Ok(())
    }
}

impl Booked {
    /// The lines of an invoice's posting. Debits equal credits: what is receivable is revenue, tax and what is owed to
    /// the holders of gift cards.
    fn lines(&self, sales_order: &SalesOrder) -> Vec<PostingLine> {
        let collector = sales_order.tax_terms.as_ref().map_or(TaxCollector::Retailer, TaxTerms::collector);
        let tax_account = match collector {
            TaxCollector::Retailer => TAX_PAYABLE,
            TaxCollector::Marketplace => TAX_OF_MARKETPLACE,
        };
        let receivable = self.amount + self.manufacturers + self.marketplaces + self.retained;
        let debits = [
            (RECEIVABLE, self.amount),
            (MANUFACTURERS, self.manufacturers),
            (MARKETPLACES, self.marketplaces),
            (CLAWED_BACK, self.retained),
        ];
        let credits = [
            (REVENUE, receivable - self.tax - self.deferred),
            (GIFT_CARDS, self.deferred),
            (tax_account, self.tax),
        ];
        let signed = debits.into_iter().chain(credits.map(|(account, amount)| (account, -amount)));
        let always = |account: &str| account == RECEIVABLE || account == REVENUE;
        signed
            .filter(|(account, amount)| *amount != 0 || always(account))
            .map(|(account, amount)| PostingLine {
                account: account.to_owned(),
                debit: amount.max(0),
                credit: (-amount).max(0),
            })
            .collect()
    }
}
