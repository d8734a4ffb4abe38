//! What is told of a run: one file per format, fed by the journal and the violations only.
//!
//! [`RunReport`] is the story that all formats tell; [`Story`] folds it from journal records, whole or as
//! they come. The same records give the same bytes: there is no clock, no environment and no file here. What
//! a report prints was redacted when it was recorded; bodies of messages are never printed.

mod chain;
mod convergence;
mod failure;
mod headline;
pub mod junit;
mod matrix;
mod metrics;
mod story;
mod summary;
mod terminal;
mod text;

pub use chain::{Link, What};
pub use convergence::Convergence;
pub use matrix::{Fate, Kill, Matrix, ProvenScenario, Row};
pub use metrics::{Measured, missed};
pub use story::{Finding, LawTally, RunReport, ScenarioReport, StepReport, Story};
pub use summary::omitted;
pub use terminal::{Look, Terminal};
