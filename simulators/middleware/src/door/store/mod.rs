//! The door to storage: an ordered map from text to bytes whose batches are all or nothing.
//!
//! It knows no order and no task; what is kept under which key is the durable part's.

mod file;
mod memory;

use std::collections::BTreeMap;

pub use file::FileStore;
use futures::future::BoxFuture;
pub use memory::MemoryStore;

/// Changes that take effect together or not at all. A later change of a key replaces an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    changes: BTreeMap<String, Option<Vec<u8>>>,
}

impl Batch {
    /// Puts a value under a key.
    pub fn put(&mut self, key: impl Into<String>, value: Vec<u8>) {
        self.changes.insert(key.into(), Some(value));
    }

    /// Removes a key; it need not exist.
    pub fn delete(&mut self, key: impl Into<String>) {
        self.changes.insert(key.into(), None);
    }

    /// Adds the changes of another batch, as later ones.
    pub fn append(&mut self, later: Self) {
        self.changes.extend(later.changes);
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has the store open.
    #[error("store is in use by another process")]
    InUse,
    /// The medium failed. Whether a batch was committed is unknown.
    #[error("store failed: {0}")]
    Medium(String),
}

/// Keeps values. Reads see every batch whose commit has returned.
pub trait Store: Send + Sync + 'static {
    /// The value of a key.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Every entry whose key begins with `prefix`, in the order of the keys.
    fn scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;

    /// Applies a batch; once it returns `Ok`, the batch survives the end of the process.
    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), StoreError>>;
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use proptest::{collection::vec, option, prelude::*};

    use super::*;

    fn batch(changes: &[(&str, Option<&str>)]) -> Batch {
        let mut batch = Batch::default();
        for (key, value) in changes {
            match value {
                Some(value) => batch.put(*key, value.as_bytes().to_vec()),
                None => batch.delete(*key),
            }
        }
        batch
    }

    /// What every store must do.
    async fn conforms(store: &dyn Store) {
        assert_eq!(store.get("order/1").unwrap(), None);
        store
            .commit(batch(&[("order/1", Some("a")), ("order/2", Some("b")), ("orders", Some("c"))]))
            .await
            .unwrap();
        assert_eq!(store.get("order/1").unwrap(), Some(b"a".to_vec()));
        let found: Vec<String> = store.scan("order/").unwrap().into_iter().map(|(key, _)| key).collect();
        assert_eq!(found, ["order/1", "order/2"]);
        store.commit(batch(&[("order/1", None), ("order/2", Some("d")), ("absent", None)])).await.unwrap();
        assert_eq!(store.scan("order/").unwrap(), [("order/2".to_owned(), b"d".to_vec())]);
        assert_eq!(store.scan("").unwrap().len(), 2);
        store.commit(Batch::default()).await.unwrap();
    }

    #[tokio::test]
    async fn memory_conforms() {
        conforms(&MemoryStore::default()).await;
    }

    #[tokio::test]
    async fn file_conforms() {
        let directory = tempfile::tempdir().unwrap();
        conforms(&FileStore::open(directory.path()).unwrap()).await;
    }

    #[tokio::test]
    async fn concurrent_commits_to_a_file_all_last() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let commits = (0..200).map(|n| store.commit(batch(&[(&format!("k/{n:03}"), Some("v"))])));
        for committed in futures::future::join_all(commits).await {
            committed.unwrap();
        }
        drop(store);
        assert_eq!(FileStore::open(directory.path()).unwrap().scan("k/").unwrap().len(), 200);
    }

    type Changes = Vec<Vec<(String, Option<String>)>>;

    fn changes() -> impl Strategy<Value = Changes> {
        let change = ("[ab]/[0-3]", option::of("[x-z]{0,3}"));
        vec(vec(change, 0..5), 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn file_and_memory_agree_after_any_batches_and_a_restart(changes in changes()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let directory = tempfile::tempdir().unwrap();
            let (memory, file) = (MemoryStore::default(), FileStore::open(directory.path()).unwrap());
            for group in &changes {
                let group: Vec<_> = group.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
                runtime.block_on(memory.commit(batch(&group))).unwrap();
                runtime.block_on(file.commit(batch(&group))).unwrap();
                prop_assert_eq!(memory.scan("a/").unwrap(), file.scan("a/").unwrap());
            }
            drop(file);
            let reopened = FileStore::open(directory.path()).unwrap();
            prop_assert_eq!(memory.scan("").unwrap(), reopened.scan("").unwrap());
        }
    }
}
