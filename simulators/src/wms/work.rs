//! What a node knows of a fulfillment order and of a parcel: counts per line, and the status they imply.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{
        CorrelationId, FulfillmentCancellation, FulfillmentCancellationResult, FulfillmentOrder,
        FulfillmentStatus, ItemQuantity, LineId, Shipment, SubstitutionProposal,
    },
};

use super::ItemRef;
use crate::kernel::Scene;

/// Units of one line. Canceled, given back and packed units together never exceed the ordered ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) item: ItemQuantity,
    pub(super) canceled: u32,
    pub(super) packed: u32,
    pub(super) shipped: u32,
    /// Given back: the node will not ship them.
    pub(super) unfulfilled: u32,
}

impl Progress {
    /// Neither canceled nor given back nor packed.
    pub(super) const fn open(&self) -> u32 {
        self.item.quantity - self.canceled - self.unfulfilled - self.packed
    }
}

/// A fulfillment order that a node works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) document: FulfillmentOrder,
    pub(super) lines: Vec<Progress>,
    /// Answers to cancellations by identifier, with what was asked.
    pub(super) cancellations: BTreeMap<String, (FulfillmentCancellation, FulfillmentCancellationResult)>,
    /// Substitutes that were proposed and not answered.
    pub(super) proposals: BTreeMap<String, SubstitutionProposal>,
    /// The wave that it was picked in: nothing of it can be stopped any more.
    pub(super) wave: Option<String>,
    /// The chain of messages that the work belongs to.
    pub(super) correlation: CorrelationId,
}

impl Work {
    pub(super) fn new(document: FulfillmentOrder, correlation: CorrelationId) -> Self {
        let line = |item: &ItemQuantity| Progress {
            item: item.clone(),
            canceled: 0,
            packed: 0,
            shipped: 0,
            unfulfilled: 0,
        };
        let lines = document.lines.iter().map(line).collect();
        Self {
            document,
            lines,
            cancellations: BTreeMap::new(),
            proposals: BTreeMap::new(),
            wave: None,
            correlation,
        }
    }

    pub(super) fn progress(&self, line_id: &LineId) -> Option<&Progress> {
        self.lines.iter().find(|line| line.item.line_id == *line_id)
    }

    pub(super) fn progress_mut(&mut self, line_id: &LineId) -> Option<&mut Progress> {
        self.lines.iter_mut().find(|line| line.item.line_id == *line_id)
    }

    pub(super) fn open_units(&self) -> u32 {
        self.lines.iter().map(Progress::open).sum()
    }

    /// Everything that is open.
    pub(super) fn open_items(&self) -> Vec<ItemQuantity> {
        let open = self.lines.iter().filter(|line| line.open() > 0);
        open.map(|line| ItemQuantity { quantity: line.open(), ..line.item.clone() }).collect()
    }

    /// Picks units from open lines; `Err` says how many of which item were open.
    pub(super) fn pick(&self, items: &[(ItemRef, u32)]) -> Result<Vec<ItemQuantity>, String> {
        let mut picked: Vec<ItemQuantity> = Vec::new();
        for (wanted, quantity) in items {
            let mut missing = *quantity;
            for line in self.lines.iter().filter(|line| wanted.fits(&line.item.line_id, &line.item.sku)) {
                let same = picked.iter().filter(|item| item.line_id == line.item.line_id);
                let left = line.open() - same.map(|item| item.quantity).sum::<u32>();
                if left.min(missing) > 0 {
                    add(&mut picked, ItemQuantity { quantity: left.min(missing), ..line.item.clone() });
                    missing -= left.min(missing);
                }
            }
            if missing > 0 {
                return Err(format!("{} of {quantity} units of {wanted} are open", quantity - missing));
            }
        }
        Ok(picked)
    }

    pub(super) fn count_packed(&mut self, items: &[ItemQuantity]) {
        for item in items {
            if let Some(line) = self.progress_mut(&item.line_id) {
                line.packed += item.quantity;
            }
        }
    }

    /// Counts units that the node gives back.
    pub(super) fn count_unfulfilled(&mut self, items: &[ItemQuantity]) {
        for item in items {
            if let Some(line) = self.progress_mut(&item.line_id) {
                line.unfulfilled += item.quantity;
            }
        }
    }

    /// Whether anything is packed, or has left.
    pub(super) fn anything_packed(&self) -> bool {
        self.lines.iter().any(|line| line.packed > 0)
    }

    pub(super) fn count_shipped(&mut self, items: &[ItemQuantity]) {
        for item in items {
            if let Some(line) = self.progress_mut(&item.line_id) {
                line.shipped += item.quantity;
            }
        }
    }

    /// The status that the counts imply.
    fn implied(&self) -> FulfillmentStatus {
        let sum = |count: fn(&Progress) -> u32| self.lines.iter().map(count).sum::<u32>();
        let left = sum(|line| line.item.quantity - line.canceled - line.unfulfilled);
        match sum(|line| line.shipped) {
            0 if left == 0 && sum(|line| line.canceled) == 0 => FulfillmentStatus::Rejected,
            0 if left == 0 => FulfillmentStatus::Canceled,
            0 => FulfillmentStatus::Accepted,
            shipped if shipped == left => FulfillmentStatus::Shipped,
            _ => FulfillmentStatus::PartiallyShipped,
        }
    }

    /// Takes the status that the counts imply, and commits that it changed.
    pub(super) fn settle(&mut self, scene: &mut Scene<'_>) {
        let (from, to) = (self.document.status, self.implied());
        if from == to {
            return;
        }
        self.document.status = to;
        let fulfillment_order_id = self.document.fulfillment_order_id.clone();
        let change = Effect::FulfillmentStatusChanged { fulfillment_order_id, from, to };
        scene.commit_for(&self.document.order_number, change);
    }
}

/// Adds units to the entry of their line.
fn add(items: &mut Vec<ItemQuantity>, item: ItemQuantity) {
    match items.iter_mut().find(|known| known.line_id == item.line_id) {
        Some(known) => known.quantity += item.quantity,
        None => items.push(item),
    }
}

/// A packed parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parcel {
    pub(super) shipment: Shipment,
    /// Whether it leaves as soon as it has a label.
    pub(super) ship_wish: bool,
    pub(super) correlation: CorrelationId,
}
