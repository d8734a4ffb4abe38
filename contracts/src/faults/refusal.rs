//! Why a plan is refused: the place, what is wrong there, and what to do about it.

use std::fmt;

use super::{Link, LinkError};

/// A place of a plan that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {pointer:?}: {reason}")]
pub struct Refusal {
    /// JSON Pointer (RFC 6901) into the plan.
    pub pointer: String,
    /// What is wrong there.
    pub reason: Reason,
}

/// What is wrong at a place of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Not JSON, or too large or deep.
    #[error("{0}")]
    Unreadable(String),
    /// Another format.
    #[error("the format is not {expected:?}", expected = super::FORMAT)]
    Format,
    /// Breaks the published schema.
    #[error("{0}")]
    Shape(String),
    /// A field that no plan has.
    #[error("unknown field {name:?}{nearest}")]
    UnknownField {
        /// As it was given.
        name: String,
        /// What may have been meant.
        nearest: Nearest,
    },
    /// Not a link.
    #[error("{error}{nearest}")]
    Link {
        /// What is wrong.
        error: LinkError,
        /// What may have been meant.
        nearest: Nearest,
    },
    /// No operation or event type has this name.
    #[error("unknown operation or event type {name:?}{nearest}")]
    UnknownOperation {
        /// As it was given.
        name: String,
        /// What may have been meant.
        nearest: Nearest,
    },
    /// The operation or event type is known and goes another way.
    #[error("{name:?} does not travel on {link}{links}", links = elsewhere(links))]
    NotOnLink {
        /// The operation or event type.
        name: String,
        /// The link that was given.
        link: Link,
        /// Where it does travel.
        links: Vec<Link>,
    },
    /// No misfortune has this name.
    #[error("unknown misfortune {name:?}{nearest}")]
    UnknownMisfortune {
        /// As it was given.
        name: String,
        /// What may have been meant.
        nearest: Nearest,
    },
    /// The misfortune happens in the other direction only.
    #[error("{misfortune} does not happen on {link}; it happens to {to}", to = other(*link))]
    WrongDirection {
        /// The misfortune.
        misfortune: &'static str,
        /// The link that was given.
        link: Link,
    },
    /// A plan without faults proves nothing.
    #[error("no faults; a plan that changes nothing proves nothing")]
    Empty,
    /// Orders are counted from 1.
    #[error("orders are counted from 1; leave the field out for every order")]
    OrdinalZero,
    /// Attempts are counted from 1.
    #[error("attempts are counted from 1")]
    AttemptZero,
    /// The last attempt is before the first.
    #[error("from {from} to {to} there is no attempt; exchange them")]
    NoAttempt {
        /// The first.
        from: u32,
        /// The last.
        to: u32,
    },
    /// A window that is never open.
    #[error("the window is never open; give for_ms at least 1, or leave it out")]
    NeverOpen,
    /// A window that repeats without closing.
    #[error("the window never closes; give for_ms less than every_ms")]
    NeverCloses,
    /// A share that is none or all.
    #[error("percent is 1 to 99; leave it out for all attempts")]
    Percent,
    /// Something about the misfortune that cannot be.
    #[error("{0}")]
    Misfortune(&'static str),
    /// Two faults with one name cannot be told apart in a report.
    #[error("fault {first} has the name {name:?} already; give this one another")]
    NameTaken {
        /// Index of the first with the name.
        first: usize,
        /// The name.
        name: String,
    },
    /// Two faults that hit the same attempt and exclude each other.
    #[error(
        "contradicts {name:?} (fault {first}): an attempt that meets {earlier} cannot meet {later}; \
         give them other attempts, operations, orders or windows"
    )]
    Contradiction {
        /// Index of the other fault.
        first: usize,
        /// Its name.
        name: String,
        /// Its misfortune.
        earlier: &'static str,
        /// The misfortune of this fault.
        later: &'static str,
    },
}

/// A name that may have been meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nearest(Option<&'static str>);

impl Nearest {
    /// The name that is most like what was given, if any is.
    pub(super) fn of(given: &str, names: impl IntoIterator<Item = &'static str>) -> Self {
        let alike = |name: &'static str| (strsim::jaro_winkler(name, given), name);
        let best = names.into_iter().map(alike).max_by(|left, right| left.0.total_cmp(&right.0));
        Self(best.filter(|(similarity, _)| *similarity > 0.6).map(|(_, name)| name))
    }

    pub(super) const fn none() -> Self {
        Self(None)
    }
}

impl fmt::Display for Nearest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |name| write!(f, "; did you mean {name:?}?"))
    }
}

fn elsewhere(links: &[Link]) -> String {
    let links: Vec<String> = links.iter().map(ToString::to_string).collect();
    if links.is_empty() { String::new() } else { format!("; it travels on {}", links.join(", ")) }
}

const fn other(link: Link) -> &'static str {
    match link.direction {
        super::Direction::Call => "deliveries (\"psp->middleware\")",
        super::Direction::Delivery => "calls (\"middleware->psp\")",
    }
}
