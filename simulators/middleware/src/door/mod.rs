//! The doors: time, chance, network, storage and concurrency. Nothing else in this crate reaches any of them.
//!
//! The same middleware therefore runs live (system clock, sockets, a file) and in virtual time (paused
//! clock, in-process services, memory); only what stands behind the doors differs.

pub mod chance;
pub mod clock;
pub mod network;
pub mod store;
pub(crate) mod tasks;
