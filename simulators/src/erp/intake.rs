//! How the ERP takes documents: so many in a second, not while somebody works on the sales order, dated into open
//! periods only, posted at once or later.
//!
//! Each of these is arranged for orders, so that no other order is slowed down or refused.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use counterproof_contracts::{
    model::{
        CorrelationId, CreditMemo, Date, ErpDocument, Invoice, OrderNumber, PostingKind, PostingResult,
        PostingStatus, Timestamp, day_of,
    },
    protocol::{EventData, FieldError, Method, Problem, ProblemKind, erp as operations},
};
use serde_json::Value;

use super::Erp;
use crate::kernel::{Call, RaisedEvent, Scene};

/// Within how many milliseconds a limit holds.
const SECOND_MS: i64 = 1_000;

/// What is arranged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Intake {
    limits: Vec<Limit>,
    /// Sales orders that somebody works on.
    locked: BTreeSet<OrderNumber>,
    /// The first day that documents of an order may be dated.
    open_from: BTreeMap<OrderNumber, Date>,
    /// Orders whose documents are posted later.
    later: BTreeSet<OrderNumber>,
    /// Documents that were taken and wait to be posted, oldest first.
    parked: Vec<Parked>,
}

/// Documents that are taken of some orders together.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Limit {
    orders: BTreeSet<OrderNumber>,
    per_second: usize,
    taken: VecDeque<Timestamp>,
}

impl Limit {
    /// Documents of the last second, oldest first.
    fn recent(&self, now: Timestamp) -> impl Iterator<Item = i64> + '_ {
        let age_ms = move |taken: &Timestamp| now.as_millisecond().saturating_sub(taken.as_millisecond());
        self.taken.iter().map(age_ms).filter(|age_ms| *age_ms < SECOND_MS)
    }

    /// For how many seconds a document must wait; `None`: it need not.
    fn wait(&self, now: Timestamp) -> Option<u32> {
        let oldest_ms = self.recent(now).next().filter(|_| self.recent(now).count() >= self.per_second)?;
        Some(u32::try_from((SECOND_MS - oldest_ms + 999) / 1_000).unwrap_or(1).max(1))
    }

    fn took(&mut self, now: Timestamp) {
        let keep = self.recent(now).count();
        self.taken.drain(..self.taken.len().saturating_sub(keep));
        self.taken.push_back(now);
    }
}

/// A document that was taken and not posted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parked {
    document: Document,
    number: ErpDocument,
    correlation: CorrelationId,
    causation: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Document {
    Invoice(Invoice),
    CreditMemo(CreditMemo),
}

impl Parked {
    fn of(document: Document, number: &ErpDocument, scene: &Scene<'_>) -> Self {
        Self {
            document,
            number: number.clone(),
            correlation: scene.correlation().clone(),
            causation: scene.causation().map(str::to_owned),
        }
    }

    const fn order(&self) -> &OrderNumber {
        match &self.document {
            Document::Invoice(invoice) => &invoice.order_number,
            Document::CreditMemo(memo) => &memo.order_number,
        }
    }

    fn result(&self, posting: PostingStatus, reason: Option<String>) -> PostingResult {
        let (kind, cause) = match &self.document {
            Document::Invoice(invoice) => (PostingKind::Invoice, invoice.shipment_id.to_string()),
            Document::CreditMemo(memo) => (PostingKind::CreditMemo, memo.receipt_id.to_string()),
        };
        let (erp_document, order_number) = (self.number.clone(), self.order().clone());
        PostingResult { erp_document, order_number, kind, cause, posting, reason }
    }
}

/// Operations that change a sales order, or refer to one as a preceding document.
const LOCKED_OUT: [counterproof_contracts::protocol::Operation; 3] =
    [operations::CANCEL_SALES_ORDER_LINES, operations::CHANGE_SALES_ORDER, operations::POST_INVOICE];

/// The order that a document is about.
fn order_of(call: &Call) -> Option<OrderNumber> {
    let writes = call.operation.method != Method::Get;
    call.body.get("order_number").filter(|_| writes).and_then(Value::as_str).map(OrderNumber::from)
}

impl Intake {
    /// Turns a call away whose order is over its limit, or whose sales order somebody works on.
    pub(super) fn admit(&self, call: &Call, scene: &mut Scene<'_>) -> Result<(), Problem> {
        let Some(order) = order_of(call) else { return Ok(()) };
        let limit = self.limits.iter().find(|limit| limit.orders.contains(&order));
        if let Some((limit, seconds)) = limit.and_then(|limit| Some((limit, limit.wait(scene.now())?))) {
            scene.ask_to_wait(seconds);
            let detail = format!("at most {} documents are taken in a second", limit.per_second);
            return Err(Problem::new(ProblemKind::TooManyRequests, detail));
        }
        if self.locked.contains(&order) && LOCKED_OUT.contains(&call.operation) {
            let detail = format!("the sales order of {order} is currently processed by a user");
            return Err(Problem::new(ProblemKind::DocumentLocked, detail));
        }
        Ok(())
    }

    /// Counts a document that was taken.
    pub(super) fn took(&mut self, call: &Call, now: Timestamp) {
        let Some(order) = order_of(call) else { return };
        let limit = self.limits.iter_mut().find(|limit| limit.orders.contains(&order));
        limit.into_iter().for_each(|limit| limit.took(now));
    }

    /// The day that a document is posted under; a day in a closed period is refused.
    fn posting_date(
        &self,
        order: &OrderNumber,
        asked: Option<Date>,
        now: Timestamp,
    ) -> Result<Date, Problem> {
        let date = asked.unwrap_or_else(|| day_of(now));
        let Some(open_from) = self.open_from.get(order).copied().filter(|open_from| date < *open_from) else {
            return Ok(date);
        };
        let detail = format!("documents may be dated from {open_from} on");
        let errors = vec![FieldError { pointer: "/posting_date".to_owned(), detail: detail.clone() }];
        let problem = Problem::new(ProblemKind::PeriodClosed, detail);
        Err(Problem { errors, open_from: Some(open_from), ..problem })
    }
}

impl Erp {
    /// From now on, so many documents of some orders together are taken in a second.
    pub fn limit_documents(&mut self, orders: impl IntoIterator<Item = OrderNumber>, per_second: u32) {
        let per_second = usize::try_from(per_second).unwrap_or(usize::MAX).max(1);
        let orders = orders.into_iter().collect();
        self.intake.limits.push(Limit { orders, per_second, taken: VecDeque::new() });
    }

    /// Somebody opens the sales order of an order to work on it, or closes it again.
    pub fn lock(&mut self, order: &OrderNumber, locked: bool) {
        if locked {
            self.intake.locked.insert(order.clone());
        } else {
            self.intake.locked.remove(order);
        }
    }

    /// The period before a day is closed for documents of an order.
    pub fn close_books(&mut self, order: &OrderNumber, open_from: Date) {
        self.intake.open_from.insert(order.clone(), open_from);
    }

    /// From now on, invoices and credit memos of an order are taken and posted later.
    pub fn post_later(&mut self, order: &OrderNumber) {
        self.intake.later.insert(order.clone());
    }

    /// Posts the documents of an order that wait, or finds that they cannot be posted. Returns how many waited.
    pub fn post_parked(&mut self, scene: &mut Scene<'_>, order: &OrderNumber, success: bool) -> usize {
        let parked = std::mem::take(&mut self.intake.parked);
        let (due, others) = parked.into_iter().partition(|parked| parked.order() == order);
        self.intake.parked = others;
        let due: Vec<Parked> = due;
        for parked in &due {
            let posted = if success {
                match &parked.document {
                    Document::Invoice(invoice) => self.post_invoice(invoice, &parked.number, scene),
                    Document::CreditMemo(memo) => self.post_credit_memo(memo, &parked.number, scene),
                }
            } else {
                Err(super::business("the account is blocked for posting".to_owned()))
            };
            let data = match posted {
                Ok(()) => EventData::DocumentPosted(parked.result(PostingStatus::Posted, None)),
                Err(problem) => {
                    EventData::DocumentNotPosted(parked.result(PostingStatus::Failed, Some(problem.detail)))
                }
            };
            scene.events.push(RaisedEvent {
                data,
                correlation: parked.correlation.clone(),
                causation: parked.causation.clone(),
                occurred_at: scene.now(),
            });
        }
        due.len()
    }

    /// Takes an invoice, and posts it at once or later.
    pub(super) fn take_invoice(
        &mut self,
        mut invoice: Invoice,
        scene: &mut Scene<'_>,
    ) -> Result<Invoice, Problem> {
        let order = invoice.order_number.clone();
        self.check_invoice(&invoice)?;
        invoice.posting_date = Some(self.intake.posting_date(&order, invoice.posting_date, scene.now())?);
        let number = ErpDocument::new(scene.id("inv", order.as_str()));
        invoice.erp_document = Some(number.clone());
        invoice.posting = None;
        if self.intake.later.contains(&order) {
            self.intake.parked.push(Parked::of(Document::Invoice(invoice.clone()), &number, scene));
            return Ok(Invoice { posting: Some(PostingStatus::Pending), ..invoice });
        }
        self.post_invoice(&invoice, &number, scene)?;
        Ok(invoice)
    }

    /// Takes a credit memo, and posts it at once or later.
    pub(super) fn take_credit_memo(
        &mut self,
        mut memo: CreditMemo,
        scene: &mut Scene<'_>,
    ) -> Result<CreditMemo, Problem> {
        let order = memo.order_number.clone();
        self.check_credit_memo(&memo)?;
        memo.posting_date = Some(self.intake.posting_date(&order, memo.posting_date, scene.now())?);
        let number = ErpDocument::new(scene.id("cm", order.as_str()));
        memo.erp_document = Some(number.clone());
        memo.posting = None;
        if self.intake.later.contains(&order) {
            self.intake.parked.push(Parked::of(Document::CreditMemo(memo.clone()), &number, scene));
            return Ok(CreditMemo { posting: Some(PostingStatus::Pending), ..memo });
        }
        self.post_credit_memo(&memo, &number, scene)?;
        Ok(memo)
    }
}
