//! `counterproof requirements list`: what is required, and what covers it.

use std::fmt::Write as _;

use counterproof_contracts::{
    invariants::Judge,
    requirements::{Area, Requirement, Requirements},
};

use crate::{
    exit::{Exit, Fatal},
    features,
};

/// What is published, or why it cannot be used.
pub(super) fn published() -> Result<&'static Requirements, Fatal> {
    Requirements::published().map_err(|problems| {
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Fatal::new(Exit::Bug, format!("contracts/requirements.toml: {}", told.join("\n  ")))
    })
}

/// Prints every requirement by area, with the scenarios of the pack and the laws that cover it.
pub(super) fn list() -> Result<Exit, Fatal> {
    let requirements = published()?;
    let planned = features::plan(&features::load(&[])?, None)?.planned;
    let named = features::scenarios_by_tag(&planned);
    let laws: Vec<&str> = Judge::laws().iter().map(|law| law.id).collect();
    let mut shown = String::new();
    for (area, name, _) in Area::ALL {
        let _ = writeln!(shown, "{name}");
        for requirement in requirements.all().iter().filter(|requirement| requirement.area == area) {
            let scenarios = named.get(&requirement.id).copied().unwrap_or(0);
            let _ =
                writeln!(shown, "  {} {:<11} {}", requirement.id, requirement.level.name(), requirement.text);
            let _ = writeln!(
                shown,
                "      {} · from {}",
                covered(requirement, scenarios, &laws),
                requirement.source
            );
        }
    }
    super::print(&shown)?;
    Ok(Exit::Passed)
}

fn covered(requirement: &Requirement, scenarios: u64, known: &[&str]) -> String {
    let judged = requirement.laws.iter().map(String::as_str).filter(|law| known.contains(law));
    let laws: Vec<&str> = judged.collect();
    let mut parts = Vec::new();
    if scenarios > 0 {
        parts.push(format!("{scenarios} {}", if scenarios == 1 { "scenario" } else { "scenarios" }));
    }
    if !laws.is_empty() {
        parts.push(format!("{} {}", if laws.len() == 1 { "law" } else { "laws" }, laws.join(", ")));
    }
    if parts.is_empty() { "not covered".to_owned() } else { parts.join(", ") }
}
