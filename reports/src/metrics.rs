//! Business metrics from a journal, per channel.
//!
//! What must be known of an order is kept while its scenario is under way; times are kept as histograms, so memory
//! grows with what is under way and not with the length of the run. What comes for an order that no channel
//! placed is not measured. In virtual time the times are the scenario's; live they are the clock's.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    journal::{Committed, Effect, Entry, Exchange, Outcome, Record},
    metrics::{Measure, Metric, Missed, Percentile, Threshold},
    model::{OrderNumber, ShipmentStatus, System, TaxDocumentKind, Timestamp},
    protocol::{DeadLetterList, middleware},
};
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::text;

/// The longest time that is told apart, in milliseconds: ninety days.
const LONGEST_MS: u64 = 90 * 24 * 3600 * 1000;

/// What was measured of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// What.
    pub metric: Metric,
    /// Of which channel; for API errors whoever called.
    pub channel: System,
    /// How many times or pieces it was seen; of a share, how many were tried.
    pub count: u64,
    /// Half of the times took no longer, in milliseconds. Of a share: parts in a hundred; of a count: the count.
    pub p50: u64,
    /// 9 in 10, likewise.
    pub p90: u64,
    /// 99 in 100, likewise.
    pub p99: u64,
    /// All, likewise.
    pub max: u64,
}

impl Measured {
    /// The number that a percentile names.
    const fn at(&self, percentile: Percentile) -> u64 {
        match percentile {
            Percentile::P50 => self.p50,
            Percentile::P90 => self.p90,
            Percentile::P99 => self.p99,
            Percentile::Max => self.max,
        }
    }

    /// A number of it, for people.
    pub(crate) fn said(&self, number: u64) -> String {
        match self.metric.measure() {
            Measure::Time => text::duration(number),
            Measure::Count => number.to_string(),
            Measure::Share => format!("{number} %"),
        }
    }
}

/// The thresholds that were missed, a sentence each.
pub fn missed(measured: &[Measured], thresholds: &[Threshold]) -> Vec<String> {
    let mut sentences = Vec::new();
    for (place, threshold) in thresholds.iter().enumerate() {
        for row in measured.iter().filter(|row| threshold.concerns(row.metric, row.channel)) {
            let number = row.at(threshold.percentile);
            let (word, bound) = match threshold.missed_by(number) {
                None => continue,
                Some(Missed::AtMost(bound)) => ("at most", bound),
                Some(Missed::AtLeast(bound)) => ("at least", bound),
            };
            sentences.push(format!(
                "{} of the {} is {}; thresholds[{place}] allows {word} {}",
                row.metric.name(),
                row.channel.title(),
                row.said(number),
                row.said(bound)
            ));
        }
    }
    sentences
}

/// An order as far as it is measured.
#[derive(Debug)]
struct Order {
    channel: System,
    placed_at: Timestamp,
    answered: bool,
    booked: bool,
    /// Parcels that left and are not shown yet.
    left: BTreeMap<String, Timestamp>,
    /// When returned goods of a receipt came.
    received: BTreeMap<String, Timestamp>,
    /// Receipts whose money or credit the customer has.
    given_back: BTreeSet<String>,
    /// Causes of refunds by refund.
    refunds: BTreeMap<String, String>,
    /// Refunds that have not ended, by cause.
    open_refunds: BTreeSet<String>,
    invoices: BTreeSet<String>,
    taxed: BTreeSet<String>,
    /// Deliveries of gift cards, which are sold untaxed.
    cards: BTreeSet<String>,
    dead: BTreeSet<String>,
    dead_now: BTreeSet<String>,
    replayed: BTreeSet<String>,
}

impl Order {
    const fn placed(channel: System, placed_at: Timestamp) -> Self {
        Self {
            channel,
            placed_at,
            answered: false,
            booked: false,
            left: BTreeMap::new(),
            received: BTreeMap::new(),
            given_back: BTreeSet::new(),
            refunds: BTreeMap::new(),
            open_refunds: BTreeSet::new(),
            invoices: BTreeSet::new(),
            taxed: BTreeSet::new(),
            cards: BTreeSet::new(),
            dead: BTreeSet::new(),
            dead_now: BTreeSet::new(),
            replayed: BTreeSet::new(),
        }
    }
}

/// Folds a journal into metrics.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    open: BTreeMap<String, BTreeMap<OrderNumber, Order>>,
    times: BTreeMap<(Metric, System), Option<Histogram<u64>>>,
    counts: BTreeMap<(Metric, System), u64>,
    /// Dead letters that were tried again, and those of them that were gone afterwards.
    replays: BTreeMap<System, (u64, u64)>,
}

impl Meter {
    /// Takes the next record.
    pub(crate) fn observe(&mut self, record: &Record) {
        let Some(scenario) = record.scenario.as_deref() else { return };
        match &record.entry {
            Entry::Effect(committed) => self.effect(scenario, record.at, committed),
            Entry::Exchange(exchange) => self.exchange(scenario, record.at, exchange),
            Entry::ScenarioFinished(_) => self.close(scenario),
            _ => {}
        }
    }

    /// Everything that was measured, by metric and channel.
    pub(crate) fn report(&self) -> Vec<Measured> {
        let mut rows: Vec<Measured> = Vec::new();
        for (&(metric, channel), times) in &self.times {
            let Some(times) = times else { continue };
            let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|quantile| times.value_at_quantile(quantile));
            rows.push(Measured { metric, channel, count: times.len(), p50, p90, p99, max: times.max() });
        }
        let flat = |metric, channel, count, number| Measured {
            metric,
            channel,
            count,
            p50: number,
            p90: number,
            p99: number,
            max: number,
        };
        rows.extend(
            self.counts.iter().map(|(&(metric, channel), &count)| flat(metric, channel, count, count)),
        );
        rows.extend(self.replays.iter().map(|(&channel, &(tried, gone))| {
            let share = gone.saturating_mul(100).checked_div(tried).unwrap_or(100);
            flat(Metric::ReplaySuccess, channel, tried, share)
        }));
        rows.sort_by_key(|row| (row.metric, row.channel));
        rows
    }

    fn took(&mut self, metric: Metric, channel: System, from: Timestamp, to: Timestamp) {
        let ms = u64::try_from(to.duration_since(from).as_millis()).unwrap_or(0);
        let times = self.times.entry((metric, channel));
        // The bounds are within what a histogram takes, so there always is one.
        if let Some(times) = times.or_insert_with(|| Histogram::new_with_bounds(1, LONGEST_MS, 3).ok()) {
            times.saturating_record(ms);
        }
    }

    fn count(&mut self, metric: Metric, channel: System, by: usize) {
        *self.counts.entry((metric, channel)).or_default() += by as u64;
    }

    fn effect(&mut self, scenario: &str, at: Timestamp, committed: &Committed) {
        if let Effect::OrderPlaced { order } = &committed.effect {
            let orders = self.open.entry(scenario.to_owned()).or_default();
            let channel = order.sales_channel.system();
            orders.entry(order.order_number.clone()).or_insert_with(|| Order::placed(channel, at));
            return;
        }
        if let Effect::StockShown { publication } = &committed.effect {
            self.took(Metric::StockLag, committed.system, publication.as_of, at);
            return;
        }
        let number = committed.effect.order_number().or(committed.order.as_ref());
        let orders = self.open.get_mut(scenario);
        let Some(order) = number.and_then(|number| orders?.get_mut(number)) else { return };
        let channel = order.channel;
        if let Some((metric, from)) = order.effect(at, committed) {
            self.took(metric, channel, from, at);
        }
    }

    fn exchange(&mut self, scenario: &str, at: Timestamp, exchange: &Exchange) {
        let is_refused = exchange.status.is_some_and(|status| status >= 400);
        if exchange.to == System::Middleware && is_refused {
            self.count(Metric::ApiErrors, exchange.from, 1);
        }
        let orders = self.open.get_mut(scenario);
        let Some(orders) = orders else { return };
        if exchange.operation == middleware::LIST_DEAD_LETTERS.id {
            list_dead_letters(orders, exchange);
        }
        let Some(order) = exchange.order.as_ref().and_then(|number| orders.get_mut(number)) else { return };
        let (channel, placed_at) = (order.channel, order.placed_at);
        if exchange.operation == middleware::REPLAY_DEAD_LETTER.id && exchange.outcome == Outcome::Ok {
            order.replayed.extend(exchange.call.split('/').rev().nth(1).map(str::to_owned));
        }
        let definite = exchange.outcome != Outcome::Unknown && exchange.status.is_some();
        let answers = exchange.operation == middleware::SUBMIT_ORDER.id && definite && !order.answered;
        order.answered |= answers;
        if answers {
            self.took(Metric::OrderAnswer, channel, placed_at, at);
        }
        if exchange.from == System::Middleware && exchange.attempt > 1 {
            self.count(Metric::Retries, channel, 1);
        }
    }

    fn close(&mut self, scenario: &str) {
        for order in self.open.remove(scenario).unwrap_or_default().into_values() {
            let channel = order.channel;
            let without_counterpart = order.invoices.symmetric_difference(&order.taxed).count();
            // An order of which nothing is taxed may be exempt, or taxed by the marketplace.
            let taxes = if order.taxed.is_empty() { 0 } else { without_counterpart };
            self.count(Metric::DeadLetters, channel, order.dead.len());
            self.count(Metric::UnreconciledRefunds, channel, order.open_refunds.len());
            self.count(Metric::UnreconciledTaxes, channel, taxes);
            let gone = order.replayed.difference(&order.dead_now).count() as u64;
            if !order.replayed.is_empty() {
                let tally = self.replays.entry(channel).or_default();
                tally.0 += order.replayed.len() as u64;
                tally.1 += gone;
            }
        }
    }
}

impl Order {
    /// Keeps what an effect says; what it ends, and when that began.
    fn effect(&mut self, at: Timestamp, committed: &Committed) -> Option<(Metric, Timestamp)> {
        match &committed.effect {
            Effect::SalesOrderBooked { .. } if !self.booked => {
                self.booked = true;
                return Some((Metric::OrderAcknowledgment, self.placed_at));
            }
            Effect::ShipmentShipped { shipment } => {
                self.left.entry(shipment.shipment_id.to_string()).or_insert(at);
            }
            Effect::StatusShown { update } if committed.system == self.channel => {
                let is_out = |status: ShipmentStatus| {
                    !matches!(status, ShipmentStatus::Created | ShipmentStatus::LabelPurchased)
                };
                let shown = update.shipments.iter().filter(|shipment| is_out(shipment.status));
                let left = shown.filter_map(|shipment| self.left.remove(shipment.shipment_id.as_str())).min();
                return left.map(|left| (Metric::ShipmentNotification, left));
            }
            Effect::GoodsReturned { receipt } => {
                self.received.entry(receipt.receipt_id.to_string()).or_insert(at);
            }
            Effect::GiftCardActivated { card } => {
                self.cards.insert(card.delivery_id.to_string());
            }
            Effect::InvoicePosted { invoice } if !self.cards.contains(invoice.shipment_id.as_str()) => {
                self.invoices.insert(invoice.shipment_id.to_string());
            }
            Effect::TaxCommitted { document } if document.kind == TaxDocumentKind::SalesInvoice => {
                self.taxed.extend(document.shipment_id.as_ref().map(ToString::to_string));
            }
            _ => return self.money(&committed.effect),
        }
        None
    }

    fn money(&mut self, effect: &Effect) -> Option<(Metric, Timestamp)> {
        match effect {
            Effect::RefundAccepted { refund, cause } => {
                self.refunds.insert(refund.refund_id.to_string(), cause.clone());
                self.open_refunds.insert(cause.clone());
                None
            }
            Effect::RefundSucceeded { refund } => {
                let cause = self.refunds.get(refund.refund_id.as_str()).cloned();
                cause.and_then(|cause| self.gives_back(&cause))
            }
            Effect::AccountCredited { entry, .. } => self.gives_back(&entry.cause),
            Effect::RefundShown { notice } if self.channel == System::Marketplace => {
                self.gives_back(&notice.cause)
            }
            _ => None,
        }
    }

    /// The customer has what a cause gives back, or the first part of it.
    fn gives_back(&mut self, cause: &str) -> Option<(Metric, Timestamp)> {
        self.open_refunds.remove(cause);
        let received = self.received.get(cause).copied()?;
        self.given_back.insert(cause.to_owned()).then_some((Metric::ReturnToRefund, received))
    }
}

fn list_dead_letters(orders: &mut BTreeMap<OrderNumber, Order>, exchange: &Exchange) {
    let Ok(list) = serde_json::from_value::<DeadLetterList>(exchange.response.clone()) else { return };
    orders.values_mut().for_each(|order| order.dead_now.clear());
    for letter in list.items {
        let order = letter.order_number.as_ref().and_then(|number| orders.get_mut(number));
        if let Some(order) = order {
            order.dead.insert(letter.dead_letter_id.clone());
            order.dead_now.insert(letter.dead_letter_id);
        }
    }
}
