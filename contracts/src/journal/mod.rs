//! The record of a run: what was asked, answered and committed. Append-only, one JSON document a line.
//!
//! Effects are what simulators committed; they are exact. Exchanges are what passed over a link, as the
//! simulator at its end saw them. The implementation's own claims appear only as answers in exchanges.
//!
//! Reading and writing work on [`std::io`] traits; no file is opened here.

mod effect;
mod reader;
mod record;
mod redact;
mod writer;

pub use effect::*;
pub use reader::*;
pub use record::*;
pub use redact::Redactor;
pub(crate) use redact::is_personal;
pub use writer::*;

/// Longest line of a journal in bytes, without its end. An exchange holds two bodies of at most
/// [`crate::protocol::BODY_BYTES_MAX`] each.
pub const LINE_BYTES_MAX: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod damage;
