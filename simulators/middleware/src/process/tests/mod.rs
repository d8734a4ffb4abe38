//! Tests of the order process. Partners are played by [`Stage`], which answers tasks as told.
#![expect(clippy::unwrap_used, reason = "tests")]

mod adjustments;
mod advances;
mod cancellations;
mod clawback;
mod disorder;
mod documents;
mod exchanges;
mod orders;
mod payments;
mod promises;
mod properties;
mod recalls;
mod returns;
mod serials;
mod shipments;
mod shortages;
mod undelivered;

use std::collections::{BTreeMap, VecDeque};

use counterproof_contracts::{
    model::*,
    policy::Policy,
    protocol::{EventData, Problem, ProblemKind},
};
use serde_json::{Value, json};

use super::*;
use crate::defects::Defects;

/// Plays the partners of one order.
pub(super) struct Stage {
    pub(super) process: Option<OrderProcess>,
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    /// Tasks that were asked for and not answered.
    pub(super) open: VecDeque<Task>,
    /// Tasks that were answered, in order.
    pub(super) done: Vec<Task>,
    pub(super) letters: Vec<Letter>,
    pub(super) steps: Vec<Step>,
    /// What other orders were told, in order.
    pub(super) notices: Vec<Notice>,
    /// When it wants to be told that the time for goods is over.
    pub(super) deadlines: Vec<Deadline>,
    /// Operations that are refused.
    pub(super) refusing: BTreeMap<&'static str, ProblemKind>,
    /// Operations that are not answered for the time being.
    pub(super) silent: Vec<&'static str>,
    /// Where each line is reserved: node and units.
    pub(super) nodes: BTreeMap<LineId, Vec<(&'static str, u32)>>,
    /// Where captures stand when they are answered.
    pub(super) captures: &'static str,
    /// Where documents of the ERP stand when they are taken.
    pub(super) postings: &'static str,
    /// Units that nodes can still stop; `None`: all that they are asked.
    pub(super) stoppable: Option<u32>,
    events: u32,
}

pub(crate) fn eur(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

pub(crate) fn line(id: &str, quantity: u32, price: i64, promotion: &[i64]) -> OrderLine {
    let unit = |unit: usize| price - promotion.get(unit).copied().unwrap_or(0);
    let taxes = (0..quantity as usize)
        .map(|index| counterproof_contracts::allocation::tax_of(unit(index), 190_000, true))
        .collect();
    OrderLine {
        line_id: id.into(),
        sku: format!("SKU-{id}").into(),
        quantity,
        unit_price: eur(price),
        tax_included: true,
        promotions: (!promotion.is_empty())
            .then(|| PromotionAllocation { promotion_id: "P".into(), unit_amounts: promotion.to_vec() })
            .into_iter()
            .collect(),
        taxes: vec![TaxLine {
            jurisdiction: "DE".to_owned(),
            tax_type: TaxType::Vat,
            rate_ppm: 190_000,
            unit_amounts: taxes,
        }],
        final_sale: false,
        gift_card: false,
        promised_by: None,
    }
}

pub(crate) fn tender(id: &str, kind: TenderKind, amount: i64) -> Tender {
    Tender {
        tender_id: id.into(),
        kind,
        amount: eur(amount),
        payment_token: (kind == TenderKind::Card).then(|| "tok".to_owned()),
        account_id: matches!(kind, TenderKind::GiftCard | TenderKind::StoreCredit)
            .then(|| format!("acc-{id}").into()),
    }
}

/// An order with these lines, shipping of 4.90 and these tenders; the first tender takes what others leave.
pub(crate) fn order(lines: Vec<OrderLine>, mut tenders: Vec<Tender>) -> Order {
    let mut order = Order {
        order_number: "W-1".into(),
        sales_channel: SalesChannel::Web,
        channel_order_id: "web-1".into(),
        placed_at: "2026-11-27T08:00:00Z".parse().unwrap(),
        version: 1,
        customer_ref: "C-1".into(),
        currency: Currency::EUR,
        ship_to: Address {
            name: "Anna".to_owned(),
            street: "Hauptstr. 1".to_owned(),
            city: "Köln".to_owned(),
            postal_code: "50667".to_owned(),
            country: "DE".to_owned(),
            address_id: None,
        },
        gift: None,
        lines,
        shipping: Some(ShippingCharge { amount: eur(490), tax_amount: 78, taxes: Vec::new() }),
        promotions: vec![],
        tenders: vec![],
        total: eur(0),
        pickup_node: None,
        exchange: None,
        kits: Vec::new(),
        settlement: None,
        tax_terms: None,
        till_reference: None,
        promised_by: None,
        shipping_method: None,
    };
    let shares = order.lines.iter().flat_map(|line| &line.promotions);
    let granted: i64 = shares.flat_map(|share| &share.unit_amounts).sum();
    order.promotions = (granted > 0)
        .then(|| Promotion {
            promotion_id: "P".into(),
            scope: PromotionScope::Order,
            funding: PromotionFunding::Retailer,
            amount: eur(granted),
            minimum: None,
        })
        .into_iter()
        .collect();
    order.total = eur(order.value().gross);
    let others: i64 = tenders.iter().skip(1).map(|tender| tender.amount.amount).sum();
    if let Some(first) = tenders.first_mut() {
        first.amount = eur(order.total.amount - others);
    }
    order.tenders = tenders;
    order
}

/// Two units of A for 50.00 with a promotion of 10.01, one unit of B for 20.00, by card.
pub(crate) fn plain() -> Order {
    order(
        vec![line("A", 2, 5000, &[501, 500]), line("B", 1, 2000, &[])],
        vec![tender("T1", TenderKind::Card, 0)],
    )
}

pub(crate) fn returned(id: &str, quantity: u32) -> ReturnLine {
    ReturnLine {
        line_id: id.into(),
        sku: format!("SKU-{id}").into(),
        quantity,
        reason: ReturnReason::ChangedMind,
    }
}

pub(crate) fn graded(id: &str, quantity: u32, grade: ConditionGrade) -> InspectedLine {
    InspectedLine {
        line_id: id.into(),
        sku: format!("SKU-{id}").into(),
        quantity,
        grade,
        acceptance: Acceptance::Accepted,
    }
}

pub(crate) fn receipt(id: &str, lines: Vec<ReturnLine>, grades: Vec<InspectedLine>) -> ReturnReceipt {
    ReturnReceipt {
        receipt_id: id.into(),
        order_number: "W-1".into(),
        rma_id: None,
        node_id: "store-12".into(),
        received_at: "2026-12-01T10:00:00Z".parse().unwrap(),
        resolution: None,
        gift_recipient_ref: None,
        lines,
        grades,
        exchange: None,
        serials: vec![],
        unexpected: Vec::new(),
        shipment_id: None,
        till_reference: None,
    }
}

impl Stage {
    pub(super) fn new() -> Self {
        Self {
            process: None,
            now: "2026-11-27T08:00:01Z".parse().unwrap(),
            policy: Policy::default(),
            open: VecDeque::new(),
            done: Vec::new(),
            letters: Vec::new(),
            steps: Vec::new(),
            notices: Vec::new(),
            deadlines: Vec::new(),
            refusing: BTreeMap::new(),
            silent: Vec::new(),
            nodes: BTreeMap::new(),
            captures: "succeeded",
            postings: "posted",
            stoppable: None,
            events: 0,
        }
    }

    /// An accepted and released order.
    pub(super) fn released(order: Order) -> Self {
        let mut stage = Self::new();
        stage.submit(order).unwrap();
        stage.run();
        assert_eq!(stage.process().status, OrderStatus::Accepted);
        stage
    }

    pub(super) fn process(&self) -> &OrderProcess {
        self.process.as_ref().unwrap()
    }

    pub(super) fn input(&mut self, input: Input, causation: &str) -> Result<Value, Problem> {
        let before = self.process.clone();
        let context = Context {
            now: self.now,
            policy: &self.policy,
            chain: Chain { correlation: "corr".into(), causation: causation.to_owned() },
            source: System::Storefront,
            occurred_at: self.now,
            defects: &Defects::default(),
        };
        let decision = decide(&mut self.process, input, &context);
        for output in decision.outputs {
            match output {
                Output::Perform(task) => self.open.push_back(task),
                Output::Record(step) => self.steps.push(step),
                Output::Park(letter) => self.letters.push(letter),
                Output::Tell(notice) => self.notices.push(notice),
                Output::Remind(deadline) => self.deadlines.push(deadline),
                Output::Replay { .. } | Output::Wait(_) => {}
            }
        }
        if decision.answer.is_err() {
            assert_eq!(self.process, before, "a refusal changed the process");
        }
        decision.answer
    }

    pub(super) fn submit(&mut self, order: Order) -> Result<Value, Problem> {
        self.input(Input::Submit(Box::new(order)), "submit")
    }

    pub(super) fn event(&mut self, event: EventData) {
        self.events += 1;
        let id = format!("evt-{}", self.events);
        self.input(Input::Event(Box::new(event)), &id).unwrap();
    }

    /// Answers tasks until none is left that is answered.
    pub(super) fn run(&mut self) {
        while let Some(index) =
            self.open.iter().position(|task| !self.silent.contains(&task.operation.as_str()))
        {
            let task = self.open.remove(index).unwrap();
            self.finish(task);
        }
    }

    pub(super) fn finish(&mut self, task: Task) {
        let key = task.key.clone();
        let refusal = self.refusing.get(task.operation.as_str()).copied();
        let input = if let Some(kind) = refusal {
            let refusal = Refusal::of(&Problem::new(kind, "as told"));
            Input::Refused { task: Box::new(task), refusal }
        } else {
            let answer = self.answer(&task);
            let answer = PartnerAnswer::read(&task.intent, task.partner == System::Psp, answer).unwrap();
            self.done.push(task.clone());
            Input::Answered { task: Box::new(task), answer: Box::new(answer) }
        };
        self.input(input, &key).unwrap();
    }

    /// What a well-behaved partner answers.
    fn answer(&self, task: &Task) -> Value {
        let body = &task.body;
        match task.operation.as_str() {
            "quoteTax" => {
                let lines: Vec<Value> = self
                    .process()
                    .order
                    .lines
                    .iter()
                    .map(|line| json!({ "line_id": line.line_id, "taxes": line.taxes }))
                    .collect();
                json!({ "order_number": "W-1", "lines": lines, "total_tax": eur(0) })
            }
            "authorizePayment" => json!({
                "authorization_id": self.authorization_id(task), "order_number": "W-1",
                "tender_id": body["tender_id"], "amount": body["amount"], "status": "authorized",
                "expires_at": "2026-12-31T00:00:00Z",
            }),
            "createReservation"
                if body["lines"].as_array().unwrap().len() < self.process().order.lines.len() =>
            {
                let mut lines = body["lines"].clone();
                for line in lines.as_array_mut().unwrap() {
                    line["node_id"] = json!("dc-south");
                }
                json!({ "reservation_id": format!("res-{}", task.key), "order_number": "W-1", "lines": lines })
            }
            "createReservation" => self.reservation(),
            "createSalesOrder" => {
                let mut booked = body.clone();
                booked["erp_document"] = json!("SO-1");
                booked
            }
            "createLabel" | "createReturnLabel" => json!({
                "tracking_number": format!("TRK-{}", body["parcel_ref"].as_str().unwrap()), "order_number": "W-1",
                "parcel_ref": body["parcel_ref"], "carrier": "DHL",
            }),
            "capturePayment" => json!({
                "capture_id": format!("cap-{}", body["shipment_id"].as_str().unwrap()),
                "authorization_id": task.parameters[0], "order_number": "W-1",
                "shipment_id": body["shipment_id"], "amount": body["amount"],
                "attempt": body["attempt"].as_u64().unwrap_or(1), "status": self.captures,
            }),
            "postInvoice" | "postCreditMemo" => {
                let mut taken = body.clone();
                let number = self.calls(&task.operation).len() + 1;
                taken["erp_document"] = json!(format!("DOC-{}-{number}", task.operation));
                taken["posting"] = json!(self.postings);
                taken
            }
            "cancelFulfillment" => self.stopped(body),
            "refundPayment" => {
                let mut refund = body.clone();
                refund["status"] = json!("pending");
                refund["provider_reference"] = json!("re-1");
                refund
            }
            _ => body.clone(),
        }
    }

    /// One for each key.
    fn authorization_id(&self, task: &Task) -> String {
        let tender = task.body["tender_id"].as_str().unwrap();
        let earlier = self.calls("authorizePayment").into_iter();
        match earlier.filter(|body| body["tender_id"] == task.body["tender_id"]).count() {
            0 => format!("auth-{tender}"),
            earlier => format!("auth-{tender}-{}", earlier + 1),
        }
    }

    fn reservation(&self) -> Value {
        let lines: Vec<Value> = self
            .process()
            .order
            .lines
            .iter()
            .flat_map(|line| {
                let nodes =
                    self.nodes.get(&line.line_id).cloned().unwrap_or(vec![("dc-north", line.quantity)]);
                nodes.into_iter().map(|(node, quantity)| {
                    json!({ "line_id": line.line_id, "sku": line.sku, "node_id": node, "quantity": quantity })
                })
            })
            .collect();
        json!({ "reservation_id": "res-1", "order_number": "W-1", "lines": lines })
    }

    fn stopped(&self, body: &Value) -> Value {
        let mut left = self.stoppable.unwrap_or(u32::MAX);
        let lines: Vec<ItemQuantity> = serde_json::from_value(body["lines"].clone()).unwrap();
        let canceled: Vec<ItemQuantity> = lines
            .into_iter()
            .map(|line| {
                let quantity = line.quantity.min(left);
                left -= quantity;
                ItemQuantity { quantity, ..line }
            })
            .filter(|line| line.quantity > 0)
            .collect();
        json!({ "order_number": "W-1", "cancellation_id": body["cancellation_id"], "canceled": canceled, "refused": [] })
    }

    pub(super) fn shipment(&self, id: &str, node: &str, lines: &[(&str, u32)]) -> Shipment {
        Shipment {
            shipment_id: id.into(),
            fulfillment_order_id: format!("fo-W-1-{node}").into(),
            order_number: "W-1".into(),
            node_id: node.into(),
            lines: lines
                .iter()
                .map(|(line, quantity)| ItemQuantity {
                    line_id: (*line).into(),
                    sku: format!("SKU-{line}").into(),
                    quantity: *quantity,
                })
                .collect(),
            status: ShipmentStatus::Shipped,
            tracking_number: Some(format!("TRK-{id}").into()),
            shipped_at: Some(self.now),
            pickup: false,
            serials: vec![],
        }
    }

    /// A parcel leaves dc-north.
    pub(super) fn ship(&mut self, id: &str, lines: &[(&str, u32)]) {
        let shipment = self.shipment(id, "dc-north", lines);
        self.event(EventData::ShipmentShipped(shipment));
        self.run();
    }

    pub(super) fn scan(&mut self, shipment: &str, code: ScanCode) {
        let scan = CarrierScan {
            scan_id: "scan".into(),
            tracking_number: format!("TRK-{shipment}").into(),
            order_number: "W-1".into(),
            code,
            occurred_at: self.now,
            recorded_at: self.now,
            location: None,
            estimated_delivery: None,
        };
        self.event(EventData::CarrierScanRecorded(scan));
        self.run();
    }

    pub(super) fn store_return(&mut self, receipt: ReturnReceipt) -> Result<ReturnDecision, Problem> {
        let answer = self.input(Input::ReceiveReturn(Box::new(receipt)), "receipt")?;
        self.run();
        Ok(serde_json::from_value(answer).unwrap())
    }

    /// Bodies of the answered calls of an operation, in order.
    pub(super) fn calls(&self, operation: &str) -> Vec<&Value> {
        self.done.iter().filter(|task| task.operation == operation).map(|task| &task.body).collect()
    }

    /// The amounts of the answered calls of an operation, in order.
    pub(super) fn amounts(&self, operation: &str) -> Vec<i64> {
        self.calls(operation).iter().map(|body| body["amount"]["amount"].as_i64().unwrap()).collect()
    }

    pub(super) fn status(&self) -> OrderStatus {
        self.process().status
    }
}
