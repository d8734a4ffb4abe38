//! The door to concurrency: everything that a middleware starts runs as a task that it owns.
//!
//! That is why it can be killed inside a process that lives on. It deliberately knows no order in which tasks
//! should run and restarts nothing.

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::{sync::oneshot, task::JoinSet};

/// The tasks of one middleware.
#[derive(Debug)]
pub(crate) struct Tasks {
    running: Mutex<Option<JoinSet<()>>>,
}

/// Waits for what a task brings. Dropping it leaves the task alone.
#[derive(Debug)]
pub(crate) struct Outcome<T>(oneshot::Receiver<T>);

/// That a task ended without bringing anything: it panicked, or was killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("task ended without an outcome")]
pub(crate) struct Ended;

impl Default for Tasks {
    fn default() -> Self {
        Self { running: Mutex::new(Some(JoinSet::new())) }
    }
}

impl Tasks {
    /// Starts a task on the present runtime; after [`kill`](Self::kill) it is dropped instead.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Outcome<T> {
        let (outcome, waiting) = oneshot::channel();
        if let Some(running) = self.running().as_mut() {
            reap(running);
            running.spawn(async move {
                // Whoever started it may not care.
                let _ = outcome.send(work.await);
            });
        }
        Outcome(waiting)
    }

    /// Drops every task at the await point at which it is, and all that are started later.
    pub(crate) fn kill(&self) {
        drop(self.running().take());
    }

    /// Whether it was killed.
    pub(crate) fn killed(&self) -> bool {
        self.running().is_none()
    }

    fn running(&self) -> MutexGuard<'_, Option<JoinSet<()>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets tasks that have ended, so that the set is as large as what runs.
fn reap(running: &mut JoinSet<()>) {
    while let Some(ended) = running.try_join_next() {
        if let Err(error) = ended {
            tracing::error!(%error, "task failed");
        }
    }
}

impl<T> Future for Outcome<T> {
    type Output = Result<T, Ended>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|outcome| outcome.map_err(|_| Ended))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn brings_outcomes_and_tells_a_panic() {
        let tasks = Tasks::default();
        assert_eq!(tasks.spawn(async { 7 }).await, Ok(7));
        let failing = tasks.spawn(async { assert!(tokio::runtime::Handle::try_current().is_err()) });
        assert_eq!(failing.await, Err(Ended));
        assert!(!tasks.killed());
    }

    #[tokio::test]
    async fn nothing_takes_another_step_once_killed() {
        let (tasks, steps) = (Tasks::default(), Arc::new(AtomicU32::new(0)));
        let busy = || {
            let steps = Arc::clone(&steps);
            async move {
                for _ in 0..1000 {
                    steps.fetch_add(1, Ordering::SeqCst);
                    yield_now().await;
                }
            }
        };
        let outcomes: Vec<Outcome<()>> = (0..3).map(|_| tasks.spawn(busy())).collect();
        yield_now().await;
        let before = steps.load(Ordering::SeqCst);
        assert!(before >= 3);
        tasks.kill();
        assert_eq!(tasks.spawn(busy()).await, Err(Ended));
        for outcome in outcomes {
            assert_eq!(outcome.await, Err(Ended));
        }
        yield_now().await;
        assert_eq!((steps.load(Ordering::SeqCst), tasks.killed()), (before, true));
        assert_eq!(Arc::strong_count(&steps), 1, "what they held is dropped");
    }

    #[tokio::test]
    async fn ended_tasks_are_forgotten() {
        let tasks = Tasks::default();
        for _ in 0..100 {
            tasks.spawn(async {}).await.unwrap();
        }
        yield_now().await;
        drop(tasks.spawn(std::future::pending::<()>()));
        assert_eq!(tasks.running().as_ref().unwrap().len(), 1);
    }
}
