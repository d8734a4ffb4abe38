//! The harness's door to time.

use std::time::Duration;

use counterproof_contracts::model::Timestamp;
use tokio::time::Instant;

/// A clock that began at a known instant and runs with tokio's, so that it stands still when that is paused.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    base: Timestamp,
    started: Instant,
}

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn system() -> Self {
        Self { base: Timestamp::now(), started: Instant::now() }
    }

    /// A clock that shows `base` now: for virtual time, where the same run begins at the same instant.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn starting_at(base: Timestamp) -> Self {
        Self { base, started: Instant::now() }
    }

    /// The instant at which the clock began.
    pub const fn base(&self) -> Timestamp {
        self.base
    }

    /// Time since the clock began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.base.saturating_add(self.elapsed()).unwrap_or(self.base)
    }

    /// Waits. For pacing of repeated looks only, never to guess that something has happened.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
