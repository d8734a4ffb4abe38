//! Shipping parcels.

use super::*;

impl History {
    fn parcel(&self, id: &str, quantity: u32) -> Shipment {
        Shipment {
            shipment_id: id.into(),
            fulfillment_order_id: "FO-1".into(),
            order_number: self.number(),
            node_id: NODE.into(),
            lines: Self::items(quantity),
            status: ShipmentStatus::Shipped,
            tracking_number: Some(TrackingNumber::new(format!("P-{id}"))),
            shipped_at: Some(self.now()),
            pickup: false,
            serials: self.serials.clone(),
        }
    }

    /// A node packs units; the parcel waits for a label, or for the customer.
    pub(in crate::invariants) fn pack_parcel(&mut self, id: &str, quantity: u32, pickup: bool) {
        let status = if pickup { ShipmentStatus::ReadyForPickup } else { ShipmentStatus::Created };
        let parcel = self.parcel(id, quantity);
        let shipment = Shipment { status, pickup, tracking_number: None, shipped_at: None, ..parcel };
        self.commit(System::Wms, true, Effect::ShipmentPacked { shipment });
    }

    /// The carrier issues a label for a parcel.
    pub(in crate::invariants) fn issue_label(&mut self, id: &str) {
        let label = Label {
            tracking_number: TrackingNumber::new(format!("P-{id}")),
            order_number: self.number(),
            parcel_ref: id.to_owned(),
            carrier: "carrier".to_owned(),
            address_id: None,
        };
        self.effect(System::Carrier, Effect::LabelIssued { label, is_return: false });
    }

    pub(in crate::invariants) fn ship_parcel(&mut self, id: &str, quantity: u32) {
        let shipment = self.parcel(id, quantity);
        self.issue_label(id);
        self.commit(System::Wms, true, Effect::ShipmentShipped { shipment: shipment.clone() });
        self.tell_shipped(&shipment);
        let first = self.shipments.is_empty();
        self.shipments.push(shipment);
        let shipped = self.state.shipped;
        self.state.shipped += quantity;
        let shipping = if first { self.order.shipping_value() } else { crate::allocation::Value::default() };
        let value = self.value(shipped..self.state.shipped) + shipping;
        self.take_money(id, value.gross);
        self.book_shipment(id, shipped..self.state.shipped, value, shipping);
        let left = self.state.ordered.saturating_sub(self.state.canceled + self.state.shipped);
        self.show(if left == 0 { OrderStatus::Shipped } else { OrderStatus::PartiallyShipped });
        self.collect();
    }

    pub(super) fn tell_shipped(&mut self, shipment: &Shipment) {
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

    pub(super) fn take_money(&mut self, shipment: &str, due: i64) {
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
    pub(super) fn collect(&mut self) {
        if self.collected > 0 {
            let amount = money(self.collected);
            self.effect(System::Marketplace, Effect::MarketplaceCollected { amount });
        }
    }

    fn first_attempt(&self, id: &str, shipment: &str, amount: i64, status: CaptureStatus) -> Capture {
        Capture {
            capture_id: id.into(),
            authorization_id: "A-1".into(),
            order_number: self.number(),
            shipment_id: shipment.into(),
            amount: money(amount),
            attempt: 1,
            status,
            settlement_amount: None,
        }
    }

    /// The payment provider takes a capture on and will decide it later.
    pub(in crate::invariants) fn take_on(&mut self, id: &str, shipment: &str, amount: i64) {
        let capture = self.first_attempt(id, shipment, amount, CaptureStatus::Pending);
        self.effect(System::Psp, Effect::CaptureAccepted { capture });
    }

    pub(in crate::invariants) fn capture(&mut self, id: &str, shipment: &str, amount: i64) {
        let capture = self.first_attempt(id, shipment, amount, CaptureStatus::Succeeded);
        self.captures.push((id.into(), amount));
        self.effect(System::Psp, Effect::PaymentCaptured { capture });
    }

    pub(in crate::invariants) fn void(&mut self, authorization: &str, amount: i64) {
        let effect =
            Effect::AuthorizationVoided { authorization_id: authorization.into(), amount: money(amount) };
        self.effect(System::Psp, effect);
    }

    pub(super) fn book_shipment(
        &mut self,
        id: &str,
        units: std::ops::Range<u32>,
        value: crate::allocation::Value,
        shipping: crate::allocation::Value,
    ) {
        let quantity = units.end - units.start;
        self.move_stock(id, NODE, -i64::from(quantity), StockCondition::Sellable);
        let release = ReservationRelease {
            backordered: Vec::new(),
            order_number: self.number(),
            lines: Self::claimed(quantity),
            cause: id.to_owned(),
        };
        self.effect(System::Erp, Effect::ReservationConsumed { release });
        let mut lines =
            vec![Self::tax_line(Some(quantity), self.base(units.clone()), value.tax - shipping.tax)];
        if shipping.tax > 0 {
            lines.push(Self::tax_line(None, shipping.net(), shipping.tax));
        }
        let shipment = Some(ShipmentId::new(id));
        self.commit_tax(&format!("TX-{id}"), TaxDocumentKind::SalesInvoice, shipment, lines);
        let invoice = Invoice {
            erp_document: Some(ErpDocument::new(format!("inv-{id}"))),
            order_number: self.number(),
            shipment_id: id.into(),
            lines: Self::units(quantity),
            amount: money(value.gross),
            tax: money(value.tax),
            contributions: self.contributions(units),
            settlement: None,
            deferred: None,
            business_date: Some(day_of(self.now())),
            posting_date: None,
            posting: None,
        };
        self.effect(System::Erp, Effect::InvoicePosted { invoice });
        self.post(PostingKind::Invoice, id, value.gross);
    }

    /// The ERP posts an invoice or a credit memo to the general ledger.
    pub(super) fn post(&mut self, kind: PostingKind, cause: &str, amount: i64) {
        let line = |account: &str, debit, credit| PostingLine { account: account.to_owned(), debit, credit };
        let prefix = if kind == PostingKind::Invoice { "inv" } else { "cm" };
        let posting = FinancialPosting {
            erp_document: ErpDocument::new(format!("{prefix}-{cause}")),
            kind,
            order_number: self.number(),
            currency: Currency::EUR,
            lines: vec![line("receivable", amount, 0), line("revenue", 0, amount)],
            cause: cause.to_owned(),
        };
        self.effect(System::Erp, Effect::Posted { posting });
    }

    pub(super) fn move_stock(&mut self, cause: &str, node: &str, quantity: i64, condition: StockCondition) {
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

    /// What units are taxed on.
    pub(super) fn base(&self, units: std::ops::Range<u32>) -> i64 {
        let line = self.order.lines.first();
        line.map_or(0, |line| {
            line.taxes.iter().map(|tax| self.order.taxable_base(line, tax, units.clone())).sum()
        })
    }

    /// What others than the customer pay for units.
    pub(super) fn contributions(&self, units: std::ops::Range<u32>) -> Vec<Contribution> {
        let line = self.order.lines.first();
        line.map_or_else(Vec::new, |line| {
            crate::funding::contribution_list(&self.order.contributions(line, units), &self.order)
        })
    }

    pub(super) fn tax_line(quantity: Option<u32>, base: i64, tax: i64) -> TaxDocumentLine {
        TaxDocumentLine {
            line_id: quantity.map(|_| "L-1".into()),
            quantity: quantity.unwrap_or(0),
            jurisdiction: "DE".to_owned(),
            rate_ppm: 190_000,
            taxable_base: money(base),
            tax: money(tax),
            tax_type: None,
        }
    }

    pub(super) fn commit_tax(
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
            scheme: None,
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
            estimated_delivery: None,
        };
        self.commit(System::Carrier, true, Effect::ParcelScanned { scan });
    }
}
