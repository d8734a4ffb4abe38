//! `counterproof systems`: who is played, from the table of systems and operations.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::{Ipv4Addr, SocketAddr},
};

use counterproof_contracts::{model::System, protocol::OPERATIONS};

use super::{FIRST_PORT, PortArgs};
use crate::{
    exit::{Exit, Fatal},
    target::{partner_variables, token_variables},
};

fn addresses(first: u16) -> BTreeMap<System, SocketAddr> {
    System::PARTNERS
        .into_iter()
        .zip(first..)
        .map(|(system, port)| (system, (Ipv4Addr::LOCALHOST, port).into()))
        .collect()
}

/// Prints every system with its operations.
pub(super) fn list() -> Result<Exit, Fatal> {
    let mut shown = String::new();
    let known = addresses(FIRST_PORT);
    let variables = partner_variables(&known);
    for ((system, address), (variable, _)) in known.iter().zip(&variables) {
        let _ = writeln!(
            shown,
            "{:<17} {} · port {} · {variable}",
            system.name(),
            system.title(),
            address.port()
        );
        for operation in OPERATIONS.iter().filter(|operation| operation.system == *system) {
            let _ = writeln!(
                shown,
                "    {:<26} {:<4} {}",
                operation.id,
                operation.method.as_str(),
                operation.path
            );
        }
    }
    let _ = writeln!(shown, "{:<17} the implementation under test offers", System::Middleware.name());
    for operation in OPERATIONS.iter().filter(|operation| operation.system == System::Middleware) {
        let _ =
            writeln!(shown, "    {:<26} {:<4} {}", operation.id, operation.method.as_str(), operation.path);
    }
    super::print(&shown)?;
    Ok(Exit::Passed)
}

/// Prints the variables that tell an implementation where simulators will listen, and with which tokens they call.
pub(super) fn env(args: &PortArgs) -> Result<Exit, Fatal> {
    let mut shown = String::new();
    let partners = partner_variables(&addresses(args.ports.unwrap_or(FIRST_PORT)));
    let tokens = token_variables(&super::run::tokens(&super::run::secret())?);
    for (name, value) in partners.into_iter().chain(tokens) {
        let _ = writeln!(shown, "export {name}={value}");
    }
    super::print(&shown)?;
    Ok(Exit::Passed)
}
