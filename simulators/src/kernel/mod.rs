//! What all simulators share: the core's trait, serving, the outbox, faults and the journal tap.

mod core;

pub use core::*;
