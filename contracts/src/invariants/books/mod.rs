//! The books: one fold over a journal that keeps, per order, SKU and account, exactly what was committed.
//!
//! Books only add up. They judge nothing, and every record costs them a constant amount of work: what a law
//! needs later is kept as a few numbers and the lines of the journal that they come from. They are kept as
//! long as their scenario lasts.

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry as Slot};

use foldhash::fast::FixedState;

use crate::{
    faults::Misfortune,
    journal::{Committed, Effect, Entry, Exchange, FaultInjected, Record},
    model::{
        AuthorizationId, ChannelOrderId, CorrelationId, ErpDocument, OrderNumber, SalesChannel, System,
        Timestamp,
    },
    protocol::middleware,
};

mod accounts;
mod adjustments;
mod advances;
mod audit;
mod authorizations;
mod catalogue;
mod changes;
mod disputes;
mod facts;
mod funds;
mod gift_cards;
mod labels;
mod losses;
mod messages;
mod money;
mod order;
mod pricing;
mod promises;
mod reasons;
mod receivable;
mod replays;
mod returns;
mod stock;
mod tally;
mod taxes;
mod terms;
mod transfers;
mod undelivered;
mod verdicts;
mod views;

pub(super) use accounts::AccountBook;
pub(super) use adjustments::{AdjustmentBook, Lowered};
pub(super) use advances::{AdvanceBook, Granted};
pub(super) use audit::AuditBook;
#[cfg(test)]
pub(super) use audit::testing;
pub(super) use authorizations::AuthorizationBook;
pub(super) use catalogue::{CatalogueBook, Entry as CatalogueEntry, Subject as CatalogueSubject};
pub(super) use changes::ChangeBook;
pub(super) use facts::Fact;
pub(super) use funds::{Conversion, FundsBook};
pub(super) use gift_cards::GiftCardBook;
pub(super) use labels::LabelBook;
pub(super) use losses::{Loss, LossBook};
pub(super) use messages::{Attempt, EventBook, OrderMessages};
pub(super) use money::{Hold, MoneyBook, Payout, Via};
pub(super) use order::{LineBook, OrderBook, Restock, ShipmentBook, Sighting};
pub(super) use pricing::{LevyName, LinePricing, OrderPricing};
pub(super) use promises::{Place, PromiseBook, Told};
pub(super) use reasons::ReasonBook;
pub(super) use receivable::Receivable;
pub(super) use replays::{News, ReplayBook};
pub(super) use returns::ReceiptBook;
pub(super) use stock::{Listing, StockBook};
pub(super) use tally::{Span, Tally};
pub(super) use taxes::{TaxBook, TaxRecord};
pub(super) use terms::{LineTerms, Terms};
pub(super) use transfers::{Entry as TransferEntry, TransferBook};
pub(super) use undelivered::as_receipt;
pub(super) use verdicts::VerdictBook;
pub(super) use views::{Shown, View};

/// A map whose hash is fast and the same in every run. Whoever forges collisions slows down the judgment of
/// what it did itself, no more.
pub(super) type Map<K, V> = HashMap<K, V, FixedState>;

/// A sales order that the ERP booked for a channel's order.
#[derive(Debug, Clone)]
pub(super) struct Booking {
    pub(super) document: Option<ErpDocument>,
    pub(super) order: OrderNumber,
    pub(super) units: u32,
    pub(super) seq: u64,
}

/// What is kept of a scenario.
#[derive(Debug, Default)]
pub(super) struct ScenarioBook {
    pub(super) orders: BTreeSet<OrderNumber>,
    /// Systems on which a fault was injected.
    pub(super) faults: BTreeSet<System>,
    /// Chains of messages that began with what a partner did by itself: with a recall, or a new product.
    pub(super) begun: BTreeSet<CorrelationId>,
}

/// When the implementation began to count its attempts anew.
#[derive(Debug, Clone)]
pub(super) struct NewCount {
    seq: u64,
    /// On the clock of the scenario that saw to it; none once that has finished: another may have its own clock.
    at: Option<Timestamp>,
    scenario: Option<String>,
}

impl NewCount {
    fn new(record: &Record) -> Self {
        Self { seq: record.seq, at: Some(record.at), scenario: record.scenario.clone() }
    }

    /// Whether it was after an attempt began that stands in a line of the journal.
    pub(super) fn is_after(&self, seq: u64, started_at: Timestamp) -> bool {
        self.seq > seq || self.at.is_some_and(|at| at >= started_at)
    }
}

/// The books of a run.
#[derive(Debug, Default)]
pub(super) struct Books {
    orders: Map<OrderNumber, OrderBook>,
    scenarios: BTreeMap<String, ScenarioBook>,
    authorizations: Map<AuthorizationId, OrderNumber>,
    references: Map<(SalesChannel, ChannelOrderId), Vec<Booking>>,
    pub(super) stock: StockBook,
    pub(super) accounts: AccountBook,
    pub(super) catalogue: CatalogueBook,
    pub(super) transfers: TransferBook,
    /// When the implementation was last killed, or a person had calls made again: from then on it counts
    /// its attempts anew.
    began_anew: Option<NewCount>,
    /// Records that belong to no scenario and to no known order.
    pub(super) quarantined: u64,
}

impl Books {
    /// The book of an order.
    pub(super) fn order(&self, number: &OrderNumber) -> Option<&OrderBook> {
        self.orders.get(number)
    }

    /// An order is about to be replayed: whether it was at rest by all that the laws can tell.
    pub(super) fn note_before_replay(&mut self, number: &OrderNumber, complete: bool) {
        if let Some(order) = self.orders.get_mut(number) {
            order.replays.complete = complete;
        }
    }

    /// The book of a scenario.
    pub(super) fn scenario(&self, name: &str) -> Option<&ScenarioBook> {
        self.scenarios.get(name)
    }

    /// Sales orders that the ERP booked for one order of a channel, in order.
    pub(super) fn bookings(&self, channel: SalesChannel, id: &ChannelOrderId) -> &[Booking] {
        self.references.get(&(channel, id.clone())).map_or(&[], Vec::as_slice)
    }

    /// Drops all that belongs to a scenario.
    pub(super) fn forget(&mut self, scenario: &str) {
        let Self {
            orders,
            scenarios,
            authorizations,
            references,
            stock,
            accounts,
            catalogue,
            transfers,
            quarantined: _,
            began_anew,
        } = self;
        if let Some(anew) = began_anew.as_mut().filter(|anew| anew.scenario.as_deref() == Some(scenario)) {
            anew.at = None;
        }
        scenarios.remove(scenario);
        orders.retain(|_, book| book.scenario.as_deref() != Some(scenario));
        authorizations.retain(|_, number| orders.contains_key(number));
        references.retain(|_, bookings| {
            bookings.retain(|booking| orders.contains_key(&booking.order));
            !bookings.is_empty()
        });
        stock.forget(scenario);
        accounts.forget(scenario);
        catalogue.forget(scenario);
        transfers.forget(scenario);
    }

    /// How many entries all maps hold together.
    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        let Self {
            orders,
            scenarios,
            authorizations,
            references,
            stock,
            accounts,
            catalogue,
            transfers,
            quarantined: _,
            began_anew: _,
        } = self;
        orders.len()
            + scenarios.len()
            + authorizations.len()
            + references.len()
            + stock.entries()
            + accounts.entries()
            + catalogue.entries()
            + transfers.entries()
    }

    /// The orders of a scenario, or without one all orders, by number.
    pub(super) fn orders_of(&self, scenario: Option<&str>) -> Vec<OrderNumber> {
        if let Some(name) = scenario {
            return self.scenario(name).map_or_else(Vec::new, |book| book.orders.iter().cloned().collect());
        }
        let mut all: Vec<OrderNumber> = self.orders.keys().cloned().collect();
        all.sort_unstable();
        all
    }

    /// Takes a record. Returns the order that it concerns, where its book is known.
    pub(super) fn apply(&mut self, record: &Record) -> Option<OrderNumber> {
        match &record.entry {
            Entry::Effect(committed) => {
                self.keep_chain(record, committed);
                self.apply_effect(record, committed)
            }
            Entry::Exchange(exchange) => self.apply_exchange(record, exchange),
            Entry::EffectLost(committed) => self.apply_loss(record, committed),
            Entry::FaultInjected(fault) => {
                self.apply_fault(record, fault);
                None
            }
            _ => None,
        }
    }

    fn keep_chain(&mut self, record: &Record, committed: &Committed) {
        if let (true, Some(chain), Some(name)) =
            (committed.spontaneous, &committed.correlation, &record.scenario)
        {
            self.scenarios.entry(name.clone()).or_default().begun.insert(chain.clone());
        }
    }

    fn apply_fault(&mut self, record: &Record, fault: &FaultInjected) {
        if let Some(name) = &record.scenario {
            self.scenarios.entry(name.clone()).or_default().faults.insert(fault.system);
        }
        let killed = matches!(fault.misfortune, Some(Misfortune::Crash { .. }));
        if killed || fault.system == System::Middleware {
            self.began_anew = Some(NewCount::new(record));
        }
        if let Some(book) = fault.order.as_ref().and_then(|order| self.orders.get_mut(order)) {
            book.messages.apply_fault(fault);
        }
    }

    /// Whether an effect is there again that its system had lost.
    pub(super) fn has_lost(&self, committed: &Committed) -> bool {
        let book = || self.order(self.order_of(committed)?);
        committed.again && book().is_some_and(|book| book.losses.has(committed))
    }

    fn apply_loss(&mut self, record: &Record, committed: &Committed) -> Option<OrderNumber> {
        let number = self.order_of(committed)?.clone();
        let book = self.orders.get_mut(&number)?;
        book.losses.lose(record.seq, committed);
        Some(number)
    }

    fn apply_effect(&mut self, record: &Record, committed: &Committed) -> Option<OrderNumber> {
        if self.has_lost(committed) {
            let number = self.order_of(committed)?.clone();
            self.orders.get_mut(&number)?.take_back(record, committed);
            return Some(number);
        }
        let effect = &committed.effect;
        let named = self.order_of(committed).cloned();
        let begins = matches!(effect, Effect::OrderPlaced { .. });
        let Self { orders, scenarios, stock, accounts, catalogue, transfers, quarantined, .. } = self;
        let mut book =
            named.and_then(|number| book_mut(orders, scenarios, quarantined, record, number, begins));
        if let Some(book) = &mut book {
            book.apply(record, committed);
            book.know_recalled(effect, stock);
        }
        let book = book.as_deref();
        let scenario = record.scenario.as_deref().or_else(|| book?.scenario.as_deref());
        stock.apply(record.seq, effect, book, scenario);
        stock.apply_listing(record, committed, scenario);
        accounts.apply(record.seq, effect, scenario);
        catalogue.apply(record.seq, committed, scenario);
        transfers.apply(record.seq, committed, scenario);
        let number = book.map(|book| book.number.clone());
        if number.is_some() {
            self.index(record.seq, effect);
        }
        if let Effect::ExchangeSettled { settlement } = effect
            && let Some(replacement) = self.orders.get_mut(&settlement.replacement_order_number)
        {
            replacement.last_effect_at = Some(record.at);
            replacement.money.replace(record.seq, settlement);
        }
        number
    }

    fn apply_exchange(&mut self, record: &Record, exchange: &Exchange) -> Option<OrderNumber> {
        self.keep_dead_letters(exchange);
        let again = [middleware::REPLAY_ORDER.id, middleware::REPLAY_DEAD_LETTER.id];
        if exchange.to == System::Middleware && again.contains(&exchange.operation.as_str()) {
            self.began_anew = Some(NewCount::new(record));
        }
        let number = exchange.order.clone()?;
        let Self { orders, scenarios, quarantined, began_anew, .. } = self;
        let book = book_mut(orders, scenarios, quarantined, record, number, false)?;
        book.apply_exchange(record, exchange, began_anew.as_ref());
        Some(book.number.clone())
    }

    fn order_of<'a>(&'a self, committed: &'a Committed) -> Option<&'a OrderNumber> {
        let named = committed.effect.order_number().or(committed.order.as_ref());
        named.or_else(|| match &committed.effect {
            Effect::AuthorizationVoided { authorization_id, .. } => self.authorizations.get(authorization_id),
            _ => None,
        })
    }

    fn index(&mut self, seq: u64, effect: &Effect) {
        match effect {
            Effect::PaymentAuthorized { authorization } => {
                self.authorizations
                    .insert(authorization.authorization_id.clone(), authorization.order_number.clone());
            }
            Effect::SalesOrderBooked { sales_order } => {
                let key = (sales_order.sales_channel, sales_order.channel_order_id.clone());
                self.references.entry(key).or_default().push(Booking {
                    document: sales_order.erp_document.clone(),
                    order: sales_order.order_number.clone(),
                    units: sales_order.lines.iter().map(|line| line.quantity).sum(),
                    seq,
                });
            }
            _ => {}
        }
    }

    fn keep_dead_letters(&mut self, exchange: &Exchange) {
        for letter in messages::dead_letters(exchange) {
            if let Some(book) = letter.order_number.as_ref().and_then(|order| self.orders.get_mut(order)) {
                book.messages.dead_letters.insert((letter.partner, letter.operation));
            }
        }
    }
}

/// The book of an order. Traffic of no scenario begins none, unless it is the order itself; it is counted.
fn book_mut<'b>(
    orders: &'b mut Map<OrderNumber, OrderBook>,
    scenarios: &mut BTreeMap<String, ScenarioBook>,
    quarantined: &mut u64,
    record: &Record,
    number: OrderNumber,
    begins: bool,
) -> Option<&'b mut OrderBook> {
    let book = match orders.entry(number) {
        Slot::Occupied(known) => known.into_mut(),
        Slot::Vacant(vacant) if begins || record.scenario.is_some() => {
            let number = vacant.key().clone();
            vacant.insert(OrderBook::new(number))
        }
        Slot::Vacant(_) => {
            *quarantined += 1;
            return None;
        }
    };
    if book.scenario.is_none()
        && let Some(name) = &record.scenario
    {
        book.scenario = Some(name.clone());
        scenarios.entry(name.clone()).or_default().orders.insert(book.number.clone());
    }
    Some(book)
}
