//! One cell for each order: its lock and, while nothing is doubtful, its process.
//!
//! Whoever works on an order holds its cell, so inputs of one order follow one another while different orders
//! go on side by side. A cell whose commit did not succeed is empty and is read from the store again.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OwnedMutexGuard;

/// Most cells that are kept while nobody works on them.
const CELLS_MAX: usize = 10_000;

type Cell<V> = Arc<tokio::sync::Mutex<Option<V>>>;

/// Cells by key.
#[derive(Debug)]
pub(super) struct Cells<V> {
    cells: Mutex<BTreeMap<String, Cell<V>>>,
}

impl<V> Default for Cells<V> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<V> Cells<V> {
    /// Waits for a cell and holds it. `None` in it: not loaded.
    pub(super) async fn hold(&self, key: &str) -> OwnedMutexGuard<Option<V>> {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            if cells.len() >= CELLS_MAX {
                // Only cells that nobody else holds or waits for.
                cells.retain(|_, cell| Arc::strong_count(cell) > 1);
            }
            Arc::clone(cells.entry(key.to_owned()).or_default())
        };
        cell.lock_owned().await
    }
}
