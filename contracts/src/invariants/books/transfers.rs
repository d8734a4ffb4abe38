//! Transfers between places: what left, came and was lost, and what the ERP booked of it.

use std::collections::BTreeMap;

use crate::{
    journal::{Committed, Effect},
    model::{
        CorrelationId, InventoryMovement, Sku, StockCondition, TransferId, TransferLine, TransferPostingKind,
    },
};

/// Units of one SKU in one transfer: what happened, and what is booked.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct Entry {
    /// Units that left, came and were given up.
    pub(in crate::invariants) dispatched: i64,
    pub(in crate::invariants) received: i64,
    pub(in crate::invariants) lost: i64,
    /// What the ERP booked of each.
    pub(in crate::invariants) booked: BTreeMap<TransferPostingKind, i64>,
    /// Units that its ledger has on the way.
    pub(in crate::invariants) in_transit: i64,
    /// Where all that stands in the journal.
    pub(in crate::invariants) seqs: Vec<u64>,
}

impl Entry {
    /// Units that the ERP booked.
    pub(in crate::invariants) fn booked(&self, kind: TransferPostingKind) -> i64 {
        self.booked.get(&kind).copied().unwrap_or(0)
    }
}

/// A transfer with its scenario.
#[derive(Debug, Default)]
struct Book {
    scenario: Option<String>,
    /// The chain in which it left.
    chain: Option<CorrelationId>,
    skus: BTreeMap<Sku, Entry>,
}

/// All transfers.
#[derive(Debug, Default)]
pub(in crate::invariants) struct TransferBook(BTreeMap<TransferId, Book>);

impl TransferBook {
    /// The transfers of a scenario.
    pub(in crate::invariants) fn of_scenario(
        &self,
        scenario: Option<&str>,
    ) -> impl Iterator<Item = (&TransferId, &BTreeMap<Sku, Entry>)> {
        let of = self.0.iter().filter(move |(_, book)| book.scenario.as_deref() == scenario);
        of.map(|(transfer_id, book)| (transfer_id, &book.skus))
    }

    /// A transfer.
    pub(in crate::invariants) fn transfer(&self, transfer_id: &TransferId) -> Option<&BTreeMap<Sku, Entry>> {
        self.0.get(transfer_id).map(|book| &book.skus)
    }

    /// Whether a SKU was sent from one place to another in a chain.
    pub(in crate::invariants) fn is_chain_of(&self, chain: &CorrelationId, sku: &Sku) -> bool {
        self.0.values().any(|book| book.chain.as_ref() == Some(chain) && book.skus.contains_key(sku))
    }

    /// Drops what belongs to a scenario.
    pub(super) fn forget(&mut self, scenario: &str) {
        self.0.retain(|_, book| book.scenario.as_deref() != Some(scenario));
    }

    #[cfg(test)]
    pub(super) fn entries(&self) -> usize {
        self.0.values().map(|book| 1 + book.skus.len()).sum()
    }

    pub(super) fn apply(&mut self, seq: u64, committed: &Committed, scenario: Option<&str>) {
        match &committed.effect {
            Effect::TransferDispatched { transfer } => {
                self.add(seq, &transfer.transfer_id, &transfer.lines, scenario, |entry, units| {
                    entry.dispatched += units;
                });
                if let Some(book) = self.0.get_mut(&transfer.transfer_id) {
                    book.chain.clone_from(&committed.correlation);
                }
            }
            Effect::TransferReceived { receipt } => {
                self.add(seq, &receipt.transfer_id, &receipt.lines, scenario, |entry, units| {
                    entry.received += units;
                });
            }
            Effect::TransferLost { loss } => {
                self.add(seq, &loss.transfer_id, &loss.lines, scenario, |entry, units| entry.lost += units);
            }
            Effect::TransferPosted { posting } => {
                self.add(seq, &posting.transfer_id, &posting.lines, scenario, |entry, units| {
                    *entry.booked.entry(posting.kind).or_default() += units;
                });
            }
            Effect::StockMoved { movement } if movement.condition == StockCondition::InTransit => {
                self.moved(seq, movement);
            }
            _ => {}
        }
    }

    fn add(
        &mut self,
        seq: u64,
        transfer_id: &TransferId,
        lines: &[TransferLine],
        scenario: Option<&str>,
        add: impl Fn(&mut Entry, i64),
    ) {
        let book = self.0.entry(transfer_id.clone()).or_default();
        if book.scenario.is_none() {
            book.scenario = scenario.map(str::to_owned);
        }
        for line in lines {
            let entry = book.skus.entry(line.sku.clone()).or_default();
            add(entry, i64::from(line.quantity));
            entry.seqs.push(seq);
        }
    }

    fn moved(&mut self, seq: u64, movement: &InventoryMovement) {
        let book = self.0.get_mut(&TransferId::new(&movement.cause));
        if let Some(entry) = book.and_then(|book| book.skus.get_mut(&movement.sku)) {
            entry.in_transit += movement.quantity;
            entry.seqs.push(seq);
        }
    }
}
