//! Defects that can be seen on the wire, read from `wire-defects.toml`: what a proxy between an implementation and the systems
//! around it does to messages, so that any implementation behaves as if it had the defect.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::{
    defects::{self, CataloguedDefect, Domain},
    model::System,
};

/// The published file.
const PUBLISHED: &str = include_str!("../wire-defects.toml");

/// Which messages are tampered with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Who is called: a partner for what the implementation says, the middleware for what it hears.
    pub system: System,
    /// Operations; empty: all of the system.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Type of the event, for deliveries of events.
    pub event: Option<String>,
}

/// What is done to a message.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Tampering {
    /// After its success it is sent once more, under another idempotency key, and with `change` another text at this pointer.
    Again {
        /// JSON Pointer to an identifier that is another one the second time.
        #[serde(default)]
        renamed: Option<String>,
    },
    /// Every attempt has a key of its own.
    FreshKeys {},
    /// The second intent for an order is answered as the first one was, and never passed on.
    FirstAnswer {},
    /// It is never passed on, and answered as if it had been.
    Swallow {},
    /// A failed attempt is answered as if it had succeeded.
    FalseSuccess {},
    /// The body has another value.
    Change {
        /// JSON Pointer; what has nothing there passes untouched.
        at: String,
        /// The other value.
        to: Value,
    },
    /// A number in the body is larger, or smaller.
    Add {
        /// JSON Pointer; what has no number there passes untouched.
        at: String,
        /// By how much.
        by: i64,
    },
    /// A header is lost.
    DropHeader {
        /// Its name, in lower case.
        name: String,
    },
    /// Who is asked to come later comes again at once, so often.
    Impatient {
        /// How often.
        times: u32,
    },
    /// Whatever signature an event has, or has not, it arrives with one that fits.
    SignAnew {},
    /// Whoever shows no token that anybody has arrives with the storefront's.
    LendToken {},
}

/// A defect that a proxy can give to any implementation.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub struct WireDefect {
    /// What it is, and which laws must see it.
    pub entry: CataloguedDefect,
    /// Which messages it concerns.
    pub on: Place,
    /// What is done to them.
    pub tampering: Tampering,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    text: String,
    domain: Domain,
    failure: String,
    impact: String,
    reports: Vec<String>,
    laws: Vec<String>,
    on: Place,
    tampering: Tampering,
}

impl From<Written> for WireDefect {
    fn from(written: Written) -> Self {
        let Written { id, text, domain, failure, impact, reports, laws, on, tampering } = written;
        Self { entry: CataloguedDefect { id, text, domain, failure, impact, reports, laws }, on, tampering }
    }
}

/// The published catalogue, in the order of the file.
///
/// ```
/// let catalogue = counterproof_contracts::wire_defects::published()?;
/// assert!(catalogue.iter().any(|defect| defect.entry.id == "wire-captured-twice"));
/// # Ok::<(), &'static str>(())
/// ```
///
/// # Errors
/// Why the file cannot be read; a test keeps that from happening.
pub fn published() -> Result<&'static [WireDefect], &'static str> {
    static CATALOGUE: LazyLock<Result<Vec<WireDefect>, String>> = LazyLock::new(|| defects::read(PUBLISHED));
    match &*CATALOGUE {
        Ok(catalogue) => Ok(catalogue),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        defects,
        invariants::Judge,
        protocol::{EventType, Operation},
    };

    #[test]
    fn every_entry_names_operations_events_and_laws_that_exist() {
        let laws: BTreeSet<&str> = Judge::laws().iter().map(|law| law.id).collect();
        let mut ids: BTreeSet<&str> =
            defects::published().unwrap().iter().map(|entry| entry.id.as_str()).collect();
        for WireDefect { entry, on, tampering } in published().unwrap() {
            assert!(ids.insert(&entry.id), "{} stands twice", entry.id);
            assert!(entry.id.starts_with("wire-") && entry.text.ends_with('.'), "{}", entry.id);
            assert!(!entry.reports.is_empty() && !entry.laws.is_empty(), "{}", entry.id);
            for law in &entry.laws {
                assert!(laws.contains(law.as_str()), "{}: {law} is no law", entry.id);
            }
            for operation in &on.operations {
                assert!(Operation::find(on.system, operation).is_some(), "{}: {operation}", entry.id);
            }
            if let Some(event) = &on.event {
                assert!(EventType::from_name(event).is_some(), "{}: {event}", entry.id);
            }
            let hears = on.system == System::Middleware;
            let for_the_middleware = matches!(tampering, Tampering::SignAnew {} | Tampering::LendToken {});
            assert!(hears || (on.event.is_none() && !for_the_middleware), "{}", entry.id);
        }
    }
}
