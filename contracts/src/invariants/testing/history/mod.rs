//! Writes a history record by record: what each system commits for each thing that happens, as the protocol asks.

use serde_json::{Value, json};

use super::Life;
use crate::{
    faults::Misfortune,
    journal::{Checked, Committed, Effect, Entry, Exchange, FaultInjected, Outcome, Record, Settled},
    model::*,
    policy::Policy,
    protocol::{
        CancellationStatus, CloudEvent, DeadLetter, DeadLetterList, EventType, OrderAcknowledgment, Problem,
        ProblemKind,
    },
};

mod accepting;
mod adjusting;
mod advancing;
mod cards;
mod changing;
mod promising;
mod returning;
mod shipping;
mod showing;

const NODE: &str = "dc-north";
const STORE: &str = "store-12";
const CHAIN: &str = "c-order";

/// A growing journal of one order.
#[derive(Clone)]
pub(in crate::invariants) struct History {
    records: Vec<Record>,
    order: Order,
    state: LineState,
    status: OrderStatus,
    shipments: Vec<Shipment>,
    sequence: u64,
    chain: String,
    store_credit: bool,
    /// Captures with what is left to refund of them.
    captures: Vec<(CaptureId, i64)>,
    /// Stored value that was debited, used for shipments, and given back.
    stored_value: [i64; 3],
    collected: i64,
    bookings: u32,
    /// Serial numbers in the next parcel.
    serials: Vec<SerializedUnit>,
    /// Dates that the channel shows after the first.
    promises: Vec<RevisedPromise>,
    /// Time that passed while nothing was recorded.
    passed: jiff::SignedDuration,
}

const fn money(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

/// A document as JSON.
fn json_of<T: serde::Serialize>(document: &T) -> Value {
    serde_json::to_value(document).unwrap_or(Value::Null)
}

impl History {
    /// The default life until it was accepted.
    pub(in crate::invariants) fn accepted() -> Self {
        Life::default().accepted()
    }

    /// The default life until it was shipped.
    pub(in crate::invariants) fn shipped() -> Self {
        Life::default().shipped()
    }

    /// The records.
    pub(in crate::invariants) fn records(&self) -> Vec<Record> {
        self.records.clone()
    }

    /// Changes effects in place.
    pub(in crate::invariants) fn edit(&mut self, mut change: impl FnMut(&mut Effect)) {
        for record in &mut self.records {
            if let Entry::Effect(committed) = &mut record.entry {
                change(&mut committed.effect);
            }
        }
    }

    /// Takes effects out. Returns how many.
    pub(in crate::invariants) fn remove(&mut self, which: impl Fn(&Effect) -> bool) -> usize {
        let before = self.records.len();
        self.records
            .retain(|record| !matches!(&record.entry, Entry::Effect(committed) if which(&committed.effect)));
        before - self.records.len()
    }

    /// Takes the last such effect out.
    pub(in crate::invariants) fn remove_last(&mut self, which: impl Fn(&Effect) -> bool) {
        let is =
            |record: &Record| matches!(&record.entry, Entry::Effect(committed) if which(&committed.effect));
        if let Some(last) = self.records.iter().rposition(is) {
            self.records.remove(last);
        }
    }

    /// Commits effects a second time. Returns how many.
    pub(in crate::invariants) fn repeat(&mut self, which: impl Fn(&Effect) -> bool) -> usize {
        let entries: Vec<Entry> = self.records.iter().map(|record| record.entry.clone()).collect();
        let again: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| matches!(entry, Entry::Effect(committed) if which(&committed.effect)))
            .collect();
        let count = again.len();
        again.into_iter().for_each(|entry| self.push(entry));
        count
    }

    /// A system is restored: it loses such effects of calls, which are given back.
    pub(in crate::invariants) fn lose(
        &mut self,
        system: System,
        mut which: impl FnMut(&Effect) -> bool,
    ) -> Vec<Committed> {
        let of = |record: &Record| match &record.entry {
            Entry::Effect(committed)
                if committed.system == system && !committed.spontaneous && which(&committed.effect) =>
            {
                Some(Committed::clone(committed))
            }
            _ => None,
        };
        let lost: Vec<Committed> = self.records.iter().filter_map(of).collect();
        self.push(Entry::FaultInjected(crate::journal::FaultInjected::new("restored", system)));
        lost.iter().for_each(|committed| self.push(Entry::EffectLost(Box::new(committed.clone()))));
        lost
    }

    /// A system commits what it had lost.
    pub(in crate::invariants) fn bring_back(&mut self, lost: &Committed) {
        self.push(Entry::Effect(Box::new(Committed { again: true, ..lost.clone() })));
    }

    /// Commits the timeline entry with a sequence again, late.
    pub(in crate::invariants) fn repeat_timeline(&mut self, sequence: u64) {
        let count = self.repeat(
            |effect| matches!(effect, Effect::TimelineWritten { entry } if entry.sequence == sequence),
        );
        assert_eq!(count, 1, "there is such an entry");
    }

    /// Changes what the next snapshots say.
    pub(in crate::invariants) fn edit_states(&mut self, change: impl FnOnce(&mut LineState)) {
        change(&mut self.state);
    }

    /// When the next record is written.
    pub(in crate::invariants) fn now(&self) -> Timestamp {
        i64::try_from(self.records.len())
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds + 1).ok())
            .and_then(|instant| instant.checked_add(self.passed).ok())
            .unwrap_or_default()
    }

    fn push(&mut self, entry: Entry) {
        let seq = self.records.len() as u64 + 1;
        let last = self.records.last().map_or(0, |record| record.seq);
        let at = self.now();
        self.records.push(Record { seq: seq.max(last + 1), at, scenario: Some("S-1".to_owned()), entry });
    }

    fn commit(&mut self, system: System, spontaneous: bool, effect: Effect) {
        let order = effect.order_number().cloned().or_else(|| Some(self.order.order_number.clone()));
        self.push(Entry::Effect(Box::new(Committed {
            system,
            order,
            key: (!spontaneous).then(|| format!("k-{}", self.records.len())),
            correlation: Some(CorrelationId::new(&self.chain)),
            spontaneous,
            again: false,
            effect,
        })));
    }

    /// The next parcels carry these serial numbers.
    pub(in crate::invariants) fn scan_serials(&mut self, serials: &[&str]) {
        let unit = |serial: &&str| SerializedUnit { line_id: "L-1".into(), serial: (*serial).to_owned() };
        self.serials = serials.iter().map(unit).collect();
    }

    /// The order, as it was placed.
    pub(in crate::invariants) fn order(&self) -> Order {
        self.order.clone()
    }

    /// A system commits something by itself.
    pub(in crate::invariants) fn happen(&mut self, system: System, effect: Effect) {
        self.commit(system, true, effect);
    }

    /// A system commits what it was called for.
    fn effect(&mut self, system: System, effect: Effect) {
        self.commit(system, false, effect);
    }

    fn exchange(
        &mut self,
        from: System,
        to: System,
        operation: &str,
        (key, status, outcome): (&str, Option<u16>, Outcome),
        (request, response): (Value, Value),
    ) {
        self.push(Entry::Exchange(Box::new(Exchange {
            from,
            to,
            operation: operation.to_owned(),
            call: format!("CALL {operation}"),
            order: Some(self.order.order_number.clone()),
            sku: None,
            key: (!key.is_empty()).then(|| key.to_owned()),
            attempt: 1,
            correlation: Some(CorrelationId::new(&self.chain)),
            causation: None,
            started_at: self.now(),
            request,
            status,
            response,
            outcome,
            replayed: false,
            note: None,
            retry_after_s: None,
            checked: Checked::default(),
        })));
    }

    /// The ERP tells how many units of the shirt nobody claimed.
    pub(in crate::invariants) fn unclaimed(&mut self, unclaimed: i64) {
        self.effect(System::Erp, Effect::UnclaimedChanged { sku: "shirt".into(), unclaimed });
    }

    /// A channel shows how many units of the shirt it offers.
    pub(in crate::invariants) fn offer(&mut self, channel: System, sequence: u64, available: i64) {
        let as_of = self.now();
        let publication = StockPublication { sku: "shirt".into(), sequence, available, as_of };
        self.effect(channel, Effect::StockShown { publication });
    }

    /// A system commits something that no order is the cause of.
    pub(in crate::invariants) fn tell(&mut self, system: System, effect: Effect) {
        self.effect(system, effect);
    }

    /// So many seconds pass, of which records say that nothing happened.
    pub(in crate::invariants) fn wait(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.note(Entry::FaultInjected(crate::journal::FaultInjected::new("nothing", System::Carrier)));
        }
    }

    /// Something that is no effect.
    pub(in crate::invariants) fn note(&mut self, entry: Entry) {
        self.push(entry);
    }

    /// A count finds so many units more, or fewer.
    pub(in crate::invariants) fn count(&mut self, quantity: i64) {
        self.move_shirts(quantity, MovementReason::Adjustment, None);
    }

    /// Goods leave that the order did not claim.
    pub(in crate::invariants) fn issue_unclaimed(&mut self, units: i64) {
        self.move_shirts(-units, MovementReason::GoodsIssue, Some("L-1".into()));
    }

    fn move_shirts(&mut self, quantity: i64, reason: MovementReason, line_id: Option<LineId>) {
        let movement = InventoryMovement {
            movement_id: format!("mv-{}", self.records.len()).into(),
            order_number: line_id.is_some().then(|| self.number()),
            line_id,
            node_id: NODE.into(),
            sku: "shirt".into(),
            condition: StockCondition::Sellable,
            quantity,
            reason,
            cause: "X-9".to_owned(),
        };
        self.effect(System::Erp, Effect::StockMoved { movement });
    }

    /// The scenario is at rest.
    pub(in crate::invariants) fn settle(&mut self) {
        self.push(Entry::Settled(Settled { at_rest: true, waited_ms: 1, ..Settled::default() }));
    }

    fn number(&self) -> OrderNumber {
        self.order.order_number.clone()
    }

    fn channel(&self) -> System {
        self.order.sales_channel.system()
    }

    fn units(quantity: u32) -> Vec<LineQuantity> {
        vec![LineQuantity { line_id: "L-1".into(), quantity }]
    }

    fn items(quantity: u32) -> Vec<ItemQuantity> {
        vec![ItemQuantity { line_id: "L-1".into(), sku: "shirt".into(), quantity }]
    }

    fn claimed(quantity: u32) -> Vec<ReservedLine> {
        vec![ReservedLine { line_id: "L-1".into(), sku: "shirt".into(), node_id: NODE.into(), quantity }]
    }

    /// The value of a range of units.
    fn value(&self, units: std::ops::Range<u32>) -> crate::allocation::Value {
        self.order.lines.first().map_or_else(Default::default, |line| line.value(units))
    }
}
