//! Goods that come back, and the money for them.

use super::*;

impl History {
    /// Goods come back over a store's counter: the clerk asks, money and books follow, the goods change hands.
    pub(in crate::invariants) fn return_units(&mut self, id: &str, quantity: u32, grade: ConditionGrade) {
        self.chain = format!("c-{id}");
        let units = self.state.returned..self.state.returned + quantity;
        let value = self.value(units.clone());
        self.state.returned += quantity;
        let receipt = self.receipt(id, quantity, grade);
        self.effect(System::Erp, Effect::ReturnReceiptBooked { receipt: receipt.clone() });
        if let Some(condition) =
            Policy::default().disposition(grade, ReturnReason::ChangedMind).stock_condition()
        {
            self.restock(id, quantity, condition);
        }
        self.give_back(id, value.gross);
        let lines = vec![Self::tax_line(Some(quantity), self.base(units.clone()), value.tax)];
        self.commit_tax(&format!("TX-{id}"), TaxDocumentKind::ReturnInvoice, None, lines);
        let credit_memo = CreditMemo {
            erp_document: Some(ErpDocument::new(format!("cm-{id}"))),
            order_number: self.number(),
            receipt_id: id.into(),
            lines: Self::units(quantity),
            amount: money(value.gross),
            tax: money(value.tax),
            contributions: self.contributions(units),
            retained: None,
            shipping: None,
            settlement: None,
            deferred: None,
            business_date: Some(day_of(self.now())),
            posting_date: None,
            posting: None,
        };
        self.effect(System::Erp, Effect::CreditMemoPosted { credit_memo });
        self.post(PostingKind::CreditMemo, id, value.gross);
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

    pub(super) fn receipt(&self, id: &str, quantity: u32, grade: ConditionGrade) -> ReturnReceipt {
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
            grades: vec![InspectedLine {
                line_id: "L-1".into(),
                sku: "shirt".into(),
                quantity,
                grade,
                acceptance: Acceptance::Accepted,
            }],
            unexpected: Vec::new(),
            shipment_id: None,
            exchange: None,
            serials: Vec::new(),
            till_reference: None,
        }
    }

    /// Goods come back that were not what was shown, and are graded.
    pub(in crate::invariants) fn return_as_not_described(
        &mut self,
        id: &str,
        quantity: u32,
        grade: ConditionGrade,
    ) {
        let mut receipt = self.receipt(id, quantity, grade);
        for line in &mut receipt.lines {
            line.reason = ReturnReason::NotAsDescribed;
        }
        self.commit(System::Pos, true, Effect::GoodsReturned { receipt });
        self.restock(id, quantity, StockCondition::Quarantine);
    }

    /// A dock decides on goods in quarantine.
    pub(in crate::invariants) fn decide(&mut self, receipt: &str, quantity: u32, code: DispositionCode) {
        let line = Disposition {
            line_id: "L-1".into(),
            sku: "shirt".into(),
            quantity,
            code,
            target_node: STORE.into(),
        };
        let decision = DispositionDecision {
            decision_id: format!("D-{receipt}"),
            receipt_id: receipt.into(),
            order_number: self.number(),
            lines: vec![line],
        };
        self.commit(System::Wms, true, Effect::GoodsDispositioned { decision });
    }

    /// Stock moves for a decision; nothing, if there are no units.
    pub(in crate::invariants) fn move_decided(
        &mut self,
        receipt: &str,
        quantity: i64,
        condition: StockCondition,
    ) {
        if quantity == 0 {
            return;
        }
        let movement = InventoryMovement {
            movement_id: MovementId::new(format!("mv-{receipt}-{condition:?}")),
            order_number: Some(self.number()),
            line_id: Some("L-1".into()),
            node_id: STORE.into(),
            sku: "shirt".into(),
            condition,
            quantity,
            reason: MovementReason::Disposition,
            cause: receipt.to_owned(),
        };
        self.effect(System::Erp, Effect::StockMoved { movement });
    }

    /// Stock comes in for a receipt.
    pub(in crate::invariants) fn restock(&mut self, receipt: &str, quantity: u32, condition: StockCondition) {
        self.move_stock(receipt, STORE, i64::from(quantity), condition);
    }

    pub(super) fn give_back(&mut self, receipt: &str, due: i64) {
        if self.store_credit {
            self.credit(receipt, due);
        } else if self.channel() == System::Marketplace {
            self.marketplace_pays(receipt, due);
        } else {
            self.refund_by_tender(receipt, due);
        }
    }

    pub(super) fn refund_by_tender(&mut self, receipt: &str, mut due: i64) {
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

    pub(super) fn marketplace_pays(&mut self, cause: &str, amount: i64) {
        let notice = RefundNotice {
            order_number: self.number(),
            refund: RefundPart {
                refund_id: RefundId::new(format!("F-{cause}")),
                tender_id: Some("T-1".into()),
                kind: TenderKind::MarketplaceCollected,
                amount: money(amount),
            },
            cause: cause.to_owned(),
            replaces: None,
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
            attempt: 1,
            settlement_amount: None,
        };
        self.effect(System::Psp, Effect::RefundAccepted { refund, cause: cause.to_owned() });
    }

    /// A second attempt at a refund, which arrives.
    pub(in crate::invariants) fn refund_again(&mut self, id: &str, cause: &str, amount: i64) {
        let refund = Refund {
            refund_id: id.into(),
            provider_reference: format!("P-{id}-2"),
            order_number: self.number(),
            tender_id: "T-1".into(),
            capture_id: "C-1".into(),
            amount: money(amount),
            status: RefundStatus::Pending,
            attempt: 2,
            settlement_amount: None,
        };
        self.effect(System::Psp, Effect::RefundAccepted { refund: refund.clone(), cause: cause.to_owned() });
        let refund = Refund { status: RefundStatus::Succeeded, ..refund };
        self.effect(System::Psp, Effect::RefundSucceeded { refund });
    }

    /// A dispute of capture C-1 opens or ends.
    pub(in crate::invariants) fn dispute(&mut self, id: &str, amount: i64, status: DisputeStatus) {
        let dispute = Dispute {
            dispute_id: id.into(),
            order_number: self.number(),
            tender_id: "T-1".into(),
            capture_id: "C-1".into(),
            amount: money(amount),
            reason: "product not received".to_owned(),
            status,
        };
        let effect = if status == DisputeStatus::Open {
            Effect::PaymentDisputed { dispute }
        } else {
            Effect::DisputeClosed { dispute }
        };
        self.commit(System::Psp, true, effect);
    }

    pub(super) fn refund_effects(&self, id: &str) -> Option<Refund> {
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

    /// The ERP has an authorization for so many units.
    pub(in crate::invariants) fn announce(&mut self, rma: &str, quantity: u32) {
        let lines = self.receipt("any", quantity, ConditionGrade::A).lines;
        let authorization = ReturnAuthorization {
            rma_id: rma.into(),
            order_number: self.number(),
            method: ReturnMethod::Mail,
            resolution: Resolution::Refund,
            status: ReturnStatus::Approved,
            gift_recipient_ref: None,
            lines,
            expires_at: Timestamp::MAX,
            tracking_number: None,
            held_receipt_id: None,
            exchange_id: None,
            advance_refund: None,
        };
        self.effect(System::Erp, Effect::ReturnAuthorized { authorization });
    }

    /// A channel asks for a return of so many units.
    pub(in crate::invariants) fn ask_for_return(&mut self, reference: &str, quantity: u32) {
        let request = ReturnRequest {
            order_number: self.number(),
            return_reference: reference.to_owned(),
            method: ReturnMethod::Mail,
            resolution: Resolution::Refund,
            gift_recipient_ref: None,
            lines: self.receipt("any", quantity, ConditionGrade::A).lines,
            exchange: None,
            held_receipt_id: None,
            instant_refund: false,
        };
        let channel = self.channel();
        self.commit(channel, true, Effect::ReturnRequested { request });
    }

    /// The customer keeps what was announced.
    pub(in crate::invariants) fn cancel_return(&mut self, rma: &str) {
        let cancellation =
            ReturnCancellation { order_number: self.number(), rma_id: rma.into(), reason: "kept".to_owned() };
        self.effect(System::Erp, Effect::ReturnAuthorizationCanceled { cancellation });
    }

    fn dock_receipt(&self, id: &str, rma: &str, quantity: u32) -> ReturnReceipt {
        let mut receipt = self.receipt(id, quantity, ConditionGrade::A);
        receipt.lines.retain(|line| line.quantity > 0);
        ReturnReceipt { rma_id: Some(rma.into()), node_id: NODE.into(), grades: Vec::new(), ..receipt }
    }

    /// A dock finds so many units of the order's line in a parcel, and so many of something else.
    pub(in crate::invariants) fn dock_receives(&mut self, id: &str, rma: &str, quantity: u32, strange: u32) {
        let mut receipt = self.dock_receipt(id, rma, quantity);
        if strange > 0 {
            receipt.unexpected = vec![FoundItem { line_id: None, sku: "cap".into(), quantity: strange }];
        }
        self.commit(System::Wms, true, Effect::GoodsReturned { receipt });
    }

    /// A dock has an undelivered parcel in its hands.
    pub(in crate::invariants) fn dock_receives_parcel(&mut self, id: &str, shipment: &str, quantity: u32) {
        let mut receipt = self.dock_receipt(id, "none", quantity);
        receipt.rma_id = None;
        receipt.shipment_id = Some(shipment.into());
        for line in &mut receipt.lines {
            line.reason = ReturnReason::RefusedDelivery;
        }
        self.commit(System::Wms, true, Effect::GoodsReturned { receipt });
    }

    /// The ERP credits units of a lost parcel, or of a receipt.
    pub(in crate::invariants) fn credit_lost(&mut self, cause: &str, quantity: u32) {
        let value = self.value(self.state.returned..self.state.returned + quantity);
        self.state.returned += quantity;
        let credit_memo = CreditMemo {
            erp_document: Some(ErpDocument::new(format!("cm-{cause}"))),
            order_number: self.number(),
            receipt_id: cause.into(),
            lines: Self::units(quantity),
            amount: money(value.gross),
            tax: money(value.tax),
            contributions: Vec::new(),
            retained: None,
            shipping: None,
            settlement: None,
            deferred: None,
            business_date: Some(day_of(self.now())),
            posting: None,
            posting_date: None,
        };
        self.effect(System::Erp, Effect::CreditMemoPosted { credit_memo });
    }

    /// A dock grades so many units of a receipt as new.
    pub(in crate::invariants) fn dock_grades(&mut self, id: &str, quantity: u32) {
        let inspection = Inspection {
            receipt_id: id.into(),
            order_number: self.number(),
            node_id: NODE.into(),
            lines: self.receipt(id, quantity, ConditionGrade::A).grades,
        };
        self.commit(System::Wms, true, Effect::GoodsInspected { inspection });
    }

    /// The ERP books units of a receipt.
    pub(in crate::invariants) fn book_receipt(&mut self, id: &str, rma: &str, quantity: u32) {
        let receipt = self.dock_receipt(id, rma, quantity);
        self.effect(System::Erp, Effect::ReturnReceiptBooked { receipt });
    }

    /// A dock holds so many units of the order's line, and so many of something else.
    pub(in crate::invariants) fn hold(&mut self, id: &str, quantity: u32, strange: u32) {
        let found = |line_id: Option<LineId>, sku: &str, quantity| {
            (quantity > 0).then(|| FoundItem { line_id, sku: sku.into(), quantity })
        };
        let lines = [found(Some("L-1".into()), "shirt", quantity), found(None, "cap", strange)];
        let held = HeldGoods {
            receipt_id: id.into(),
            order_number: self.number(),
            node_id: NODE.into(),
            lines: lines.into_iter().flatten().collect(),
            reason: HoldReason::OverReceipt,
        };
        self.effect(System::Wms, Effect::GoodsHeld { held });
    }
}
