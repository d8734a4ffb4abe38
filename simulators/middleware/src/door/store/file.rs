//! A store in one file. Commits that wait at the same time share one write to the disk.
//!
//! A batch is durable before its commit returns, and an interrupted write leaves the last committed state:
//! both are the embedded database's. The file is locked for as long as the store is open.

use std::{
    path::Path,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use futures::future::{BoxFuture, FutureExt as _};
use redb::{Database, DatabaseError, ReadableDatabase as _, TableDefinition};
use tokio::sync::oneshot;

use super::{Batch, Store, StoreError};

const ENTRIES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("entries");
/// Most batches that share one write.
const GROUP_MAX: usize = 256;
/// The file's name in the store's directory.
const FILE: &str = "middleware.redb";

struct Waiting {
    batch: Batch,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// A store in the file `middleware.redb` of a directory.
#[derive(Debug)]
pub struct FileStore {
    database: Arc<Database>,
    queue: Option<mpsc::Sender<Waiting>>,
    writer: Option<JoinHandle<()>>,
}

impl FileStore {
    /// Opens the store in a directory; creates both if they are not there.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(directory).map_err(medium)?;
        let database = Database::create(directory.join(FILE)).map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => StoreError::InUse,
            other => medium(other),
        })?;
        let database = Arc::new(database);
        write(&database, std::iter::empty())?;
        let (queue, waiting) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn({
                let database = Arc::clone(&database);
                move || write_groups(&database, &waiting)
            })
            .map_err(medium)?;
        Ok(Self { database, queue: Some(queue), writer: Some(writer) })
    }
}

impl Drop for FileStore {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn medium(error: impl std::fmt::Display) -> StoreError {
    StoreError::Medium(error.to_string())
}

/// Writes what waits, group by group, until nobody can commit any more.
fn write_groups(database: &Database, waiting: &mpsc::Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let group: Vec<Waiting> =
            std::iter::once(first).chain(waiting.try_iter().take(GROUP_MAX - 1)).collect();
        let outcome = write(database, group.iter().map(|waiting| &waiting.batch));
        for waiting in group {
            // Who asked may be gone; the batch is committed all the same.
            let _ = waiting.done.send(outcome.clone());
        }
    }
}

fn write<'b>(database: &Database, batches: impl Iterator<Item = &'b Batch>) -> Result<(), StoreError> {
    let transaction = database.begin_write().map_err(medium)?;
    {
        let mut entries = transaction.open_table(ENTRIES).map_err(medium)?;
        for (key, value) in batches.flat_map(|batch| &batch.changes) {
            match value {
                Some(value) => entries.insert(key.as_str(), value.as_slice()).map_err(medium)?,
                None => entries.remove(key.as_str()).map_err(medium)?,
            };
        }
    }
    transaction.commit().map_err(medium)
}

impl Store for FileStore {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self.database.begin_read().map_err(medium)?;
        let entries = transaction.open_table(ENTRIES).map_err(medium)?;
        Ok(entries.get(key).map_err(medium)?.map(|value| value.value().to_vec()))
    }

    fn scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let transaction = self.database.begin_read().map_err(medium)?;
        let entries = transaction.open_table(ENTRIES).map_err(medium)?;
        let mut found = Vec::new();
        for entry in entries.range(prefix..).map_err(medium)? {
            let (key, value) = entry.map_err(medium)?;
            if !key.value().starts_with(prefix) {
                break;
            }
            found.push((key.value().to_owned(), value.value().to_vec()));
        }
        Ok(found)
    }

    fn commit(&self, batch: Batch) -> BoxFuture<'_, Result<(), StoreError>> {
        let (done, outcome) = oneshot::channel();
        let queued = self.queue.as_ref().is_some_and(|queue| queue.send(Waiting { batch, done }).is_ok());
        async move {
            if !queued {
                return Err(StoreError::Medium("writer ended".to_owned()));
            }
            outcome.await.unwrap_or_else(|_| Err(StoreError::Medium("writer ended".to_owned())))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    fn one(key: &str) -> Batch {
        let mut batch = Batch::default();
        batch.put(key, b"v".to_vec());
        batch
    }

    #[tokio::test]
    async fn a_second_opening_is_refused_while_the_first_lasts() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        assert_eq!(FileStore::open(directory.path()).unwrap_err(), StoreError::InUse);
        drop(store);
        FileStore::open(directory.path()).unwrap();
    }

    #[tokio::test]
    async fn a_write_that_was_not_committed_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        store.commit(one("committed")).await.unwrap();
        let transaction = store.database.begin_write().unwrap();
        transaction.open_table(ENTRIES).unwrap().insert("uncommitted", b"v".as_slice()).unwrap();
        drop(transaction);
        drop(store);
        let keys: Vec<String> = FileStore::open(directory.path())
            .unwrap()
            .scan("")
            .unwrap()
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        assert_eq!(keys, ["committed"]);
    }

    /// What a killed process leaves: the file as it is on the disk between two writes, never closed.
    #[tokio::test]
    async fn a_file_that_was_never_closed_opens_with_all_that_was_committed() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = FileStore::open(first.path()).unwrap();
        for n in 0..20 {
            store.commit(one(&format!("k/{n:02}"))).await.unwrap();
        }
        std::fs::copy(first.path().join(FILE), second.path().join(FILE)).unwrap();
        assert_eq!(FileStore::open(second.path()).unwrap().scan("k/").unwrap().len(), 20);
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let blocked = directory.path().join("file");
        std::fs::write(&blocked, b"").unwrap();
        assert!(matches!(FileStore::open(&blocked), Err(StoreError::Medium(_))));
    }
}
