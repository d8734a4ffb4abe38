//! The static pass: everything that can be known to be wrong before anything runs.

use gherkin::{GherkinEnv, StepType};

use counterproof_contracts::requirements::Requirements;

use super::{Diagnostic, Source, requirements::unknown_tags};
use crate::steps::{self, Kind, Match};

const KEYWORDS: [&str; 5] = ["Given", "When", "Then", "And", "But"];
const STRUCTURE: [&str; 9] = [
    "Feature",
    "Background",
    "Scenario",
    "Scenario Outline",
    "Scenario Template",
    "Example",
    "Examples",
    "Rule",
    "Scenarios",
];
/// Words that are near to a keyword and begin many a sentence of a description.
const PROSE: [&str; 8] = ["The", "Them", "They", "There", "These", "Than", "Where", "Even"];
/// Marks of the technical world; feature files speak of business.
const TECHNICAL: [&str; 9] =
    ["http:", "https:", "localhost", "127.0.0.1", "{", "JSON", "header", "endpoint", "status code"];

/// Reads a feature file.
pub(super) fn parse(source: &Source) -> Result<gherkin::Feature, Diagnostic> {
    let mut text = source.text.clone();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    gherkin::Feature::parse(&text, GherkinEnv::default()).map_err(|error| {
        let (line, column) = position(&error.to_string());
        let line = line.min(source.text.lines().count().max(1));
        let shown = source.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
        let indent = shown.chars().take_while(|character| character.is_whitespace()).count();
        misspelt(shown).map_or_else(
            || Diagnostic {
                path: source.path.clone(),
                line,
                column: column.clamp(indent + 1, shown.chars().count().max(indent + 1)),
                width: 1,
                message: "this is no Gherkin".to_owned(),
                help: Some(
                    "expected here: Feature, Background, Scenario, Examples, a step, a table or a comment"
                        .to_owned(),
                ),
            },
            |keyword| misspelling(source, line, shown, keyword),
        )
    })
}

/// Line and column of a parser's error. The parser keeps them to itself and shows them as `Error at 3:5: …`.
fn position(error: &str) -> (usize, usize) {
    let mut numbers = error.trim_start_matches("Error at ").splitn(3, ':').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(line)), Some(Ok(column))) => (line, column),
        _ => (1, 1),
    }
}

/// Finds everything that is wrong in feature files without running them, in file order.
pub fn lint(sources: &[Source]) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for source in sources {
        findings.extend(prose_that_looks_like_steps(source));
        if let Ok(requirements) = Requirements::published() {
            findings.extend(unknown_tags(source, requirements));
        }
        match parse(source) {
            Err(finding) => findings.push(finding),
            Ok(feature) => check_feature(source, &feature, &mut findings),
        }
    }
    findings.sort();
    findings.dedup_by(|left, right| {
        (&left.path, left.line, left.column) == (&right.path, right.line, right.column)
    });
    findings
}

/// The keyword that a line's first word was probably meant to be.
fn misspelt(line: &str) -> Option<&'static str> {
    let line = line.trim();
    if let Some((head, _)) = line.split_once(':')
        && head.len() <= 20
        && !STRUCTURE.contains(&head)
    {
        return STRUCTURE.into_iter().find(|keyword| strsim::damerau_levenshtein(keyword, head) <= 2);
    }
    let word = line.split_whitespace().next()?;
    let is_prose = PROSE.iter().any(|prose| prose.eq_ignore_ascii_case(word));
    if KEYWORDS.contains(&word) || is_prose || word.len() < 2 {
        return None;
    }
    let capital = |text: &str| text.to_ascii_lowercase();
    KEYWORDS.into_iter().find(|keyword| {
        let distance = strsim::damerau_levenshtein(&capital(keyword), &capital(word));
        // Three letters leave little room: "And" is one slip away from "Any", "An" and "End".
        if keyword.len() <= 3 { distance == 0 } else { distance <= 1 || (distance == 2 && word.len() >= 5) }
    })
}

fn misspelling(source: &Source, line: usize, shown: &str, keyword: &str) -> Diagnostic {
    let indent = shown.chars().take_while(|character| character.is_whitespace()).count();
    let word = shown.trim().split([' ', ':']).next().unwrap_or_default();
    Diagnostic {
        path: source.path.clone(),
        line,
        column: indent + 1,
        width: word.chars().count().max(1),
        message: format!("`{word}` is no keyword, so this line would be taken for prose and never run"),
        help: Some(format!("did you mean `{keyword}`?")),
    }
}

/// Gherkin takes a line with an unknown keyword below a heading for a description: it would silently not run.
fn prose_that_looks_like_steps(source: &Source) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    let mut in_doc_string = false;
    let mut below_feature = true;
    for (index, line) in source.text.lines().enumerate() {
        let trimmed = line.trim();
        if trimmed.starts_with("\"\"\"") || trimmed.starts_with("```") {
            in_doc_string = !in_doc_string;
        }
        if in_doc_string || trimmed.is_empty() || trimmed.starts_with(['#', '@', '|', '*']) {
            continue;
        }
        let head = trimmed.split(':').next().unwrap_or_default();
        if STRUCTURE.contains(&head) && trimmed.contains(':') {
            below_feature = matches!(head, "Feature" | "Rule");
            continue;
        }
        if let Some(keyword) = misspelt(line) {
            findings.push(misspelling(source, index + 1, line, keyword));
        } else if !below_feature && !KEYWORDS.iter().any(|keyword| trimmed.starts_with(keyword)) {
            findings.push(Diagnostic {
                width: trimmed.chars().count(),
                message:
                    "this line is neither a step nor a heading, so it would be taken for prose and never run"
                        .to_owned(),
                help: Some(
                    "begin it with Given, When, Then, And or But; or write it as a comment with #".to_owned(),
                ),
                ..misspelling(source, index + 1, line, "")
            });
        }
    }
    findings
}

fn check_feature(source: &Source, feature: &gherkin::Feature, findings: &mut Vec<Diagnostic>) {
    let at = |line: usize, message: String, help: &str| Diagnostic {
        path: source.path.clone(),
        line,
        column: 1 + source
            .text
            .lines()
            .nth(line.saturating_sub(1))
            .map_or(0, |text| text.len() - text.trim_start().len()),
        width: source.text.lines().nth(line.saturating_sub(1)).map_or(1, |text| text.trim().chars().count()),
        message,
        help: Some(help.to_owned()),
    };
    let scenarios: Vec<&gherkin::Scenario> =
        feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios)).collect();
    if scenarios.is_empty() {
        findings.push(at(
            feature.position.line,
            "this feature has no scenario".to_owned(),
            "add one, or delete the file",
        ));
    }
    let backgrounds =
        feature.background.iter().chain(feature.rules.iter().filter_map(|rule| rule.background.as_ref()));
    for step in backgrounds.flat_map(|background| &background.steps) {
        check_step(source, step, &[], findings);
    }
    let mut names = std::collections::BTreeSet::new();
    for scenario in scenarios {
        let line = scenario.position.line;
        if !names.insert(scenario.name.clone()) {
            findings.push(at(
                line,
                format!("a second scenario is called {:?}", scenario.name),
                "give it a name of its own; reports tell scenarios apart by name",
            ));
        }
        if scenario.steps.is_empty() {
            findings.push(at(line, "this scenario has no step".to_owned(), "add steps, or delete it"));
        } else if !scenario.steps.iter().any(|step| step.ty == StepType::Then) {
            findings.push(at(
                line,
                "this scenario asserts nothing: it has no Then".to_owned(),
                "say what must hold, for example `Then every system agrees`",
            ));
        }
        let columns = columns(scenario);
        if scenario.keyword.contains("Outline") && columns.is_empty() {
            findings.push(at(
                line,
                "this outline has no examples, so it would never run".to_owned(),
                "add an Examples table",
            ));
        }
        for step in &scenario.steps {
            check_step(source, step, &columns, findings);
        }
    }
}

/// Column names of an outline with the values of its first row.
fn columns(scenario: &gherkin::Scenario) -> Vec<(String, Vec<String>)> {
    let mut columns = Vec::new();
    for table in scenario.examples.iter().filter_map(|examples| examples.table.as_ref()) {
        let Some((head, rows)) = table.rows.split_first() else { continue };
        for (index, name) in head.iter().enumerate() {
            columns.push((name.clone(), rows.iter().filter_map(|row| row.get(index).cloned()).collect()));
        }
    }
    columns
}

fn check_step(
    source: &Source,
    step: &gherkin::Step,
    columns: &[(String, Vec<String>)],
    findings: &mut Vec<Diagnostic>,
) {
    let line = step.position.line;
    let shown = source.text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let start = shown
        .find(step.value.as_str())
        .map_or(0, |byte| shown.get(..byte).unwrap_or_default().chars().count());
    let at = |message: String, help: Option<String>| Diagnostic {
        path: source.path.clone(),
        line,
        column: start + 1,
        width: step.value.chars().count().max(1),
        message,
        help,
    };
    if let Some(word) = TECHNICAL.iter().find(|word| step.value.contains(**word)) {
        findings.push(at(
            format!("`{word}` is a technical word"),
            Some(
                "say what happens in the business; feature files know no port, address, header or JSON"
                    .to_owned(),
            ),
        ));
    }
    let kind = Kind::of(step.ty);
    let rows = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0).max(1);
    for row in 0..rows {
        let text = columns.iter().fold(step.value.clone(), |text, (name, values)| {
            values.get(row).map_or(text.clone(), |value| text.replace(&format!("<{name}>"), value))
        });
        match steps::find(kind, &text) {
            Match::One(..) => {}
            Match::None => {
                findings.push(at(
                    format!("undefined step: nobody taught {kind} {text:?}"),
                    steps::nearest(kind, &text).map(|step| {
                        format!(
                            "the nearest step is: {kind} {}; `counterproof steps list` shows all",
                            step.expression
                        )
                    }),
                ));
                break;
            }
            Match::Several(first, second) => {
                findings.push(at(
                    format!("ambiguous step: {:?} and {:?} both fit", first.expression, second.expression),
                    Some("word it so that one fits only".to_owned()),
                ));
                break;
            }
        }
    }
}
