//! The implementation under test: how it is found, started, killed and stopped.

mod in_process;
mod reference;
mod url;

use std::{collections::BTreeMap, net::SocketAddr};

use counterproof_contracts::{model::System, protocol::Tokens};

pub use in_process::{Entrance, Implementation, InProcess, InProcessReference, Surroundings};
pub(crate) use reference::SUBCOMMAND;
pub use reference::{Reference, ReferenceConfig};
pub use url::probe;

use crate::exit::{Exit, Fatal};

/// What `--target` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The reference implementation, as a process of its own.
    Reference,
    /// Something that runs already, at this base URL.
    Url(String),
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reference => f.write_str("reference"),
            Self::Url(url) => f.write_str(url),
        }
    }
}

impl std::str::FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "reference" {
            return Ok(Self::Reference);
        }
        let wrong =
            |why: &str| format!("{why}; write `reference` or a base URL such as http://127.0.0.1:8080");
        let uri: http::Uri = text.parse().map_err(|_| wrong("this is no URL"))?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(_)) => Ok(Self::Url(text.trim_end_matches('/').to_owned())),
            (Some("https"), _) => Err(wrong(
                "https is not supported; put a local proxy that ends TLS in front of the implementation",
            )),
            _ => Err(wrong("a target is an http URL")),
        }
    }
}

/// An implementation that is running.
#[derive(Debug)]
pub enum Running {
    /// A process that was started here, and may be killed and started again.
    Reference(Box<Reference>),
    /// Something that somebody else runs.
    Foreign(String),
    /// In this process, in virtual time.
    InProcess(Box<InProcess>),
}

impl Running {
    /// Where it is reached.
    pub fn base_url(&self) -> String {
        match self {
            Self::Reference(reference) => format!("http://{}", reference.address()),
            Self::Foreign(url) => url.clone(),
            Self::InProcess(_) => InProcess::BASE_URL.to_owned(),
        }
    }

    /// Kills it without warning (`kill -9`) and starts it again at the same address with the same store.
    pub async fn kill_and_restart(&mut self) -> Result<(), Fatal> {
        match self {
            Self::Reference(reference) => reference.kill_and_restart().await,
            Self::Foreign(url) => Err(Fatal::new(
                Exit::Inconclusive,
                format!("{url} was not started here, so it is not killed here"),
            )),
            Self::InProcess(running) => running.kill_and_restart().await.map_err(|reason| {
                Fatal::new(Exit::Inconclusive, format!("the implementation did not start again: {reason}"))
            }),
        }
    }

    /// Ends it, if it was started here.
    pub async fn stop(self) {
        match self {
            Self::Reference(reference) => reference.stop().await,
            Self::InProcess(mut running) => running.kill(),
            Self::Foreign(_) => {}
        }
    }
}

/// Where simulators listen, as an implementation reads it from its environment.
pub fn partner_variables(addresses: &BTreeMap<System, SocketAddr>) -> Vec<(String, String)> {
    addresses
        .iter()
        .map(|(system, address)| {
            (format!("COUNTERPROOF_{}_URL", system.name().to_uppercase()), format!("http://{address}"))
        })
        .collect()
}

/// The tokens of callers, as an implementation reads them from its environment.
pub fn token_variables(tokens: &Tokens) -> Vec<(String, String)> {
    tokens.iter().map(|(caller, token)| (Tokens::variable(caller), token.reveal().to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn a_target_is_the_reference_or_an_http_url() {
        assert_eq!("reference".parse(), Ok(Target::Reference));
        assert_eq!("http://127.0.0.1:8080/".parse(), Ok(Target::Url("http://127.0.0.1:8080".to_owned())));
        for wrong in ["", "referense", "127.0.0.1:8080", "ftp://x", "https://x"] {
            assert!(wrong.parse::<Target>().is_err(), "{wrong}");
        }
    }
}
