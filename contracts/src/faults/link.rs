//! Links: who calls whom, and which operations and events travel there.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    model::System,
    protocol::{EventType, OPERATIONS, middleware},
};

/// The way between a system and the middleware, in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The system at the other end.
    pub system: System,
    /// Who speaks.
    pub direction: Direction,
}

/// Who speaks on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// The middleware calls the system.
    Call,
    /// The system delivers events and calls to the middleware.
    Delivery,
}

/// A text that is no link.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not two names, one of them the middleware's.
    #[error("{0:?} is no link; write \"middleware->psp\" for calls or \"psp->middleware\" for deliveries")]
    Form(String),
    /// A name that is no system's.
    #[error("unknown system {0:?}")]
    System(String),
}

impl Link {
    /// Calls of the middleware to a system.
    pub const fn to(system: System) -> Self {
        Self { system, direction: Direction::Call }
    }

    /// Deliveries of a system to the middleware.
    pub const fn from(system: System) -> Self {
        Self { system, direction: Direction::Delivery }
    }

    /// Every link.
    pub fn all() -> impl Iterator<Item = Self> {
        System::PARTNERS.into_iter().flat_map(|system| [Self::to(system), Self::from(system)])
    }

    /// What travels on the link: operations, or types of events and operations of the middleware.
    pub fn travelers(self) -> Vec<&'static str> {
        match self.direction {
            Direction::Call => {
                let of_system = OPERATIONS.iter().filter(|operation| operation.system == self.system);
                of_system.map(|operation| operation.id).collect()
            }
            Direction::Delivery => {
                let events = EventType::ALL.into_iter().filter(|event| event.source() == self.system);
                events.map(EventType::name).chain(self.calls().iter().copied()).collect()
            }
        }
    }

    /// The operations of the middleware that the system calls.
    const fn calls(self) -> &'static [&'static str] {
        const CHANNEL: &[&str] = &[
            middleware::SUBMIT_ORDER.id,
            middleware::CANCEL_ORDER.id,
            middleware::REQUEST_RETURN.id,
            middleware::RECEIVE_RETURN.id,
            middleware::RECEIVE_BATCH.id,
        ];
        match self.system {
            System::Pos => CHANNEL,
            System::Storefront | System::Marketplace | System::CustomerService => CHANNEL.split_at(3).0,
            _ => &[],
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.direction {
            Direction::Call => write!(f, "{}->{}", System::Middleware, self.system),
            Direction::Delivery => write!(f, "{}->{}", self.system, System::Middleware),
        }
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let form = || LinkError::Form(text.to_owned());
        let (from, to) = text.split_once("->").ok_or_else(form)?;
        let system = |name: &str| {
            let known = System::PARTNERS.into_iter().chain([System::Middleware]);
            known.into_iter().find(|system| system.name() == name).ok_or(LinkError::System(name.to_owned()))
        };
        match (system(from)?, system(to)?) {
            (System::Middleware, System::Middleware) => Err(form()),
            (System::Middleware, system) => Ok(Self::to(system)),
            (system, System::Middleware) => Ok(Self::from(system)),
            _ => Err(form()),
        }
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
