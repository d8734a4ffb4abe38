//! Writes a history record by record: what each system commits for each thing that happens, as the protocol asks.

use serde_json::{Value, json};

use super::Life;
use crate::{
    journal::{Committed, Effect, Entry, Exchange, Outcome, Record, Settled},
    model::*,
    policy::Policy,
    protocol::{
        CancellationStatus, CloudEvent, DeadLetter, DeadLetterList, EventType, OrderAcknowledgment, Problem,
        ProblemKind,
    },
};

const NODE: &str = "dc-north";
const STORE: &str = "store-12";
const CHAIN: &str = "c-order";

/// A growing journal of one order.
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

    // ---- planting defects

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

    // ---- records

    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.records.len() as i64 + 1).unwrap_or_default()
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
            effect,
        })));
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
        })));
    }

    /// The scenario is at rest.
    pub(in crate::invariants) fn settle(&mut self) {
        self.push(Entry::Settled(Settled { at_rest: true, waited_ms: 1, open: Vec::new() }));
    }

    fn number(&self) -> OrderNumber {
        self.order.order_number.clone()
    }

    fn channel(&self) -> System {
        self.order.sales_channel.system()
    }

    fn units(&self, quantity: u32) -> Vec<LineQuantity> {
        vec![LineQuantity { line_id: "L-1".into(), quantity }]
    }

    fn items(&self, quantity: u32) -> Vec<ItemQuantity> {
        vec![ItemQuantity { line_id: "L-1".into(), sku: "shirt".into(), quantity }]
    }

    fn claimed(&self, quantity: u32) -> Vec<ReservedLine> {
        vec![ReservedLine { line_id: "L-1".into(), sku: "shirt".into(), node_id: NODE.into(), quantity }]
    }

    /// The value of a range of units.
    fn value(&self, units: std::ops::Range<u32>) -> crate::allocation::Value {
        self.order.lines.first().map_or_else(Default::default, |line| line.value(units))
    }

    // ---- placing and accepting

    pub(super) fn placed(order: Order, store_credit: bool) -> Self {
        let quantity = order.lines.first().map_or(0, |line| line.quantity);
        let state =
            LineState { line_id: "L-1".into(), ordered: quantity, canceled: 0, shipped: 0, returned: 0 };
        let mut history = Self {
            records: Vec::new(),
            order,
            state,
            status: OrderStatus::Placed,
            shipments: Vec::new(),
            sequence: 0,
            chain: CHAIN.to_owned(),
            store_credit,
            captures: Vec::new(),
            stored_value: [0; 3],
            collected: 0,
            bookings: 0,
        };
        history.open_world();
        history.submit();
        history
    }

    fn open_world(&mut self) {
        let stock = Effect::StockOpened { node_id: NODE.into(), sku: "shirt".into(), quantity: 100 };
        self.commit(System::Erp, true, stock);
        for tender in self.order.tenders.clone() {
            if let Some(account_id) = tender.account_id {
                let account = StoredValueAccount {
                    account_id,
                    kind: AccountKind::GiftCard,
                    customer_ref: None,
                    balance: tender.amount,
                };
                self.commit(System::StoredValue, true, Effect::AccountOpened { account });
            }
        }
    }

    fn submit(&mut self) {
        let order = self.order.clone();
        self.commit(self.channel(), true, Effect::OrderPlaced { order: order.clone() });
        let answer = OrderAcknowledgment {
            order_number: self.number(),
            order_id: "o-1".to_owned(),
            status: OrderStatus::Placed,
        };
        let bodies = (json_of(&order), json_of(&answer));
        self.exchange(
            self.channel(),
            System::Middleware,
            "submitOrder",
            ("submit-1", Some(201), Outcome::Ok),
            bodies,
        );
    }

    pub(super) fn accept(&mut self) {
        for tender in self.order.tenders.clone() {
            match tender.kind {
                TenderKind::Card => self.authorize("A-1", tender.tender_id.as_str(), tender.amount.amount),
                TenderKind::GiftCard | TenderKind::StoreCredit => self.debit(&tender),
                TenderKind::MarketplaceCollected => {}
            }
        }
        let quantity = self.state.ordered;
        let reservation = Reservation {
            reservation_id: "rsv-1".into(),
            order_number: self.number(),
            lines: self.claimed(quantity),
        };
        self.effect(System::Erp, Effect::StockReserved { reservation });
        self.book_again(quantity);
        self.show(OrderStatus::Accepted);
        self.release_to("FO-1", quantity);
        self.show(OrderStatus::InFulfillment);
    }

    pub(in crate::invariants) fn authorize(&mut self, id: &str, tender: &str, amount: i64) {
        let authorization = Authorization {
            authorization_id: id.into(),
            order_number: self.number(),
            tender_id: tender.into(),
            amount: money(amount),
            status: AuthorizationStatus::Authorized,
            expires_at: Timestamp::MAX,
        };
        self.effect(System::Psp, Effect::PaymentAuthorized { authorization });
    }

    fn entry(&self, kind: EntryKind, account: &str, cause: &str, amount: i64) -> StoreCredit {
        StoreCredit {
            entry_id: format!("e-{}", self.records.len()),
            account_id: account.into(),
            kind,
            order_number: self.number(),
            cause: cause.to_owned(),
            amount: money(amount),
            balance: money(0),
        }
    }

    fn debit(&mut self, tender: &Tender) {
        let entry = self.entry(EntryKind::Debit, "G-1", tender.tender_id.as_str(), tender.amount.amount);
        self.stored_value[0] += tender.amount.amount;
        self.effect(System::StoredValue, Effect::AccountDebited { entry });
    }

    /// The ERP books the order, once more.
    pub(in crate::invariants) fn book_again(&mut self, quantity: u32) {
        self.bookings += 1;
        let sales_order = SalesOrder {
            erp_document: Some(ErpDocument::new(format!("so-W-17-{}", self.bookings))),
            order_number: self.number(),
            sales_channel: self.order.sales_channel,
            channel_order_id: self.order.channel_order_id.clone(),
            customer_ref: self.order.customer_ref.clone(),
            currency: Currency::EUR,
            lines: self.items(quantity),
            total: self.order.total,
            total_tax: money(0),
        };
        self.effect(System::Erp, Effect::SalesOrderBooked { sales_order });
    }

    pub(in crate::invariants) fn release_to(&mut self, id: &str, quantity: u32) {
        let fulfillment_order = FulfillmentOrder {
            fulfillment_order_id: id.into(),
            order_number: self.number(),
            node_id: NODE.into(),
            ship_to: self.order.ship_to.clone(),
            lines: self.items(quantity),
            status: FulfillmentStatus::Accepted,
            gift: false,
        };
        self.effect(System::Wms, Effect::FulfillmentOrderReceived { fulfillment_order });
    }

    // ---- shipping

    pub(in crate::invariants) fn ship_parcel(&mut self, id: &str, quantity: u32) {
        let shipment = Shipment {
            shipment_id: id.into(),
            fulfillment_order_id: "FO-1".into(),
            order_number: self.number(),
            node_id: NODE.into(),
            lines: self.items(quantity),
            status: ShipmentStatus::Shipped,
            tracking_number: Some(TrackingNumber::new(format!("P-{id}"))),
            shipped_at: Some(self.now()),
        };
        let label = Label {
            tracking_number: TrackingNumber::new(format!("P-{id}")),
            order_number: self.number(),
            parcel_ref: id.to_owned(),
            carrier: "carrier".to_owned(),
        };
        self.effect(System::Carrier, Effect::LabelIssued { label, is_return: false });
        self.commit(System::Wms, true, Effect::ShipmentShipped { shipment: shipment.clone() });
        self.tell_shipped(&shipment);
        let first = self.shipments.is_empty();
        self.shipments.push(shipment);
        let shipped = self.state.shipped;
        self.state.shipped += quantity;
        let shipping = if first { self.order.shipping_value() } else { crate::allocation::Value::default() };
        let value = self.value(shipped..self.state.shipped) + shipping;
        self.take_money(id, value.gross);
        self.book_shipment(id, quantity, value, shipping.tax);
        let left = self.state.ordered.saturating_sub(self.state.canceled + self.state.shipped);
        self.show(if left == 0 { OrderStatus::Shipped } else { OrderStatus::PartiallyShipped });
        self.collect();
    }

    fn tell_shipped(&mut self, shipment: &Shipment) {
        let id = format!("EV-{}", shipment.shipment_id);
        let kind = EventType::ShipmentShipped.name();
        self.raise(&id, kind);
        let event = CloudEvent {
            specversion: "1.0".to_owned(),
            id: EventId::new(&id),
            source: "/wms".to_owned(),
            event_type: kind.to_owned(),
            subject: shipment.shipment_id.to_string(),
            time: self.now(),
            datacontenttype: "application/json".to_owned(),
            sequence: 1,
            partitionkey: self.number(),
            correlationid: CorrelationId::new(&self.chain),
            causationid: None,
            data: json_of(shipment),
        };
        let answer = (id.as_str(), Some(202), Outcome::Ok);
        self.exchange(
            System::Wms,
            System::Middleware,
            "receiveEvent",
            answer,
            (json_of(&event), Value::Null),
        );
    }

    fn take_money(&mut self, shipment: &str, due: i64) {
        if self.channel() == System::Marketplace {
            self.collected += due;
            return;
        }
        let from_stored_value = due.min(self.stored_value[0] - self.stored_value[1]);
        self.stored_value[1] += from_stored_value;
        if due > from_stored_value {
            let id = format!("C-{}", self.captures.len() + 1);
            self.capture(&id, shipment, due - from_stored_value);
        }
    }

    /// A marketplace charges the customer once it sees that something left.
    fn collect(&mut self) {
        if self.collected > 0 {
            let amount = money(self.collected);
            self.effect(System::Marketplace, Effect::MarketplaceCollected { amount });
        }
    }

    pub(in crate::invariants) fn capture(&mut self, id: &str, shipment: &str, amount: i64) {
        let capture = Capture {
            capture_id: id.into(),
            authorization_id: "A-1".into(),
            order_number: self.number(),
            shipment_id: shipment.into(),
            amount: money(amount),
        };
        self.captures.push((id.into(), amount));
        self.effect(System::Psp, Effect::PaymentCaptured { capture });
    }

    pub(in crate::invariants) fn void(&mut self, authorization: &str, amount: i64) {
        let effect =
            Effect::AuthorizationVoided { authorization_id: authorization.into(), amount: money(amount) };
        self.effect(System::Psp, effect);
    }

    fn book_shipment(&mut self, id: &str, quantity: u32, value: crate::allocation::Value, shipping_tax: i64) {
        self.move_stock(id, NODE, -i64::from(quantity), StockCondition::Sellable);
        let release = ReservationRelease {
            order_number: self.number(),
            lines: self.claimed(quantity),
            cause: id.to_owned(),
        };
        self.effect(System::Erp, Effect::ReservationConsumed { release });
        let mut lines = vec![self.tax_line(Some(quantity), value.tax - shipping_tax)];
        if shipping_tax > 0 {
            lines.push(self.tax_line(None, shipping_tax));
        }
        let shipment = Some(ShipmentId::new(id));
        self.commit_tax(&format!("TX-{id}"), TaxDocumentKind::SalesInvoice, shipment, lines);
        let invoice = Invoice {
            erp_document: Some(ErpDocument::new(format!("inv-{id}"))),
            order_number: self.number(),
            shipment_id: id.into(),
            lines: self.units(quantity),
            amount: money(value.gross),
            tax: money(value.tax),
        };
        self.effect(System::Erp, Effect::InvoicePosted { invoice });
    }

    fn move_stock(&mut self, cause: &str, node: &str, quantity: i64, condition: StockCondition) {
        let reason = if quantity < 0 { MovementReason::GoodsIssue } else { MovementReason::CustomerReturn };
        let movement = InventoryMovement {
            movement_id: MovementId::new(format!("mv-{cause}")),
            order_number: Some(self.number()),
            line_id: Some("L-1".into()),
            node_id: node.into(),
            sku: "shirt".into(),
            condition,
            quantity,
            reason,
            cause: cause.to_owned(),
        };
        self.effect(System::Erp, Effect::StockMoved { movement });
    }

    fn tax_line(&self, quantity: Option<u32>, tax: i64) -> TaxDocumentLine {
        TaxDocumentLine {
            line_id: quantity.map(|_| "L-1".into()),
            quantity: quantity.unwrap_or(0),
            jurisdiction: "DE".to_owned(),
            rate_ppm: 190_000,
            taxable_base: money(0),
            tax: money(tax),
        }
    }

    fn commit_tax(
        &mut self,
        code: &str,
        kind: TaxDocumentKind,
        shipment_id: Option<ShipmentId>,
        lines: Vec<TaxDocumentLine>,
    ) {
        let document = TaxDocument {
            document_code: code.into(),
            kind,
            order_number: self.number(),
            shipment_id,
            original_document_code: None,
            tax_date: self.order.placed_at,
            status: TaxDocumentStatus::Committed,
            total_tax: money(lines.iter().map(|line| line.tax.amount).sum()),
            lines,
        };
        self.effect(System::Tax, Effect::TaxCommitted { document });
    }

    /// Withdraws every tax document.
    pub(in crate::invariants) fn void_taxes(&mut self) {
        let effects: Vec<Effect> = self
            .records
            .iter()
            .filter_map(|record| match &record.entry {
                Entry::Effect(committed) => match &committed.effect {
                    Effect::TaxCommitted { document } => {
                        Some(Effect::TaxVoided { document: document.clone() })
                    }
                    _ => None,
                },
                _ => None,
            })
            .collect();
        effects.into_iter().for_each(|effect| self.effect(System::Tax, effect));
    }

    /// The carrier scans a parcel.
    pub(in crate::invariants) fn scan(&mut self, shipment: &str, code: ScanCode) {
        let scan = CarrierScan {
            scan_id: ScanId::new(format!("sc-{}", self.records.len())),
            tracking_number: TrackingNumber::new(format!("P-{shipment}")),
            order_number: self.number(),
            code,
            occurred_at: self.now(),
            recorded_at: self.now(),
            location: None,
        };
        self.commit(System::Carrier, true, Effect::ParcelScanned { scan });
    }

    // ---- showing

    /// Channel and customer service show a status with the present numbers.
    pub(in crate::invariants) fn show(&mut self, status: OrderStatus) {
        self.sequence += 1;
        self.status = status;
        let update = OrderStatusUpdate {
            order_number: self.number(),
            sequence: self.sequence,
            status,
            lines: vec![self.state.clone()],
            shipments: self.shipments.clone(),
            occurred_at: self.now(),
            reason: None,
        };
        self.effect(self.channel(), Effect::StatusShown { update });
        let entry = TimelineEntry {
            entry_id: format!("entry-{}", self.sequence),
            order_number: self.number(),
            sequence: self.sequence,
            occurred_at: self.now(),
            text: format!("the order is {status:?}"),
            status,
            lines: vec![self.state.clone()],
        };
        self.effect(System::CustomerService, Effect::TimelineWritten { entry });
    }

    /// Shows a parcel with another status.
    pub(in crate::invariants) fn show_parcel(&mut self, id: &str, status: ShipmentStatus) {
        for shipment in self.shipments.iter_mut().filter(|shipment| shipment.shipment_id.as_str() == id) {
            shipment.status = status;
        }
        self.show(self.status);
    }

    /// Somebody asks the middleware, which answers the present numbers.
    pub(in crate::invariants) fn answer_read(&mut self) {
        self.answer_read_with(|_| ());
    }

    pub(in crate::invariants) fn answer_read_with(&mut self, change: impl FnOnce(&mut LineState)) {
        let mut state = self.state.clone();
        change(&mut state);
        let view = OrderView {
            order_number: self.number(),
            sales_channel: self.order.sales_channel,
            channel_order_id: self.order.channel_order_id.clone(),
            status: self.status,
            total: self.order.total,
            gift: false,
            lines: vec![state],
            items: self.items(self.state.ordered),
            shipments: self.shipments.clone(),
            returns: Vec::new(),
            refunds: Vec::new(),
        };
        let answer = ("", Some(200), Outcome::Ok);
        self.exchange(System::Pos, System::Middleware, "readOrder", answer, (Value::Null, json_of(&view)));
    }

    // ---- canceling

    /// The middleware tells the channel that units are canceled.
    pub(in crate::invariants) fn answer_cancellation(&mut self, id: &str, quantity: u32) {
        let request = crate::protocol::CancellationRequest {
            order_number: self.number(),
            cancellation_id: id.to_owned(),
            lines: self.units(quantity),
            reason: "changed mind".to_owned(),
        };
        let answer = crate::protocol::Cancellation {
            order_number: self.number(),
            cancellation_id: id.to_owned(),
            status: CancellationStatus::Canceled,
            canceled: self.units(quantity),
        };
        let bodies = (json_of(&request), json_of(&answer));
        self.exchange(
            self.channel(),
            System::Middleware,
            "cancelOrder",
            (id, Some(201), Outcome::Ok),
            bodies,
        );
    }

    /// Units are canceled everywhere; with the last of them, the money is freed.
    pub(in crate::invariants) fn cancel_units(&mut self, id: &str, quantity: u32) {
        let order_number = self.number();
        let lines = self.units(quantity);
        let wish = CancellationLines {
            order_number: order_number.clone(),
            cancellation_id: id.to_owned(),
            lines: lines.clone(),
        };
        self.commit(self.channel(), true, Effect::CancellationRequested(wish));
        let result = FulfillmentCancellationResult {
            order_number: order_number.clone(),
            cancellation_id: id.to_owned(),
            canceled: self.items(quantity),
            refused: Vec::new(),
        };
        self.effect(System::Wms, Effect::FulfillmentCanceled { result });
        self.release_claim(quantity);
        let cancellation = SalesOrderCancellation {
            order_number,
            cancellation_id: id.to_owned(),
            lines,
            reason: "customer".to_owned(),
        };
        self.effect(System::Erp, Effect::SalesOrderCanceled { cancellation });
        self.state.canceled += quantity;
        if self.state.canceled + self.state.shipped >= self.state.ordered {
            self.free_money(id);
        }
        self.answer_cancellation(id, quantity);
        self.show(if self.state.shipped > 0 { OrderStatus::Shipped } else { OrderStatus::Canceled });
    }

    /// The ERP gives claimed units back.
    pub(in crate::invariants) fn release_claim(&mut self, quantity: u32) {
        let release = ReservationRelease {
            order_number: self.number(),
            lines: self.claimed(quantity),
            cause: "X-1".to_owned(),
        };
        self.effect(System::Erp, Effect::ReservationReleased { release });
    }

    fn free_money(&mut self, cause: &str) {
        let captured: i64 = self.captures.iter().map(|(_, amount)| amount).sum();
        let held = self.order.tenders.iter().find(|tender| tender.kind == TenderKind::Card);
        if let Some(rest) = held.map(|tender| tender.amount.amount - captured).filter(|rest| *rest > 0) {
            self.void("A-1", rest);
        }
        let unused = self.stored_value[0] - self.stored_value[1];
        if unused > 0 {
            self.stored_value[0] -= unused;
            let entry = self.entry(EntryKind::Credit, "G-1", cause, unused);
            self.effect(System::StoredValue, Effect::AccountCredited { entry, issued: false });
        }
    }

    // ---- returning

    /// Goods come back over a store's counter: the clerk asks, money and books follow, the goods change hands.
    pub(in crate::invariants) fn return_units(&mut self, id: &str, quantity: u32, grade: ConditionGrade) {
        self.chain = format!("c-{id}");
        let value = self.value(self.state.returned..self.state.returned + quantity);
        self.state.returned += quantity;
        let receipt = self.receipt(id, quantity, grade);
        self.effect(System::Erp, Effect::ReturnReceiptBooked { receipt: receipt.clone() });
        if let Some(condition) = Policy::default().disposition(grade).stock_condition() {
            self.restock(id, quantity, condition);
        }
        self.give_back(id, value.gross);
        let lines = vec![self.tax_line(Some(quantity), value.tax)];
        self.commit_tax(&format!("TX-{id}"), TaxDocumentKind::ReturnInvoice, None, lines);
        let credit_memo = CreditMemo {
            erp_document: Some(ErpDocument::new(format!("cm-{id}"))),
            order_number: self.number(),
            receipt_id: id.into(),
            lines: self.units(quantity),
            amount: money(value.gross),
            tax: money(value.tax),
        };
        self.effect(System::Erp, Effect::CreditMemoPosted { credit_memo });
        let all = self.state.returned == self.state.shipped
            && self.state.shipped + self.state.canceled == self.state.ordered;
        self.show(if all { OrderStatus::Returned } else { OrderStatus::PartiallyReturned });
        let inspection = Inspection {
            receipt_id: id.into(),
            order_number: self.number(),
            node_id: STORE.into(),
            lines: receipt.grades.clone(),
        };
        self.commit(System::Pos, true, Effect::GoodsReturned { receipt });
        self.commit(System::Pos, true, Effect::GoodsInspected { inspection });
        self.chain = CHAIN.to_owned();
    }

    fn receipt(&self, id: &str, quantity: u32, grade: ConditionGrade) -> ReturnReceipt {
        ReturnReceipt {
            receipt_id: id.into(),
            order_number: self.number(),
            rma_id: None,
            node_id: STORE.into(),
            received_at: self.now(),
            resolution: Some(if self.store_credit { Resolution::StoreCredit } else { Resolution::Refund }),
            gift_recipient_ref: None,
            lines: vec![ReturnLine {
                line_id: "L-1".into(),
                sku: "shirt".into(),
                quantity,
                reason: ReturnReason::ChangedMind,
            }],
            grades: vec![InspectedLine { line_id: "L-1".into(), sku: "shirt".into(), quantity, grade }],
        }
    }

    /// Stock comes in for a receipt.
    pub(in crate::invariants) fn restock(&mut self, receipt: &str, quantity: u32, condition: StockCondition) {
        self.move_stock(receipt, STORE, i64::from(quantity), condition);
    }

    fn give_back(&mut self, receipt: &str, due: i64) {
        if self.store_credit {
            self.credit(receipt, due);
        } else if self.channel() == System::Marketplace {
            self.marketplace_pays(receipt, due);
        } else {
            self.refund_by_tender(receipt, due);
        }
    }

    fn refund_by_tender(&mut self, receipt: &str, mut due: i64) {
        for index in 0..self.captures.len() {
            let Some((capture, left)) = self.captures.get_mut(index) else { continue };
            let part = due.min(*left);
            if part > 0 {
                *left -= part;
                due -= part;
                let capture = capture.clone();
                let id = format!("F-{receipt}-{}", index + 1);
                self.refund(&id, receipt, capture.as_str(), part);
                let effect = self.refund_effects(&id).map(|refund| Effect::RefundSucceeded {
                    refund: Refund { status: RefundStatus::Succeeded, ..refund },
                });
                effect.into_iter().for_each(|effect| self.effect(System::Psp, effect));
            }
        }
        if due > 0 {
            self.stored_value[2] += due;
            let entry = self.entry(EntryKind::Credit, "G-1", receipt, due);
            self.effect(System::StoredValue, Effect::AccountCredited { entry, issued: false });
        }
    }

    /// Store credit is issued.
    pub(in crate::invariants) fn credit(&mut self, cause: &str, amount: i64) {
        let entry = self.entry(EntryKind::Credit, "credit-customer-1", cause, amount);
        self.effect(System::StoredValue, Effect::AccountCredited { entry, issued: true });
    }

    fn marketplace_pays(&mut self, cause: &str, amount: i64) {
        let notice = RefundNotice {
            order_number: self.number(),
            refund: RefundPart {
                refund_id: RefundId::new(format!("F-{cause}")),
                tender_id: Some("T-1".into()),
                kind: TenderKind::MarketplaceCollected,
                amount: money(amount),
            },
            cause: cause.to_owned(),
        };
        self.effect(System::Marketplace, Effect::RefundShown { notice });
    }

    pub(in crate::invariants) fn refund(&mut self, id: &str, cause: &str, capture: &str, amount: i64) {
        let refund = Refund {
            refund_id: id.into(),
            provider_reference: format!("P-{id}"),
            order_number: self.number(),
            tender_id: "T-1".into(),
            capture_id: capture.into(),
            amount: money(amount),
            status: RefundStatus::Pending,
        };
        self.effect(System::Psp, Effect::RefundAccepted { refund, cause: cause.to_owned() });
    }

    fn refund_effects(&self, id: &str) -> Option<Refund> {
        self.records.iter().find_map(|record| match &record.entry {
            Entry::Effect(committed) => match &committed.effect {
                Effect::RefundAccepted { refund, .. } if refund.refund_id.as_str() == id => {
                    Some(refund.clone())
                }
                _ => None,
            },
            _ => None,
        })
    }

    /// The payment provider could not pay a refund after all.
    pub(in crate::invariants) fn fail_refund(&mut self, id: &str) {
        let refund = self.refund_effects(id);
        assert!(refund.is_some(), "there is a refund {id}");
        if let Some(refund) = refund {
            let refund = Refund { status: RefundStatus::Failed, ..refund };
            self.effect(System::Psp, Effect::RefundFailed { refund });
        }
    }

    // ---- messages

    /// A partner raises an event about parcel S-1.
    pub(in crate::invariants) fn raise(&mut self, id: &str, kind: &str) {
        let source = EventType::from_name(kind).map_or(System::Wms, EventType::source);
        let effect = Effect::EventRaised {
            event_id: id.into(),
            event_type: kind.to_owned(),
            subject: "S-1".to_owned(),
        };
        self.commit(source, true, effect);
    }

    /// An event is delivered.
    pub(in crate::invariants) fn deliver(&mut self, id: &str, status: Option<u16>, outcome: Outcome) {
        let bodies = (json!({}), Value::Null);
        self.exchange(System::Carrier, System::Middleware, "receiveEvent", (id, status, outcome), bodies);
    }

    /// The middleware shows a dead letter about an event of the carrier.
    pub(in crate::invariants) fn list_dead_letter(&mut self, kind: &str) {
        let letter = DeadLetter {
            dead_letter_id: "dl-1".to_owned(),
            order_number: Some(self.number()),
            partner: System::Carrier,
            operation: kind.to_owned(),
            attempts: 1,
            reason: "unknown code".to_owned(),
            recorded_at: self.now(),
        };
        let bodies = (Value::Null, json_of(&DeadLetterList { items: vec![letter] }));
        let answer = ("", Some(200), Outcome::Ok);
        self.exchange(System::CustomerService, System::Middleware, "listDeadLetters", answer, bodies);
    }

    /// The middleware wants the money of parcel S-1.
    pub(in crate::invariants) fn call_capture(&mut self, key: &str, status: Option<u16>, outcome: Outcome) {
        let request = json!({ "order_number": "W-17", "shipment_id": "S-1", "amount": { "amount": 9_980, "currency": "EUR" } });
        let response = match status {
            Some(201) => json!({
                "capture_id": "C-1", "authorization_id": "A-1", "order_number": "W-17", "shipment_id": "S-1",
                "amount": { "amount": 9_980, "currency": "EUR" }
            }),
            Some(_) => json_of(&Problem::new(ProblemKind::IllegalState, "not now")),
            None => Value::Null,
        };
        let answer = (key, status, outcome);
        self.exchange(System::Middleware, System::Psp, "capturePayment", answer, (request, response));
    }
}
