//! The only door to time in this crate: a base instant and what tokio's clock says has passed since.
//!
//! On a paused tokio clock the same code runs in virtual time. It never reads the machine's clock after
//! the start, so a run does not notice when somebody sets it.

use std::{future::Future, time::Duration};

use counterproof_contracts::model::Timestamp;
use tokio::time::Instant;

/// The run's clock. Copies show the same time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base_ms: i64,
    start: Instant,
}

impl Clock {
    /// A clock that shows `base` now. Instants are cut to whole milliseconds.
    #[expect(clippy::disallowed_methods, reason = "the door to time")]
    pub fn starting_at(base: Timestamp) -> Self {
        Self { base_ms: base.as_millisecond(), start: Instant::now() }
    }

    /// A clock that shows what the machine's clock shows now.
    #[expect(clippy::disallowed_methods, reason = "the door to time")]
    pub fn live() -> Self {
        Self::starting_at(Timestamp::now())
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        let elapsed_ms = i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(self.base_ms.saturating_add(elapsed_ms)).unwrap_or(Timestamp::MAX)
    }

    /// What has passed since the clock was made.
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Waits.
    #[expect(clippy::disallowed_methods, reason = "the door to time")]
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// What the future gives, or `None` if it takes longer than `limit`.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        tokio::time::timeout(limit, future).await.ok()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn days_pass_at_once_on_a_paused_clock() {
        let base: Timestamp = "2026-11-27T23:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(base);
        clock.sleep(Duration::from_hours(49)).await;
        assert_eq!(clock.now(), "2026-11-30T00:00:00Z".parse::<Timestamp>().unwrap());
        let never = clock.timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
        assert_eq!(never, None);
        assert_eq!(clock.now(), "2026-11-30T00:00:01Z".parse::<Timestamp>().unwrap());
    }
}
