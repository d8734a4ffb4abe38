//! What channels, customer service and the middleware show, and what is sent.

use super::*;
use crate::protocol::psp;

impl History {
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
            changes: Vec::new(),
            promises: self.promises.clone(),
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
        self.answer_view(|view| view.lines = vec![state]);
    }

    fn answer_view(&mut self, change: impl FnOnce(&mut OrderView)) {
        let mut view = OrderView {
            order_number: self.number(),
            sales_channel: self.order.sales_channel,
            channel_order_id: self.order.channel_order_id.clone(),
            status: self.status,
            total: self.order.total,
            gift: false,
            lines: vec![self.state.clone()],
            items: Self::items(self.state.ordered),
            shipments: self.shipments.clone(),
            returns: Vec::new(),
            refunds: Vec::new(),
            version: None,
            exchanges: Vec::new(),
            promises: Vec::new(),
        };
        change(&mut view);
        let answer = ("", Some(200), Outcome::Ok);
        self.exchange(System::Pos, System::Middleware, "readOrder", answer, (Value::Null, json_of(&view)));
    }

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

    /// The order was not submitted: a feed handed it out.
    pub(in crate::invariants) fn list_in_feed(&mut self, feed: &str) {
        let submitted = |record: &Record| matches!(&record.entry, Entry::Exchange(exchange) if exchange.operation == "submitOrder");
        self.records.retain(|record| !submitted(record));
        let effect = Effect::OrderListed { order_number: self.number(), feed: feed.into() };
        self.commit(System::Marketplace, false, effect);
    }

    /// The middleware shows a dead letter about an event of the carrier.
    pub(in crate::invariants) fn list_dead_letter(&mut self, kind: &str) {
        self.list_dead_letter_of(System::Carrier, kind);
    }

    /// The middleware shows a dead letter about something of a partner.
    pub(in crate::invariants) fn list_dead_letter_of(&mut self, partner: System, kind: &str) {
        let letter = DeadLetter {
            dead_letter_id: "dl-1".to_owned(),
            order_number: Some(self.number()),
            partner,
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
            Some(402) => json_of(&Problem::new(ProblemKind::InsufficientFunds, "not so much")),
            Some(_) => json_of(&Problem::new(ProblemKind::IllegalState, "not now")),
            None => Value::Null,
        };
        let answer = (key, status, outcome);
        self.exchange(System::Middleware, System::Psp, "capturePayment", answer, (request, response));
        let path = psp::CAPTURE_PAYMENT.path_with(&["A-1"]);
        if let Some(Record { entry: Entry::Exchange(exchange), .. }) = self.records.last_mut() {
            exchange.call = format!("POST {path}");
        }
    }

    /// The middleware asked the ERP for something that it refused.
    pub(in crate::invariants) fn refused_by_erp(
        &mut self,
        operation: &str,
        request: Value,
        kind: ProblemKind,
    ) {
        let response = json_of(&Problem::new(kind, "no"));
        let answer = ("k-refused", Some(kind.status()), Outcome::Fail);
        self.exchange(System::Middleware, System::Erp, operation, answer, (request, response));
    }

    /// The middleware asks for the money of parcel S-1 with key k-1, so many milliseconds after the epoch.
    pub(in crate::invariants) fn capture_at(&mut self, at_ms: i64, outcome: Outcome) {
        let status = (outcome == Outcome::Ok).then_some(201);
        self.call_capture("k-1", status, outcome);
        self.last_began_at(Timestamp::from_millisecond(at_ms).unwrap_or_default());
    }

    /// A fault hits the first attempt of a message of the payment provider or to it.
    pub(in crate::invariants) fn strike(&mut self, key: &str, misfortune: Misfortune) {
        self.push(Entry::FaultInjected(FaultInjected {
            order: Some(self.number()),
            key: Some(key.to_owned()),
            attempt: Some(1),
            misfortune: Some(misfortune),
            ..FaultInjected::new("a fault", System::Psp)
        }));
    }

    /// A system calls the middleware about the order.
    pub(in crate::invariants) fn ask(
        &mut self,
        caller: System,
        operation: &str,
        key: &str,
        outcome: Outcome,
    ) {
        let status = Some(if outcome == Outcome::Ok { 201 } else { 403 });
        let bodies = (json!({}), json!({}));
        self.exchange(caller, System::Middleware, operation, (key, status, outcome), bodies);
    }

    /// The middleware is killed.
    pub(in crate::invariants) fn kill(&mut self) {
        self.push(Entry::FaultInjected(FaultInjected::new("killed", System::Middleware)));
    }

    /// A channel shows a refund by card.
    pub(in crate::invariants) fn notify_refund(&mut self, id: &str, cause: &str, amount: i64) {
        let refund = RefundPart {
            refund_id: id.into(),
            tender_id: Some("T-1".into()),
            kind: TenderKind::Card,
            amount: money(amount),
        };
        let notice =
            RefundNotice { order_number: self.number(), refund, cause: cause.to_owned(), replaces: None };
        self.effect(self.channel(), Effect::RefundShown { notice });
    }

    /// The middleware acknowledges an event about a dispute.
    pub(in crate::invariants) fn told_of_dispute(&mut self, id: &str) {
        let event_id = format!("evt-{id}");
        let effect = Effect::EventRaised {
            event_id: event_id.as_str().into(),
            event_type: EventType::PaymentDisputed.name().to_owned(),
            subject: id.to_owned(),
        };
        self.commit(System::Psp, true, effect);
        self.deliver(&event_id, Some(202), Outcome::Ok);
        if let Some(Record { entry: Entry::Exchange(exchange), .. }) = self.records.last_mut() {
            exchange.checked.request = Some(Vec::new());
        }
    }

    /// The middleware asked for a refund of a capture, and was answered.
    pub(in crate::invariants) fn call_refund(&mut self, id: &str, capture: &str) {
        let request = json!({ "refund_id": id, "order_number": "W-17", "capture_id": capture });
        let answer = (id, Some(201), Outcome::Ok);
        self.exchange(System::Middleware, System::Psp, "refundPayment", answer, (request, json!({})));
    }

    /// The middleware asked for store credit, and was answered.
    pub(in crate::invariants) fn call_credit(&mut self, cause: &str) {
        let request = json_of(&StoreCreditRequest {
            customer_ref: "customer-1".into(),
            order_number: self.number(),
            cause: cause.to_owned(),
            amount: money(1),
        });
        let entry = json_of(&self.entry(EntryKind::Credit, "credit-customer-1", cause, 1));
        let answer = (cause, Some(201), Outcome::Ok);
        self.exchange(System::Middleware, System::StoredValue, "issueStoreCredit", answer, (request, entry));
    }

    /// Somebody asks the middleware, which answers that a refund stands so.
    pub(in crate::invariants) fn answer_refund(&mut self, id: &str, status: RefundStatus) {
        self.answer_view(|view| {
            view.refunds.push(RefundView {
                part: RefundPart {
                    refund_id: id.into(),
                    tender_id: Some("T-1".into()),
                    kind: TenderKind::Card,
                    amount: money(4_990),
                },
                status,
                cause: "R-1".to_owned(),
            });
        });
    }

    /// Customer service has the order replayed.
    pub(in crate::invariants) fn replay(&mut self, outcome: Outcome) {
        let (status, calls) =
            (if outcome == Outcome::Ok { 201 } else { 404 }, json!({ "order_number": "W-17", "calls": 3 }));
        let bodies = (json!({ "order_number": "W-17", "reason": "a day was lost" }), calls);
        let answer = ("replay-1", Some(status), outcome);
        self.exchange(System::CustomerService, System::Middleware, "replayOrder", answer, bodies);
    }

    /// The middleware calls a partner, which carries it out.
    pub(in crate::invariants) fn tell_partner(&mut self, system: System, operation: &str, document: Value) {
        let key = format!("told-{}", self.records.len());
        let answer = (key.as_str(), Some(201), Outcome::Ok);
        self.exchange(System::Middleware, system, operation, answer, (document, Value::Null));
    }

    /// Customer service reads the audit trail.
    pub(in crate::invariants) fn read_audit(&mut self, trail: &Value) {
        let answer = ("", Some(200), Outcome::Ok);
        let bodies = (Value::Null, trail.clone());
        self.exchange(System::CustomerService, System::Middleware, "readAuditTrail", answer, bodies);
    }

    /// A channel asked the middleware whether goods may come back.
    pub(in crate::invariants) fn ask_about_return(
        &mut self,
        (channel, operation): (System, &str),
        outcome: Outcome,
        bodies: (Value, Value),
    ) {
        let status = if outcome == Outcome::Ok { 201 } else { 422 };
        let key = format!("verdict-{}", self.records.len());
        self.exchange(channel, System::Middleware, operation, (&key, Some(status), outcome), bodies);
    }

    /// A clerk asked the middleware what to do with returned goods; the answer comes now.
    pub(in crate::invariants) fn ask_return(&mut self, id: &str, asked_at: Timestamp) {
        let answer = (id, Some(201), Outcome::Ok);
        self.exchange(System::Pos, System::Middleware, "receiveReturn", answer, (json!({}), json!({})));
        self.last_began_at(asked_at);
    }

    /// The last exchange had begun at an earlier instant.
    pub(in crate::invariants) fn last_began_at(&mut self, instant: Timestamp) {
        if let Some(Record { entry: Entry::Exchange(exchange), .. }) = self.records.last_mut() {
            exchange.started_at = instant;
        }
    }
}
