//! Tags that name requirements: which scenarios name what, and which tags name nothing.

use std::collections::BTreeMap;

use counterproof_contracts::requirements::{Requirements, Tag};

use super::{Diagnostic, Planned, Source};

/// Finds tags that look like a requirement's id and are none.
pub(super) fn unknown_tags(source: &Source, requirements: &Requirements) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (index, line) in source.text.lines().enumerate() {
        if !line.trim_start().starts_with('@') {
            continue;
        }
        let mut rest = line;
        let mut column = 1;
        while let Some((before, after)) = rest.split_once('@') {
            column += before.chars().count() + 1;
            let tag = after.split(|end: char| end.is_whitespace() || end == '@').next().unwrap_or_default();
            if let Tag::Unknown { nearest } = requirements.read_tag(tag) {
                findings.push(Diagnostic {
                    path: source.path.clone(),
                    line: index + 1,
                    column: column - 1,
                    width: tag.chars().count() + 1,
                    message: format!("nothing is required as {tag:?}"),
                    help: Some(format!(
                        "the nearest is {}: {} `counterproof requirements list` shows all",
                        nearest.id, nearest.text
                    )),
                });
            }
            rest = after;
        }
    }
    findings
}

/// How many of the planned scenarios name each tag.
pub fn scenarios_by_tag<'a>(planned: impl IntoIterator<Item = &'a Planned>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for scenario in planned {
        for tag in &scenario.tags {
            *counts.entry(tag.clone()).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;
    use crate::features::{load, plan};
    use counterproof_contracts::invariants::Judge;

    #[test]
    fn every_requirement_is_covered_by_a_scenario_or_a_law_or_planned() {
        let named = scenarios_by_tag(&plan(&load(&[]).unwrap(), None).unwrap().planned);
        let laws: Vec<&str> = Judge::laws().iter().map(|law| law.id).collect();
        let open: Vec<&str> = Requirements::published()
            .unwrap()
            .all()
            .iter()
            .filter(|entry| {
                let judged = entry.laws.iter().any(|law| laws.contains(&law.as_str()));
                entry.planned == (judged || named.contains_key(&entry.id))
            })
            .map(|entry| entry.id.as_str())
            .collect();
        assert!(
            open.is_empty(),
            "no scenario and no law covers {open:?}, or they are covered and still `planned`: tag a scenario, let a law \
             cover it in [laws] of contracts/requirements.toml, or take `planned` away"
        );
    }

    #[test]
    fn a_tag_that_names_no_requirement_is_found_where_it_stands() {
        let text = "@orders @JIRA-12\nFeature: F\n\n  @ORD-001 @ORD-998\t@PYA-001\n  Scenario: S\n";
        let source = Source { path: "a.feature".to_owned(), text: text.to_owned(), line: None };
        let found = unknown_tags(&source, Requirements::published().unwrap());
        let places: Vec<(usize, usize, usize)> =
            found.iter().map(|finding| (finding.line, finding.column, finding.width)).collect();
        assert_eq!(places, [(4, 12, 8), (4, 21, 8)]);
    }
}
