//! Holds the published files against the Rust types, and both against what must be refused.
//!
//! One binary, so that it links once. `types` is the table that ties a schema's file to a Rust type; most other
//! tests walk it, or walk the folder.

mod asyncapi;
mod codes;
mod examples;
mod faults;
mod files;
mod mutations;
mod openapi;
mod random;
mod readme;
#[macro_use]
mod records;
mod later_records;
mod references;
mod refusals;
mod types;
mod versions;
