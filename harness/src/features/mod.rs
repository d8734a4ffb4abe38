//! Feature files: where they come from, what is wrong with them, which scenarios are meant.
//!
//! Nothing here runs a scenario. The static pass stands before every run, because a runner that skips an
//! undefined step, or takes a misspelt keyword for prose, would report success for work that never happened.

mod diagnostic;
mod lint;
mod load;
mod pack;
mod requirements;
mod select;

pub use diagnostic::{Diagnostic, render};
pub use lint::lint;
pub use load::{Source, load};
pub use pack::PACK;
pub use requirements::scenarios_by_tag;
pub use select::{Planned, Script, Selection, Variant, plan};
