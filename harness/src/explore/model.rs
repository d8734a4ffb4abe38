//! The reference model: what has happened to the goods so far, as far as it decides what may sensibly happen next. It
//! does not say what systems must show; that is the laws' part.

use std::collections::BTreeMap;

use super::act::{Act, Items, Part};

/// Products that are ordered.
pub(super) const PRODUCTS: [&str; 3] = ["linen shirt", "denim jacket", "cotton socks"];

/// Where the goods of a history are.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Model {
    shelves: Vec<(&'static str, &'static str)>,
    stock: BTreeMap<&'static str, u32>,
    open: BTreeMap<&'static str, u32>,
    with_customer: BTreeMap<&'static str, u32>,
    announced: BTreeMap<&'static str, u32>,
    ungraded: u32,
    arrived: Option<Items>,
    quarantined: BTreeMap<&'static str, u32>,
    channel: Option<&'static str>,
    gift: bool,
    euro: bool,
    moved: bool,
    packed: bool,
    seen: Vec<&'static str>,
}

fn units(of: &BTreeMap<&'static str, u32>, product: &str) -> u32 {
    of.get(product).copied().unwrap_or(0)
}

fn take(from: &mut BTreeMap<&'static str, u32>, (product, count): Items) {
    let left = from.entry(product).or_default();
    *left = left.saturating_sub(count);
}

fn add(to: &mut BTreeMap<&'static str, u32>, (product, count): Items) {
    *to.entry(product).or_default() += count;
}

impl Model {
    /// A model of a domestic shop.
    pub(super) fn new() -> Self {
        Self { euro: true, ..Self::default() }
    }

    /// Whether an order was placed.
    pub(super) const fn has_order(&self) -> bool {
        self.channel.is_some()
    }

    /// Units of a product that were ordered and have not left.
    pub(super) fn open(&self, product: &str) -> u32 {
        units(&self.open, product)
    }

    /// Units that the customer has and did not announce to send back.
    pub(super) fn returnable(&self, product: &str) -> u32 {
        units(&self.with_customer, product).saturating_sub(units(&self.announced, product))
    }

    /// Units that are announced to come back.
    pub(super) fn announced(&self, product: &str) -> u32 {
        units(&self.announced, product)
    }

    /// The products of which there is something to do, as `units` counts it.
    pub(super) fn products(&self, units: impl Fn(&Self, &str) -> u32) -> Vec<&'static str> {
        PRODUCTS.into_iter().filter(|product| units(self, product) > 0).collect()
    }

    /// Units in quarantine.
    pub(super) fn quarantined(&self, product: &str) -> u32 {
        units(&self.quarantined, product)
    }

    fn anything_open(&self) -> bool {
        self.open.values().any(|count| *count > 0)
    }

    fn anything_left(&self) -> bool {
        self.packed
    }

    /// Whether an act makes sense now.
    pub(super) fn admits(&self, act: &Act) -> bool {
        if act.part() == Part::Setting && self.has_order() {
            return false;
        }
        if act.part() == Part::Command && !self.has_order() && !matches!(act, Act::Order { .. }) {
            return false;
        }
        match act {
            Act::Stock { items, place } => !self.shelves.contains(&(items.0, place)),
            Act::Listed { product } => units(&self.stock, product) > 0,
            Act::Promotion { .. } | Act::Paid { .. } | Act::Country { .. } => self.euro && !self.seen(act),
            Act::Settlement => !self.euro && !self.seen(act),
            Act::Gift
            | Act::Provider { .. }
            | Act::Flaw { .. }
            | Act::Replay
            | Act::Pass { .. }
            | Act::Kill => !self.seen(act),
            Act::Order { items, channel } => {
                let plain = self.euro && !self.gift || matches!(*channel, "web shop" | "mobile app");
                !self.has_order() && plain && items.iter().all(|(product, _)| units(&self.stock, product) > 0)
            }
            // Of two orders that arrive after a kill either may be the one that is taken.
            Act::SubmitAgain { how } => {
                let fair = !how.contains("another number") || !self.seen(&Act::Kill);
                self.channel == Some("web shop") && fair && !self.seen(act)
            }
            Act::Cancel { items: None } | Act::ShipAll => self.anything_open(),
            Act::Cancel { items: Some(items) } | Act::Ship { items } | Act::GivenBack { items, .. } => {
                self.open(items.0) >= items.1
            }
            Act::Readdress | Act::Grant { .. } => {
                self.channel == Some("web shop")
                    && !self.packed
                    && !self.moved
                    && self.euro
                    && !self.seen(act)
            }
            Act::Deliver | Act::Scan { .. } => self.anything_left(),
            Act::Bring { who, items, .. } => {
                self.returnable(items.0) >= items.1 && (*who == "recipient") == self.gift
            }
            Act::Ask { who, items, .. } => {
                self.returnable(items.0) >= items.1
                    && self.announced.values().all(|count| *count == 0)
                    && (*who == "recipient") == self.gift
            }
            Act::Arrive { items, .. } => {
                self.ungraded == 0
                    && self.announced(items.0) > 0
                    && units(&self.with_customer, items.0) >= items.1
            }
            Act::Grade { .. } => self.ungraded > 0,
            Act::TakeBack => self.announced.values().any(|count| *count > 0) && self.ungraded == 0,
            Act::Exchange { items, .. } => {
                self.returnable(items.0) >= items.1
                    && !self.gift
                    && self.euro
                    && self.channel == Some("web shop")
                    && units(&self.stock, "wool sweater") > 0
                    && !self.seen(act)
            }
            Act::Dispose { items, .. } => self.quarantined(items.0) >= items.1,
            Act::Payment { .. } => self.anything_left() && !self.seen(act),
            Act::Call { .. } | Act::Message { .. } | Act::Habit { .. } => true,
        }
    }

    fn seen(&self, act: &Act) -> bool {
        self.seen.contains(&name(act))
    }

    /// Lets it happen.
    pub(super) fn apply(&mut self, act: &Act) {
        self.seen.push(name(act));
        match act {
            Act::Stock { items, place } => {
                self.shelves.push((items.0, place));
                add(&mut self.stock, *items);
            }
            Act::Country { .. } => self.euro = false,
            Act::Gift => self.gift = true,
            Act::Order { items, channel } => {
                self.channel = Some(channel);
                // What is not there rejects the order: nothing of it can be shipped.
                if items.iter().all(|(product, count)| units(&self.stock, product) >= *count) {
                    items.iter().for_each(|items| add(&mut self.open, *items));
                }
            }
            Act::Cancel { items: None } => self.open.clear(),
            // Where units that are given back are found again is the nodes' affair; the history does not count on them.
            Act::Cancel { items: Some(items) } | Act::GivenBack { items, .. } => take(&mut self.open, *items),
            Act::Readdress | Act::Grant { .. } => self.moved = true,
            Act::Ship { items } => {
                self.packed = true;
                take(&mut self.open, *items);
                add(&mut self.with_customer, *items);
            }
            Act::ShipAll => {
                self.packed = true;
                for (product, count) in std::mem::take(&mut self.open) {
                    add(&mut self.with_customer, (product, count));
                }
            }
            Act::Bring { items, .. } | Act::Exchange { items, .. } => take(&mut self.with_customer, *items),
            Act::Ask { items, .. } => add(&mut self.announced, *items),
            Act::Arrive { items, .. } => {
                take(&mut self.with_customer, *items);
                self.announced.clear();
                self.ungraded = items.1;
                self.arrived = Some(*items);
            }
            Act::Grade { grade } => {
                self.ungraded = 0;
                if let Some(items) = self.arrived.take().filter(|_| *grade == "worn") {
                    add(&mut self.quarantined, items);
                }
            }
            Act::TakeBack => self.announced.clear(),
            Act::Dispose { items, .. } => take(&mut self.quarantined, *items),
            _ => {}
        }
    }
}

/// What happens once at most.
fn name(act: &Act) -> &'static str {
    match act {
        Act::Promotion { .. } => "promotion",
        Act::Paid { .. } => "paid",
        Act::Country { .. } => "country",
        Act::Settlement => "settlement",
        Act::Gift => "gift",
        Act::Flaw { what } | Act::Provider { what } | Act::Payment { what } | Act::Pass { what } => what,
        Act::SubmitAgain { how } => how,
        Act::Readdress => "readdress",
        Act::Grant { .. } => "grant",
        Act::Exchange { .. } => "exchange",
        Act::Replay => "replay",
        Act::Kill => "kill",
        _ => "",
    }
}
