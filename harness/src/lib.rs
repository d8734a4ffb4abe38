//! How an implementation is run and judged, and the `counterproof` command.
//!
//! A run puts an implementation between simulators ([`stage`]), plays scenarios ([`features`], [`steps`],
//! [`runner`]), waits for rest ([`settle`]), and judges the journal of what was exchanged and committed.

pub mod chance;
pub mod cli;
pub mod clock;
pub mod exit;
pub mod explore;
pub mod features;
pub mod identity;
pub mod perturb;
pub mod progress;
pub mod prove;
pub mod recording;
pub mod runner;
pub mod settle;
pub mod stage;
pub mod steps;
pub mod sweep;
pub mod target;
pub mod virtual_time;
pub mod world;
