//! What is still under way: undelivered events, calls without an answer, whatever a fault holds back.
//!
//! A scenario is at rest when none of it is left. Nobody has to poll: each change is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

/// The list of open work. Clones show the same list.
#[derive(Clone)]
pub(super) struct Work(Arc<Shared>);

struct Shared {
    items: Mutex<Items>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Items {
    last: u64,
    open: BTreeMap<u64, Item>,
}

struct Item {
    scenario: Option<String>,
    text: String,
}

/// A piece of open work; it is done when this is dropped.
pub(super) struct OpenWork {
    number: u64,
    work: Work,
}

impl Work {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared { items: Mutex::default(), changes: watch::Sender::new(0) }))
    }

    /// Opens a piece of work of a scenario.
    pub(super) fn open(&self, scenario: Option<String>, text: String) -> OpenWork {
        let mut items = self.items();
        items.last += 1;
        let number = items.last;
        items.open.insert(number, Item { scenario, text });
        drop(items);
        self.tell();
        OpenWork { number, work: self.clone() }
    }

    /// The open work of a scenario, or with `None` all open work, oldest first.
    pub(super) fn list(&self, scenario: Option<&str>) -> Vec<String> {
        let items = self.items();
        let of_scenario = |item: &&Item| scenario.is_none() || item.scenario.as_deref() == scenario;
        items.open.values().filter(of_scenario).map(|item| item.text.clone()).collect()
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    fn tell(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }

    fn items(&self) -> MutexGuard<'_, Items> {
        self.0.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenWork {
    /// Says what the work is waiting for now.
    pub(super) fn describe(&self, text: String) {
        if let Some(item) = self.work.items().open.get_mut(&self.number) {
            item.text = text;
        }
        self.work.tell();
    }
}

impl Drop for OpenWork {
    fn drop(&mut self) {
        self.work.items().open.remove(&self.number);
        self.work.tell();
    }
}
