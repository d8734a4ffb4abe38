//! By when goods arrive, and what customers are told of it.

use jiff::SignedDuration;

use super::*;

impl History {
    /// The order was promised to arrive so many hours after it was placed.
    pub(in crate::invariants) fn promised(hours: i64) -> Self {
        let mut history = Self::accepted();
        history.promise_first(hours);
        history
    }

    pub(in crate::invariants) fn promise_first(&mut self, hours: i64) {
        self.edit(|effect| {
            if let Effect::OrderPlaced { order } = effect {
                order.promised_by = Timestamp::UNIX_EPOCH.checked_add(SignedDuration::from_hours(hours)).ok();
            }
        });
    }

    /// So many hours pass, in which nothing is recorded.
    pub(in crate::invariants) fn pass(&mut self, hours: i64) {
        self.passed += SignedDuration::from_hours(hours);
    }

    /// The channel shows another date, so many hours from now.
    pub(in crate::invariants) fn revise(&mut self, revision: u32, hours: i64, reason: DelayReason) {
        self.revise_asking(revision, hours, reason, None);
    }

    /// The same, with so many hours to say whether to wait.
    pub(in crate::invariants) fn revise_asking(
        &mut self,
        revision: u32,
        hours: i64,
        reason: DelayReason,
        answer: Option<i64>,
    ) {
        let after = |hours: i64| {
            let now = self.now();
            now.checked_add(SignedDuration::from_hours(hours)).unwrap_or(now)
        };
        let (promised_by, consent_by) = (after(hours), answer.map(after));
        self.promises =
            vec![RevisedPromise { line_id: "L-1".into(), revision, promised_by, reason, consent_by }];
        self.show(self.status);
    }

    /// The channel forgets which dates it told.
    pub(in crate::invariants) fn forget_dates(&mut self) {
        self.promises.clear();
        self.show(self.status);
    }

    /// The customer agrees to wait.
    pub(in crate::invariants) fn accept_delay(&mut self, revision: u32) {
        let consent = DelayConsent { order_number: self.number(), line_id: "L-1".into(), revision };
        self.commit(self.channel(), true, Effect::DelayAccepted { consent });
    }

    /// The ERP promises the units, which are not there yet.
    pub(in crate::invariants) fn backorder(&mut self, quantity: u32) {
        let reservation = Reservation {
            reservation_id: "RS-9".into(),
            order_number: self.number(),
            lines: Vec::new(),
            backordered: Self::items(quantity),
            expires_at: None,
        };
        self.effect(System::Erp, Effect::StockBackordered { reservation });
    }

    /// Units are claimed at a store, which takes longer than others.
    pub(in crate::invariants) fn claim_at_slow_node(&mut self) {
        let item = Self::items(1).remove(0);
        let line =
            ReservedLine { line_id: item.line_id, sku: item.sku, node_id: "store-12".into(), quantity: 1 };
        let reservation = Reservation {
            reservation_id: "RS-9".into(),
            order_number: self.number(),
            lines: vec![line],
            backordered: Vec::new(),
            expires_at: None,
        };
        self.effect(System::Erp, Effect::StockReserved { reservation });
    }

    /// The carrier expects to deliver a parcel so many hours from now.
    pub(in crate::invariants) fn estimate(&mut self, shipment: &str, hours: i64) {
        self.scan(shipment, ScanCode::InTransit);
        let expected = self.now().checked_add(SignedDuration::from_hours(hours)).ok();
        if let Some(Record { entry: Entry::Effect(committed), .. }) = self.records.last_mut()
            && let Effect::ParcelScanned { scan } = &mut committed.effect
        {
            scan.estimated_delivery = expected;
        }
    }
}
