//! Placing and accepting an order.

use super::*;

impl History {
    pub(in crate::invariants::testing) fn placed(order: Order, store_credit: bool) -> Self {
        let quantity = order.lines.first().map_or(0, |line| line.quantity);
        let state = LineState {
            line_id: "L-1".into(),
            ordered: quantity,
            canceled: 0,
            shipped: 0,
            returned: 0,
            lost: 0,
            backordered: 0,
        };
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
            serials: Vec::new(),
            promises: Vec::new(),
            passed: jiff::SignedDuration::ZERO,
        };
        history.open_world();
        history.submit();
        history
    }

    pub(super) fn open_world(&mut self) {
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

    pub(super) fn submit(&mut self) {
        let order = self.order.clone();
        self.commit(self.channel(), true, Effect::OrderPlaced { order: Box::new(order.clone()) });
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

    pub(in crate::invariants::testing) fn accept(&mut self) {
        for tender in self.order.tenders.clone() {
            match tender.kind {
                TenderKind::Card => self.authorize("A-1", tender.tender_id.as_str(), tender.amount.amount),
                TenderKind::GiftCard | TenderKind::StoreCredit => self.debit(&tender),
                TenderKind::MarketplaceCollected | TenderKind::ExchangeCredit => {}
            }
        }
        let quantity = self.state.ordered;
        let reservation = Reservation {
            reservation_id: "rsv-1".into(),
            order_number: self.number(),
            lines: Self::claimed(quantity),
            backordered: Vec::new(),
            expires_at: None,
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

    pub(super) fn entry(&self, kind: EntryKind, account: &str, cause: &str, amount: i64) -> StoreCredit {
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

    pub(super) fn debit(&mut self, tender: &Tender) {
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
            lines: Self::items(quantity),
            total: self.order.total,
            total_tax: money(self.order.value().tax),
            settlement: None,
            tax_terms: None,
        };
        self.effect(System::Erp, Effect::SalesOrderBooked { sales_order });
    }

    pub(in crate::invariants) fn release_to(&mut self, id: &str, quantity: u32) {
        let fulfillment_order = FulfillmentOrder {
            fulfillment_order_id: id.into(),
            order_number: self.number(),
            node_id: NODE.into(),
            ship_to: self.order.ship_to.clone(),
            lines: Self::items(quantity),
            status: FulfillmentStatus::Accepted,
            gift: false,
            pickup: false,
        };
        self.effect(System::Wms, Effect::FulfillmentOrderReceived { fulfillment_order });
    }

    /// The middleware tells the channel that units are canceled.
    pub(in crate::invariants) fn answer_cancellation(&mut self, id: &str, quantity: u32) {
        let request = crate::protocol::CancellationRequest {
            order_number: self.number(),
            cancellation_id: id.to_owned(),
            lines: Self::units(quantity),
            reason: "changed mind".to_owned(),
        };
        let answer = crate::protocol::Cancellation {
            order_number: self.number(),
            cancellation_id: id.to_owned(),
            status: CancellationStatus::Canceled,
            canceled: Self::units(quantity),
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
        let lines = Self::units(quantity);
        let wish = CancellationLines {
            order_number: order_number.clone(),
            cancellation_id: id.to_owned(),
            lines: lines.clone(),
        };
        self.commit(self.channel(), true, Effect::CancellationRequested(wish));
        let result = FulfillmentCancellationResult {
            order_number: order_number.clone(),
            cancellation_id: id.to_owned(),
            canceled: Self::items(quantity),
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
            backordered: Vec::new(),
            order_number: self.number(),
            lines: Self::claimed(quantity),
            cause: "X-1".to_owned(),
        };
        self.effect(System::Erp, Effect::ReservationReleased { release });
    }

    pub(super) fn free_money(&mut self, cause: &str) {
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
}
