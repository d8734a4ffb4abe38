//! The reference implementation: takes orders from all channels and carries them through to delivery and return.
//!
//! It stands in for the retailer's own middleware until that is put in its place, and is reached over HTTP
//! only. It depends on the contracts and on nothing else of the project.
//!
//! * [`process`] the order process: a pure state machine, one rule a place
//! * durable execution around it ([`App`]): commit first, then tell; survives being killed at any point
//! * `http` the operations of the contract
//! * [`door`] time, chance, network and storage, and nothing else reaches them

mod cli;
mod config;
mod defects;
pub mod door;
mod durable;
mod http;
pub mod process;
#[cfg(test)]
mod test_partners;

pub use cli::{ServeError, cli_main, serve};
pub use config::{Config, ConfigError};
pub use defects::{Defect, Defects};
pub use durable::{App, AppError, CALLS_PER_PARTNER_MAX, GIVE_UP_AFTER, Parts};
