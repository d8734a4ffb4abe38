//! What the customer agreed to: the few numbers of an order that laws compare with.

use std::collections::{BTreeMap, BTreeSet};

use super::{LinePricing, OrderPricing, Span};
use crate::{
    allocation::Value,
    model::{Currency, ExchangeLink, LineId, Money, Order, OrderLine, SalesChannel, Sku, Tender, TenderKind},
};

/// Units of a line that are valued one by one; further ones are taken at the price before promotions.
const UNITS_VALUED_MAX: u32 = 10_000;

/// An order's terms.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Terms {
    pub(in crate::invariants) channel: SalesChannel,
    pub(in crate::invariants) currency: Currency,
    pub(in crate::invariants) shipping: Value,
    /// What the customer pays in all, and the tax in it.
    pub(in crate::invariants) total: Value,
    /// What lines and shipping sum to, and what tenders do.
    pub(in crate::invariants) sums: [i64; 2],
    pub(in crate::invariants) lines: BTreeMap<LineId, LineTerms>,
    pub(in crate::invariants) tenders: Vec<Tender>,
    /// What the order replaces.
    pub(in crate::invariants) exchange: Option<ExchangeLink>,
    pub(in crate::invariants) pricing: OrderPricing,
    pub(in crate::invariants) seq: u64,
}

/// A line's terms.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct LineTerms {
    pub(in crate::invariants) sku: Sku,
    pub(in crate::invariants) quantity: u32,
    /// It is a gift card.
    pub(in crate::invariants) gift_card: bool,
    /// Jurisdictions and rates at which it was taxed.
    pub(in crate::invariants) rates: BTreeSet<(String, u32)>,
    pub(in crate::invariants) pricing: LinePricing,
    gross: UnitAmounts,
    tax: UnitAmounts,
}

/// Amounts of single units, cheapest first, as running sums.
#[derive(Debug, Clone)]
pub(super) struct UnitAmounts {
    ascending: Vec<i64>,
    further: i64,
}

impl UnitAmounts {
    pub(super) fn new(mut amounts: Vec<i64>, further: i64) -> Self {
        amounts.sort_unstable();
        Self { ascending: amounts, further }
    }

    /// What any choice of so many units may be worth.
    pub(super) fn of(&self, units: u32) -> Span {
        let count = (units as usize).min(self.ascending.len());
        let rest = i64::from(units) - i64::try_from(count).unwrap_or(i64::MAX);
        let further = Span::exactly(self.further.saturating_mul(rest));
        let low = self.ascending.iter().take(count).sum();
        let high = self.ascending.iter().rev().take(count).sum();
        Span { low, high } + further
    }
}

impl LineTerms {
    fn new(order: &Order, line: &OrderLine) -> Self {
        let units = line.quantity.min(UNITS_VALUED_MAX);
        let values: Vec<Value> = (0..units).map(|unit| line.unit_value(unit)).collect();
        Self {
            sku: line.sku.clone(),
            quantity: line.quantity,
            gift_card: line.gift_card,
            rates: line.taxes.iter().map(|tax| (tax.jurisdiction.clone(), tax.rate_ppm)).collect(),
            pricing: LinePricing::new(order, line, units),
            gross: UnitAmounts::new(values.iter().map(|value| value.gross).collect(), line.unit_price.amount),
            tax: UnitAmounts::new(values.iter().map(|value| value.tax).collect(), 0),
        }
    }

    /// Whether stock of a SKU is what was bought.
    pub(in crate::invariants) fn is_made_of(&self, sku: &Sku) -> bool {
        self.sku == *sku
    }

    /// What the customer pays for any choice of so many units, tax included.
    pub(in crate::invariants) fn gross(&self, units: u32) -> Span {
        self.gross.of(units)
    }

    /// What the customer and others pay for any choice of so many units, tax included: what tax is a part of.
    pub(in crate::invariants) fn paid(&self, units: u32) -> Span {
        self.gross(units) + self.pricing.funded_by_all(units)
    }

    /// The tax of any choice of so many units.
    pub(in crate::invariants) fn tax(&self, units: u32) -> Span {
        self.tax.of(units)
    }
}

impl Terms {
    pub(super) fn new(order: &Order, seq: u64) -> Self {
        Self {
            channel: order.sales_channel,
            currency: order.currency,
            shipping: order.shipping_value(),
            sums: [
                order.value().gross,
                order.tenders.iter().fold(0, |sum: i64, tender| sum.saturating_add(tender.amount.amount)),
            ],
            total: Value { gross: order.total.amount, tax: order.value().tax },
            lines: order
                .lines
                .iter()
                .map(|line| (line.line_id.clone(), LineTerms::new(order, line)))
                .collect(),
            tenders: order.tenders.clone(),
            exchange: order.exchange.clone(),
            pricing: OrderPricing::new(order),
            seq,
        }
    }

    /// An amount in the order's currency.
    pub(in crate::invariants) const fn money(&self, amount: i64) -> Money {
        Money::new(amount, self.currency)
    }

    /// What returned goods are to pay of the order.
    pub(in crate::invariants) fn exchange_credit(&self) -> i64 {
        let credits = self.tenders.iter().filter(|tender| tender.kind == TenderKind::ExchangeCredit);
        credits.map(|tender| tender.amount.amount).sum()
    }

    /// Whether a tender of this kind pays a part of the order.
    pub(in crate::invariants) fn has_tender(&self, kind: TenderKind) -> bool {
        self.tenders.iter().any(|tender| tender.kind == kind)
    }
}
