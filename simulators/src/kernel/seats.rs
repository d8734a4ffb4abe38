//! Seats for connections: bounded over the whole kernel, and given up by whoever only occupies one.
//!
//! When all are taken, the next to come gets the seat of a connection that has no complete request under way:
//! first of those that never had one, then the oldest. So connections that say nothing keep nobody out.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The seats of a kernel. Clones are the same seats.
#[derive(Clone)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Default)]
struct Taken {
    last: u64,
    seats: BTreeMap<u64, Arc<Seat>>,
}

/// A connection's seat.
#[derive(Default)]
pub(super) struct Seat {
    works: AtomicBool,
    has_worked: AtomicBool,
    told_to_leave: AtomicBool,
    leave: Notify,
}

/// Holds a seat until it is dropped.
pub(super) struct Sitting {
    pub(super) seat: Arc<Seat>,
    number: u64,
    seats: Seats,
    _permit: OwnedSemaphorePermit,
}

impl Seats {
    pub(super) fn new(count: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(count)), taken: Arc::default() }
    }

    /// Takes a seat; if none is free, the one of somebody who only occupies it, or the next that becomes free.
    pub(super) async fn sit(&self) -> Option<Sitting> {
        if self.free.available_permits() == 0 {
            self.clear_one();
        }
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        let mut taken = self.taken();
        taken.last += 1;
        let (number, seat) = (taken.last, Arc::new(Seat::default()));
        taken.seats.insert(number, Arc::clone(&seat));
        Some(Sitting { seat, number, seats: self.clone(), _permit: permit })
    }

    fn clear_one(&self) {
        let taken = self.taken();
        let occupied = |seat: &&Arc<Seat>| {
            !seat.works.load(Ordering::Relaxed) && !seat.told_to_leave.load(Ordering::Relaxed)
        };
        let oldest = taken.seats.values().filter(occupied);
        if let Some(seat) = oldest.min_by_key(|seat| seat.has_worked.load(Ordering::Relaxed)) {
            seat.told_to_leave.store(true, Ordering::Relaxed);
            seat.leave.notify_one();
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves so many seats.
    #[cfg(test)]
    pub(super) fn shrink(&self, count: usize) {
        self.free.forget_permits(self.free.available_permits().saturating_sub(count));
    }
}

impl Seat {
    /// A complete request has come.
    pub(super) fn work(&self) {
        self.works.store(true, Ordering::Relaxed);
        self.has_worked.store(true, Ordering::Relaxed);
    }

    /// The request was answered.
    pub(super) fn rest(&self) {
        self.works.store(false, Ordering::Relaxed);
    }

    /// Ends when somebody else needs the seat.
    pub(super) async fn until_needed(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Sitting {
    fn drop(&mut self) {
        self.seats.taken().seats.remove(&self.number);
    }
}
