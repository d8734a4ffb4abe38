//! Control totals: what a trailer says that its file holds.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{BatchError, Entry, Record};
use crate::model::Currency;

/// What the records of a file sum to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Units that they speak of.
    #[serde(default)]
    pub units: u64,
    /// Money that they speak of, minor units by currency.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub amounts: BTreeMap<Currency, i64>,
}

impl Totals {
    /// Sums records up.
    pub fn of<'r>(records: impl Iterator<Item = &'r Record>) -> Self {
        let mut totals = Self::default();
        for record in records {
            totals.records += 1;
            totals.add(record);
        }
        totals
    }

    fn add(&mut self, record: &Record) {
        let (units, money) = match record {
            Record::Order(order) => {
                (order.lines.iter().map(|line| u64::from(line.quantity)).sum(), Some(order.total))
            }
            Record::Count(count) => (u64::from(count.quantity), None),
            Record::Return(receipt) => {
                (receipt.lines.iter().map(|line| u64::from(line.quantity)).sum(), None)
            }
            Record::Status(_) => (0, None),
            Record::Refund(notice) => (0, Some(notice.refund.amount)),
        };
        self.units = self.units.saturating_add(units);
        if let Some(money) = money {
            let sum = self.amounts.entry(money.currency).or_default();
            *sum = sum.saturating_add(money.amount);
        }
    }

    /// Holds the trailer against what was read. Where a record cannot be read, only the number of records
    /// can be compared.
    pub(super) fn check(self, entries: &[Entry]) -> Result<(), BatchError> {
        let readable = entries.iter().filter_map(|entry| entry.record.as_ref().ok());
        let mut counted = Self::of(readable);
        let whole = counted.records == entries.len() as u64;
        counted.records = entries.len() as u64;
        if if whole { counted == self } else { counted.records == self.records } {
            return Ok(());
        }
        Err(BatchError::Totals { said: self, counted })
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        write!(
            f,
            "{} record{} with {} unit{}",
            self.records,
            plural(self.records),
            self.units,
            plural(self.units)
        )?;
        for (currency, amount) in &self.amounts {
            write!(f, " and {}", crate::model::Money::new(*amount, *currency))?;
        }
        Ok(())
    }
}
