//! Durable execution: inputs become decisions, decisions are committed, and only then is anybody told.
//!
//! Each input loads the order's process, decides, and commits process, new tasks, audit records, stored
//! answers and dead letters in one batch. The process may be killed at any point: what was committed goes on,
//! what was not never happened. It holds no business rule; those are the process's.

pub(crate) mod admission;
mod answers;
mod app;
mod asking;
mod bucket;
mod call;
mod cells;
mod dead_letters;
mod deadlines;
pub(crate) mod feeds;
mod gate;
mod keys;
pub(crate) mod master;
mod notices;
mod publications;
mod replay;
mod runner;
pub(crate) mod stock;
#[cfg(test)]
mod tests;
pub(crate) mod transfers;
mod tried;

pub(crate) use answers::{AnswerSlot, StoredAnswer};
pub use app::{App, AppError, CALLS_PER_PARTNER_MAX, Parts};
pub(crate) use app::{Circumstances, Inner, Seal};
pub(crate) use asking::{Asked, ask_once};
pub use call::GIVE_UP_AFTER;
pub(crate) use dead_letters::{Content, EventInHand, StoredLetter};
pub(crate) use keys::Keys;
