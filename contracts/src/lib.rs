//! What must hold: the words, shapes and laws of omnichannel orders and returns.
//!
//! This crate is pure. It has no I/O, no clock, no async and no randomness, so that a recorded
//! journal can be judged with it alone, anywhere, always with the same result.
//!
//! * [`model`] the canonical documents; money is integer minor units with a currency
//! * [`allocation`] and [`funding`] the arithmetic of prices, promotions, taxes and currencies
//! * [`protocol`] operations, messages, events, headers, problems and signatures
//! * [`batch`] files of partners that take part in no calls, read and written
//! * [`lifecycle`] the legal transitions of every status, as one table
//! * [`journal`] the record of a run: exchanges and committed effects
//! * [`invariants`] the laws, and the judge that folds a journal through them
//! * [`shape`] validation of documents against the published JSON Schemas
//! * [`faults`] plans of what is to go wrong, read and checked
//! * [`metrics`] what is measured of a run, and the bounds that a retailer declares
//! * [`policy`] what a retailer declares, and the laws read
//! * [`requirements`] what the whole domain requires, and how much of it a run exercised

pub mod allocation;
pub mod batch;
pub mod defects;
pub mod faults;
pub mod funding;
pub mod invariants;
pub mod journal;
pub mod lifecycle;
pub mod metrics;
pub mod model;
pub mod policy;
pub mod protocol;
pub mod requirements;
pub mod shape;
pub mod wire_defects;
