//! Tasks of a run: each is known, and none outlives the run.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{runtime::Handle, task::JoinSet};

/// The tasks, on the runtime on which they were started.
pub(super) struct Tasks {
    runtime: Handle,
    running: Mutex<Option<JoinSet<()>>>,
}

impl Tasks {
    /// No tasks yet. Panics outside a runtime.
    pub(super) fn here() -> Self {
        Self { runtime: Handle::current(), running: Mutex::new(Some(JoinSet::new())) }
    }

    /// Starts a task; after [`shutdown`](Self::shutdown) it is dropped instead.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(running) = self.running().as_mut() {
            while running.try_join_next().is_some() {}
            running.spawn_on(task, &self.runtime);
        }
    }

    /// Aborts all tasks and waits for their ends.
    pub(super) async fn shutdown(&self) {
        let running = self.running().take();
        if let Some(mut running) = running {
            running.shutdown().await;
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
