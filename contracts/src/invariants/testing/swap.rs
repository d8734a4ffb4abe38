//! An exchange as two histories: an order whose unit comes back, and the order that replaces it.

use super::{History, Life, renamed};
use crate::{
    journal::{Effect, Entry, Record, Settled},
    model::{
        ConditionGrade, Currency, ExchangeLink, ExchangeRequest, ExchangeSettlement, ExchangeSettlementKind,
        Money, OrderStatus, Resolution, ReturnLine, ReturnMethod, ReturnReason, ReturnRequest, System,
        Tender, TenderKind,
    },
};

/// What one unit of the order is worth.
const WORTH: i64 = 4_990;
/// The replacement's number.
const REPLACEMENT: &str = "W-17-S-1";

/// An exchange of one unit of `W-17` for one of another SKU.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Swap {
    /// What the goods pay of the replacement.
    pub(in crate::invariants) credit: i64,
    /// What the customer pays for it beside.
    pub(in crate::invariants) charge: i64,
    /// What the customer gets back for the goods.
    pub(in crate::invariants) refund: i64,
    /// How often the goods pay.
    pub(in crate::invariants) times: u32,
    /// Why they come back.
    pub(in crate::invariants) reason: ReturnReason,
    /// The replacement leaves before the goods come back.
    pub(in crate::invariants) leaves_first: bool,
    /// The replacement never leaves; its channel shows this.
    pub(in crate::invariants) ends: Option<OrderStatus>,
    /// Another order replaces the same goods.
    pub(in crate::invariants) second: bool,
}

const fn money(amount: i64) -> Money {
    Money::new(amount, Currency::EUR)
}

impl Swap {
    /// The replacement costs so much more.
    pub(in crate::invariants) const fn up(charge: i64) -> Self {
        Self {
            credit: WORTH,
            charge,
            refund: 0,
            times: 1,
            reason: ReturnReason::SizeSmall,
            leaves_first: false,
            ends: None,
            second: false,
        }
    }

    /// The replacement costs so much less.
    pub(in crate::invariants) const fn down(refund: i64) -> Self {
        Self { credit: WORTH - refund, refund, ..Self::up(0) }
    }

    /// The journal: both orders, what is settled between them, and rest.
    pub(in crate::invariants) fn records(&self) -> Vec<Record> {
        let (mut original, mut replacement) = (History::shipped(), self.replacement());
        if !self.leaves_first {
            // Nothing is asked of a node before the goods have paid.
            replacement.remove(|effect| matches!(effect, Effect::FulfillmentOrderReceived { .. }));
        }
        original.happen(System::Storefront, self.request(&replacement));
        let mut records = original.records();
        let mut done = records.len();
        records.extend(self.named(&replacement.records(), REPLACEMENT));
        let mut left = replacement.records().len();
        if self.second {
            records.extend(self.named(&replacement.records(), "W-17-S-1-2"));
        }
        let mut go = |records: &mut Vec<Record>| {
            if let Some(status) = self.ends {
                replacement.show(status);
            } else {
                replacement.ship_parcel("S-1", 1);
                self.price(&mut replacement);
            }
            let all = self.named(&replacement.records(), REPLACEMENT);
            records.extend(all.into_iter().skip(left));
            left = usize::MAX;
        };
        if self.leaves_first {
            go(&mut records);
        }
        self.come_back(&mut original);
        records.extend(original.records().into_iter().skip(done));
        done = original.records().len();
        for number in 0..self.times {
            original.happen(System::Erp, self.settlement(number));
        }
        records.extend(original.records().into_iter().skip(done));
        if !self.leaves_first {
            go(&mut records);
        }
        Self::at_rest(records)
    }

    fn at_rest(mut records: Vec<Record>) -> Vec<Record> {
        if let Some(last) = records.last().cloned() {
            let entry = Entry::Settled(Settled { at_rest: true, waited_ms: 1, ..Settled::default() });
            records.push(Record { entry, ..last });
        }
        for (record, seq) in records.iter_mut().zip(1..) {
            record.seq = seq;
        }
        records
    }

    fn replacement(&self) -> History {
        let life =
            Life { quantity: 1, price: self.credit + self.charge, parcels: Vec::new(), ..Life::default() };
        life.accepted()
    }

    /// The card pays its part only.
    fn price(&self, replacement: &mut History) {
        let charge = self.charge;
        replacement.edit(|effect| {
            if let Effect::PaymentCaptured { capture } = effect {
                capture.amount.amount = charge;
            }
        });
        if charge == 0 {
            replacement.remove(|effect| matches!(effect, Effect::PaymentCaptured { .. }));
        }
    }

    /// Records of the replacement under its number, with its link and tenders.
    fn named(&self, records: &[Record], number: &str) -> Vec<Record> {
        let mut records = renamed(records, number.trim_start_matches("W-17-"));
        for record in &mut records {
            record.scenario = Some("S-1".to_owned());
            let Entry::Effect(committed) = &mut record.entry else { continue };
            if let Effect::OrderPlaced { order } = &mut committed.effect {
                order.exchange =
                    Some(ExchangeLink { exchange_id: "EX-1".into(), order_number: "W-17".into() });
                let tender = |id: &str, kind, amount| Tender {
                    tender_id: id.into(),
                    kind,
                    amount: money(amount),
                    payment_token: None,
                    account_id: None,
                };
                order.tenders = vec![
                    tender("T-1", TenderKind::Card, self.charge),
                    tender("T-2", TenderKind::ExchangeCredit, self.credit),
                ];
            }
        }
        records
    }

    fn request(&self, replacement: &History) -> Effect {
        let replacement = Box::new(replacement.order());
        Effect::ReturnRequested {
            request: ReturnRequest {
                order_number: "W-17".into(),
                return_reference: "RR-1".to_owned(),
                method: ReturnMethod::Mail,
                resolution: Resolution::Exchange,
                gift_recipient_ref: None,
                lines: vec![ReturnLine {
                    line_id: "L-1".into(),
                    sku: "shirt".into(),
                    quantity: 1,
                    reason: self.reason,
                }],
                exchange: Some(ExchangeRequest { exchange_id: "EX-1".into(), replacement }),
                held_receipt_id: None,
                instant_refund: false,
            },
        }
    }

    /// One unit comes back; what the goods do not pay is refunded.
    fn come_back(&self, original: &mut History) {
        original.return_units("R-1", 1, ConditionGrade::A);
        let refund = self.refund;
        original.edit(|effect| {
            if let Effect::RefundAccepted { refund: given, .. } | Effect::RefundSucceeded { refund: given } =
                effect
            {
                given.amount.amount = refund;
            }
        });
        if refund == 0 {
            original.remove(|effect| {
                matches!(effect, Effect::RefundAccepted { .. } | Effect::RefundSucceeded { .. })
            });
        }
    }

    fn settlement(&self, number: u32) -> Effect {
        Effect::ExchangeSettled {
            settlement: ExchangeSettlement {
                settlement_id: format!("xs-{number}"),
                exchange_id: "EX-1".into(),
                order_number: "W-17".into(),
                replacement_order_number: REPLACEMENT.into(),
                kind: ExchangeSettlementKind::Applied,
                amount: money(self.credit),
                cause: "R-1".to_owned(),
            },
        }
    }
}
