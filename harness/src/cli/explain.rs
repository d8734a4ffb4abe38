//! `counterproof systems explain`: the catalogue of integrations, from what the published files declare.

use std::fmt::Write as _;

use counterproof_contracts::{
    model::System,
    protocol::{Declaration, EventType, Governance, Latency, OPERATIONS, Operation},
};

use crate::exit::{Exit, Fatal};

/// Prints who calls whom with what; of one system, or of all.
pub(super) fn explain(system: Option<System>) -> Result<Exit, Fatal> {
    let all = System::PARTNERS.into_iter().chain([System::Middleware]);
    let shown: Vec<String> =
        all.filter(|other| system.is_none_or(|wanted| wanted == *other)).map(chapter).collect();
    super::print(&shown.join("\n"))?;
    Ok(Exit::Passed)
}

/// What a system takes, tells and calls.
fn chapter(system: System) -> String {
    let mut shown = format!("{} · {}\n", system.name(), system.title());
    section(&mut shown, "takes", OPERATIONS.iter().filter(|operation| operation.system == system).map(taken));
    let tells = |kind: &EventType| kind.source() == system || system == System::Middleware;
    let verb = if system == System::Middleware { "is told" } else { "tells" };
    section(&mut shown, verb, EventType::ALL.into_iter().filter(tells).map(told));
    let calls = |operation: &&Operation| {
        governance(operation.declaration()).is_some_and(|governance| governance.callers.contains(&system))
    };
    section(
        &mut shown,
        "calls",
        OPERATIONS.iter().filter(calls).map(|operation| format!("    {operation}\n")),
    );
    shown
}

fn section(shown: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let lines: String = lines.collect();
    if !lines.is_empty() {
        let _ = write!(shown, "  {heading}\n{lines}");
    }
}

fn governance(declaration: Option<&'static Declaration>) -> Option<&'static Governance> {
    declaration.and_then(|declared| declared.governance.as_ref())
}

fn taken(operation: &Operation) -> String {
    let method = operation.method.as_str();
    let mut shown = format!("    {:<26} {method:<4} {}\n", operation.id, operation.path);
    let Some(declared) = operation.declaration() else { return shown };
    let _ = writeln!(shown, "        {}", declared.summary);
    if let Some(governance) = &declared.governance {
        let callers: Vec<&str> = governance.callers.iter().map(|caller| caller.name()).collect();
        let kind = if governance.latency == Latency::Interactive { "sync" } else { "async" };
        let key = if operation.keyed { " · idempotency key" } else { "" };
        let _ =
            writeln!(shown, "        from {} · {kind} · {}{key}", callers.join(", "), classes(governance));
    }
    let _ = writeln!(shown, "        problems {}", declared.problem_types.join(", "));
    shown
}

fn told(kind: EventType) -> String {
    let mut shown = format!("    {}\n", kind.name());
    let Some(declared) = kind.declaration() else { return shown };
    let _ = writeln!(shown, "        {}", declared.summary);
    if let Some(governance) = &declared.governance {
        let _ = writeln!(
            shown,
            "        from {} to {} · event · {} · event id",
            kind.source().name(),
            System::Middleware.name(),
            classes(governance)
        );
    }
    shown
}

fn classes(governance: &Governance) -> String {
    format!(
        "{} · volume {} · {} · owner {} · record {}",
        governance.latency.name(),
        governance.volume.name(),
        governance.criticality.name(),
        governance.owner.name(),
        governance.system_of_record.name()
    )
}
