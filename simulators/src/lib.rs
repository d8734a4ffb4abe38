//! Who takes part: executable specifications of the systems around an implementation.
//!
//! Each system is a pure core (operation in; answer, effects and messages out; no I/O, no clock of its own)
//! that the shared [`kernel`] serves over HTTP. Simulators record and answer; they never judge.

pub mod carrier;
pub mod channel;
pub mod customer_service;
pub mod erp;
pub mod kernel;
pub mod landscape;
pub mod proxy;
pub mod psp;
pub mod stored_value;
pub mod tax;
#[cfg(test)]
mod test_stage;
pub mod wms;
pub mod world;
