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
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn waiters_go_on_in_the_order_in_which_they_came() {
        let (signal, open) = (Arc::new(Signal::default()), Arc::new(AtomicBool::new(false)));
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiters: Vec<_> = (0..32)
            .map(|number| {
                let (signal, open, order) = (Arc::clone(&signal), Arc::clone(&open), Arc::clone(&order));
                tokio::spawn(async move {
                    signal.until(|| open.load(Ordering::Relaxed).then_some(())).await;
                    order.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(number);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        signal.tell();
        tokio::task::yield_now().await;
        assert!(
            order.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_empty(),
            "it was not open"
        );
        open.store(true, Ordering::Relaxed);
        signal.tell();
        for waiter in waiters {
            assert!(waiter.await.is_ok());
        }
        let order = order.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        assert_eq!(order, (0..32).collect::<Vec<_>>());
    }
}
