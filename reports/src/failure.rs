//! A failure, told once for all formats: the business sentence, how it came about, who disagrees, which step
//! did not pass, and the command that runs it again.

use counterproof_contracts::{
    invariants::{Judge, Violation},
    journal::{RunInput, StepOutcome, Verdict},
};

use crate::{Finding, RunReport, ScenarioReport, chain, text};

/// How a line is meant; formats with colors tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The business sentence.
    Sentence,
    /// Where the law broke.
    Breaking,
    /// Evidence and circumstances.
    Plain,
    /// What to read last.
    Faint,
}

/// A line of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Line {
    fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

/// All lines of a failed or inconclusive scenario; the first is a sentence.
pub(crate) fn lines(run: &RunReport, scenario: &ScenarioReport) -> Vec<Line> {
    let mut told: Vec<Line> = Vec::new();
    for (index, finding) in scenario.violations.iter().enumerate() {
        let known = scenario.violations.iter().take(index);
        let first_of_its_law =
            !known.clone().any(|other| other.violation.invariant == finding.violation.invariant);
        told.extend(finding_lines(finding, first_of_its_law));
    }
    tell_reasons(scenario, &mut told);
    tell_step(scenario, &mut told);
    if told.is_empty() {
        told.push(Line::new(Tone::Sentence, "The scenario did not pass, and no reason was recorded."));
    }
    told.push(Line::new(Tone::Faint, format!("again:   {}", again(run, scenario))));
    told
}

/// What a violation outside all scenarios says.
pub(crate) fn loose_line(violation: &Violation) -> String {
    format!("{}  [{}]", text::line(&violation.sentence), text::line(&violation.invariant))
}

/// The command that runs a scenario again.
pub(crate) fn again(run: &RunReport, scenario: &ScenarioReport) -> String {
    let place = if scenario.feature_path.is_empty() {
        String::new()
    } else {
        format!(" {}", quoted(&scenario.place()))
    };
    let target = if matches!(run.target.as_str(), "reference" | "") {
        String::new()
    } else {
        format!(" --target {}", quoted(&run.target))
    };
    let RunInput { virtual_start, faults, chaos, crash_everywhere, perturb, .. } = &run.input;
    if let Some(folder) =
        run.folder.as_deref().filter(|_| !faults.is_null() || *crash_everywhere || perturb.is_some())
    {
        return format!("counterproof replay {}", quoted(&format!("{folder}:{}", scenario.id)));
    }
    let clock = virtual_start.map_or_else(String::new, |start| format!(" --virtual --starts-at {start}"));
    let chaos = chaos.map_or_else(String::new, |level| format!(" --chaos {level}"));
    let seed = scenario.seed.unwrap_or(run.seed);
    format!("counterproof run{place} --seed {seed}{target}{clock}{chaos}")
}

/// A word of a command line.
fn quoted(word: &str) -> String {
    let word = text::line(word);
    let plain = |character: char| character.is_alphanumeric() || "/._-:@%+=,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn finding_lines(finding: &Finding, with_evidence: bool) -> Vec<Line> {
    let violation = &finding.violation;
    let sentence = format!("{}  [{}]", text::line(&violation.sentence), text::line(&violation.invariant));
    let mut told = vec![Line::new(Tone::Sentence, sentence)];
    if !with_evidence {
        return told;
    }
    if let Some(law) = Judge::laws().into_iter().find(|law| law.id == violation.invariant) {
        told.push(Line::new(Tone::Faint, format!("law {}: {}", law.id, text::line(law.text))));
    }
    for (breaks, line) in chain::render(&finding.chain, violation.seq) {
        let (tone, mark) = if breaks { (Tone::Breaking, "▶") } else { (Tone::Plain, " ") };
        told.push(Line::new(tone, format!("{mark} {line}")));
    }
    if !violation.systems.is_empty() {
        let says: Vec<String> = violation
            .systems
            .iter()
            .map(|position| {
                format!("{} {}{}", position.system, text::line(&position.says), odd(position.odd))
            })
            .collect();
        told.push(Line::new(Tone::Plain, format!("agree?   {}", says.join(" · "))));
    }
    told
}

const fn odd(odd: bool) -> &'static str {
    if odd { " ✗" } else { "" }
}

/// Reasons that no sentence above has told.
fn tell_reasons(scenario: &ScenarioReport, told: &mut Vec<Line>) {
    let step = scenario.failed_step().and_then(|step| step.message.clone()).unwrap_or_default();
    for reason in &scenario.reasons {
        let sentence = text::line(reason);
        let known = scenario.violations.iter().any(|found| reason.contains(&found.violation.sentence));
        let of_step = !step.is_empty() && sentence.contains(&text::line(&step));
        if !known && !of_step && !sentence.is_empty() {
            told.push(Line::new(Tone::Sentence, sentence));
        }
    }
}

fn tell_step(scenario: &ScenarioReport, told: &mut Vec<Line>) {
    let Some(step) = scenario.failed_step() else { return };
    let what = match step.outcome {
        StepOutcome::Inconclusive => "stopped",
        StepOutcome::Failed | StepOutcome::Passed => "failed",
    };
    let message = step.message.as_deref().unwrap_or_default();
    let mut lines = text::lines(message).filter(|line| !line.is_empty());
    if told.is_empty()
        && let Some(first) = lines.next()
    {
        told.push(Line::new(Tone::Sentence, first));
    }
    let sentence = text::line(&format!("{} {}", step.keyword, step.text));
    told.push(Line::new(Tone::Breaking, format!("{what:<9}{sentence}   (line {})", step.line)));
    told.extend(lines.map(|line| Line::new(Tone::Plain, format!("         {line}"))));
}

/// What a failure is grouped by and typed with: the first law that broke, else what did not pass.
pub(crate) fn cause(scenario: &ScenarioReport) -> String {
    match (scenario.violations.first(), scenario.failed_step(), scenario.verdict) {
        (Some(finding), ..) => text::line(&finding.violation.invariant),
        (None, Some(step), _) => format!("step: {}", text::line(&step.text)),
        (None, None, Verdict::Inconclusive) => "inconclusive".to_owned(),
        (None, None, _) => "scenario".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_words_for_a_shell() {
        assert_eq!(quoted("scenarios/a.feature:14"), "scenarios/a.feature:14");
        assert_eq!(quoted("my scenarios/$a's.feature:14"), r"'my scenarios/$a'\''s.feature:14'");
        assert_eq!(quoted(""), "''");
    }
}
