//! Telling waiters that something has changed, in the order in which they began to wait.
//!
//! `tokio::sync::watch` wakes its receivers in an order that is drawn by chance, which would show in the journal
//! of a run in virtual time.

use tokio::sync::Notify;

/// Tells of changes.
#[derive(Debug, Default)]
pub struct Signal(Notify);

impl Signal {
    /// Tells everybody who waits.
    pub fn tell(&self) {
        self.0.notify_waiters();
    }

    /// Looks now and after each change, until there is something to see.
    pub async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.0.notified());
            // Whoever tells between the look and the wait is heard.
            changed.as_mut().enable();
            if let Some(seen) = look() {
                return seen;
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn waiters_go_on_in_the_order_in_which_they_came() {
        let (signal, open) = (Arc::new(Signal::default()), Arc::new(AtomicBool::new(false)));
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiters = tokio::task::JoinSet::new();
        for number in 0..32 {
            let (signal, open, order) = (Arc::clone(&signal), Arc::clone(&open), Arc::clone(&order));
            waiters.spawn(async move {
                signal.until(|| open.load(Ordering::Relaxed).then_some(())).await;
                order.lock().unwrap().push(number);
            });
        }
        tokio::task::yield_now().await;
        signal.tell();
        tokio::task::yield_now().await;
        assert!(order.lock().unwrap().is_empty(), "it was not open");
        open.store(true, Ordering::Relaxed);
        signal.tell();
        waiters.join_all().await;
        assert_eq!(*order.lock().unwrap(), (0..32).collect::<Vec<_>>());
    }
}
