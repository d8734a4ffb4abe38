//! The door to time. It deliberately knows no time zone and no calendar.

use std::time::Duration;

use counterproof_contracts::model::Timestamp;
use tokio::time::Instant;

/// Tells the time: a base instant and what the runtime's clock has advanced since. On a paused runtime the
/// present moves only when the runtime advances it.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: Timestamp,
    started: Instant,
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the door to time")]
        let base = Timestamp::now();
        Self::starting_at(base)
    }

    /// A clock that shows `base` now.
    pub fn starting_at(base: Timestamp) -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the door to time")]
        let started = Instant::now();
        Self { base, started }
    }

    /// The present instant, in whole milliseconds.
    pub fn now(&self) -> Timestamp {
        let elapsed_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millisecond(self.base.as_millisecond().saturating_add(elapsed_ms))
            .unwrap_or(Timestamp::MAX)
    }

    /// Waits until an instant; returns at once where it has passed.
    pub async fn sleep_until(&self, instant: Timestamp) {
        let ahead_ms = instant.as_millisecond().saturating_sub(self.now().as_millisecond());
        self.sleep(Duration::from_millis(u64::try_from(ahead_ms).unwrap_or(0))).await;
    }

    /// Waits for a span.
    pub async fn sleep(&self, span: Duration) {
        #[expect(clippy::disallowed_methods, reason = "this is the door to time")]
        tokio::time::sleep(span).await;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_the_paused_clock_of_the_runtime() {
        let base: Timestamp = "2026-11-27T08:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(base);
        clock.sleep(Duration::from_hours(2)).await;
        assert_eq!(clock.now(), "2026-11-27T10:00:00Z".parse().unwrap());
        clock.sleep_until("2026-11-27T10:30:00Z".parse().unwrap()).await;
        clock.sleep_until(base).await;
        assert_eq!(clock.now(), "2026-11-27T10:30:00Z".parse().unwrap());
    }
}
