//! What is known of money that was granted without goods coming back, unit by unit.

use std::collections::BTreeMap;

use counterproof_contracts::{
    allocation::Value,
    model::{Date, LineId, OrderLine, PriceAdjustment, ReceiptId},
};
use serde::{Deserialize, Serialize};

use super::{
    booking,
    document::DocumentState,
    state::{Chain, OrderProcess, Units, Way},
};

/// Money that was granted without goods coming back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantState {
    /// What it is known under, as a receipt of goods is: refunds and documents name it as their cause.
    pub cause: ReceiptId,
    /// The price adjustment that was asked for; absent where the customer keeps goods that are paid back in full.
    pub adjustment: Option<PriceAdjustment>,
    /// The chain that asked.
    pub chain: Chain,
    /// On which units, and how much on each.
    pub units: Vec<GrantedUnits>,
    /// How much of the charge for shipping.
    pub shipping: i64,
    /// The day on which it was granted.
    pub granted_on: Date,
    /// Where its credit memo stands.
    #[serde(default)]
    pub memo: DocumentState,
}

/// Consecutive units of a line, and what is granted on each, minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedUnits {
    /// The line.
    pub line_id: LineId,
    /// The first unit, counted from 0.
    pub first: u32,
    /// One entry for each unit.
    pub unit_amounts: Vec<i64>,
}

impl GrantedUnits {
    /// What is granted on a unit of a line.
    pub fn on(&self, line: &LineId, unit: u32) -> i64 {
        let place = unit.checked_sub(self.first).filter(|_| self.line_id == *line);
        place.and_then(|place| self.unit_amounts.get(place as usize)).copied().unwrap_or(0)
    }

    /// Which units.
    pub fn units(&self) -> Units {
        let quantity = u32::try_from(self.unit_amounts.len()).unwrap_or(u32::MAX);
        Units { line_id: self.line_id.clone(), first: self.first, quantity }
    }
}

impl GrantState {
    /// What is granted on a unit.
    pub fn on(&self, line: &LineId, unit: u32) -> i64 {
        self.units.iter().map(|granted| granted.on(line, unit)).sum()
    }

    /// What is granted in all, minor units.
    pub fn amount(&self) -> i64 {
        self.units.iter().flat_map(|granted| &granted.unit_amounts).sum::<i64>() + self.shipping
    }
}

/// A part of a price: of what was paid, from one amount on up to another. What is taxed of it, and the tax, are the
/// same part of the whole; over all parts they sum to the whole exactly.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) paid: i64,
}

impl Part {
    /// The same part of another whole.
    pub(super) fn of(self, whole: i64) -> i64 {
        self.up_to(whole, self.to) - self.up_to(whole, self.from)
    }

    fn up_to(self, whole: i64, amount: i64) -> i64 {
        if amount <= 0 {
            return 0;
        }
        if amount >= self.paid {
            return whole;
        }
        let share = i128::from(whole) * i128::from(amount) / i128::from(self.paid);
        i64::try_from(share).unwrap_or(whole)
    }
}

impl OrderProcess {
    /// Whether a unit was paid back in full although the customer keeps it.
    fn is_kept(&self, line: &LineId, unit: u32) -> bool {
        let kept =
            self.grants.iter().filter(|grant| grant.adjustment.is_none()).flat_map(|grant| &grant.units);
        kept.map(GrantedUnits::units).any(|units| units.line_id == *line && units.range().contains(&unit))
    }

    /// Units of a line that were paid back in full although the customer keeps them.
    pub fn kept(&self, line: &LineId) -> u32 {
        let kept =
            self.grants.iter().filter(|grant| grant.adjustment.is_none()).flat_map(|grant| &grant.units);
        kept.map(GrantedUnits::units).filter(|units| units.line_id == *line).map(|units| units.quantity).sum()
    }

    /// Units of a line in the order in which they come back, after so many; those that are kept never do. Which of those that
    /// came or were lost is which does not matter as long as all of them are ahead.
    pub fn units_after(&self, line: &LineId, ahead: u32, quantity: u32) -> Vec<Units> {
        let left = (0..self.counts(line).shipped).filter(|unit| !self.is_kept(line, *unit));
        consecutive(line, left.skip(ahead as usize).take(quantity as usize))
    }

    /// The units that a receipt's goods are, when they are graded: the first that are neither kept nor gone, after those of
    /// receipts before it that are not graded yet.
    pub fn units_of_receipt(&self, index: usize, line: &LineId, quantity: u32) -> Vec<Units> {
        let before = self.receipts.iter().take(index);
        let waiting = before.filter(|receipt| receipt.graded.is_none() && receipt.way != Way::Found);
        let lines = waiting.flat_map(|receipt| &receipt.receipt.lines).filter(|came| came.line_id == *line);
        let ahead: u32 = lines.map(|came| came.quantity).sum();
        let there = |unit: &u32| !self.is_kept(line, *unit) && !self.is_gone(line, *unit);
        let left = (0..self.counts(line).shipped).filter(there);
        consecutive(line, left.skip(ahead as usize).take(quantity as usize))
    }

    /// Whether a unit came back, or was given up.
    pub fn is_gone(&self, line: &LineId, unit: u32) -> bool {
        let graded = self.receipts.iter().filter_map(|receipt| receipt.graded.as_ref());
        graded
            .flat_map(|graded| &graded.units)
            .any(|units| units.line_id == *line && units.range().contains(&unit))
    }

    /// What was granted on a unit so far.
    pub fn granted(&self, line: &LineId, unit: u32) -> i64 {
        self.grants.iter().map(|grant| grant.on(line, unit)).sum()
    }

    /// What was granted of the charge for shipping so far.
    pub fn granted_on_shipping(&self) -> i64 {
        self.grants.iter().map(|grant| grant.shipping).sum()
    }

    /// What was paid for a unit by the customer and by others, with its tax: what a part is a part of.
    pub(super) fn paid(&self, line: &OrderLine, unit: u32) -> i64 {
        let by_others: i64 = self.order.contributions(line, unit..unit.saturating_add(1)).values().sum();
        line.unit_value(unit).gross.saturating_add(by_others)
    }

    /// What was paid for shipping by the customer and by others, with its tax.
    pub(super) fn paid_for_shipping(&self) -> i64 {
        let by_others: i64 = self.order.shipping_contributions().values().sum();
        self.order.shipping_value().gross.saturating_add(by_others)
    }

    /// What was not granted of the charge for shipping, where anything is left of it.
    pub(super) fn rest_of_shipping(&self) -> Option<Part> {
        let (from, paid) = (self.granted_on_shipping(), self.paid_for_shipping());
        (from < paid).then_some(Part { from, to: paid, paid })
    }

    /// What is left of the worth of shipping after what was granted of it.
    pub(super) fn shipping_left(&self) -> Value {
        let (all, granted) = (self.order.shipping_value(), self.granted_on_shipping());
        let part = Part { from: 0, to: granted, paid: self.paid_for_shipping() };
        Value { gross: all.gross - granted, tax: all.tax - booking::shipping_tax(self, part) }
    }

    /// Units with all of their prices.
    pub(super) fn whole(&self, units: &[Units]) -> Parts {
        self.parts(units, |_, _| 0)
    }

    /// Units with what was not granted of their prices.
    pub(super) fn rest(&self, units: &[Units]) -> Parts {
        self.parts(units, |line, unit| self.granted(line, unit))
    }

    fn parts(&self, units: &[Units], from: impl Fn(&LineId, u32) -> i64) -> Parts {
        let mut parts = Parts::new();
        for units in units {
            let Some(line) = self.order.line(&units.line_id) else { continue };
            let of_line = parts.entry(units.line_id.clone()).or_default();
            of_line.extend(units.range().map(|unit| {
                let paid = self.paid(line, unit);
                (unit, Part { from: from(&units.line_id, unit), to: paid, paid })
            }));
        }
        parts
    }

    /// What is left of the worth of units after what was granted on them.
    pub fn value_left(&self, units: &[Units]) -> Value {
        let mut left = Value::default();
        for (line_id, parts) in self.rest(units) {
            let Some(line) = self.order.line(&line_id) else { continue };
            for (unit, part) in parts {
                let taxes = line.taxes.iter().filter_map(|tax| tax.unit_amounts.get(unit as usize));
                let gross = line.unit_value(unit).gross.saturating_sub(part.from);
                left = left + Value { gross, tax: taxes.map(|tax| part.of(*tax)).sum() };
            }
        }
        left
    }
}

/// Parts of units, by line.
pub(super) type Parts = BTreeMap<LineId, Vec<(u32, Part)>>;

/// Units of a line, run by run.
fn consecutive(line: &LineId, indices: impl Iterator<Item = u32>) -> Vec<Units> {
    let mut units: Vec<Units> = Vec::new();
    for unit in indices {
        match units.last_mut() {
            Some(last) if last.range().end == unit => last.quantity += 1,
            _ => units.push(Units { line_id: line.clone(), first: unit, quantity: 1 }),
        }
    }
    units
}
