//! The record of a run: what was asked, answered and committed. Append-only, one JSON document a line.
//!
//! Effects are what simulators committed; they are exact. Exchanges are what passed over a link, as the
//! simulator at its end saw them. The implementation's own claims appear only as answers in exchanges.

mod effect;
mod record;

pub use effect::*;
pub use record::*;
