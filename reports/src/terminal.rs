//! What a person reads in a terminal or in a pipeline's log: one line per scenario, then what broke, last
//! the result. Whether there is color is the caller's decision; nothing is asked of the environment.

use std::{collections::BTreeMap, io};

use counterproof_contracts::journal::Verdict;
use owo_colors::{OwoColorize as _, Style};

use crate::{
    RunReport, ScenarioReport,
    failure::{self, Line, Tone},
    summary, text,
};

/// From how many failures with the same cause on only the first is told in full.
const SAME_CAUSE_MAX: usize = 3;
/// Most lines of quarantined traffic.
const QUARANTINED_MAX: usize = 5;
/// Most plays that are named because others had to follow them.
const SUPERSEDED_MAX: usize = 10;
/// Width of a rule.
const RULE_WIDTH: usize = 78;

/// How the output looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// With ANSI colors. Symbols and words carry the meaning in any case.
    pub color: bool,
    /// How many scenarios will end: each line then begins with a counter, `(12/56)`.
    pub counter: Option<usize>,
    /// Scenarios that passed have no line.
    pub quiet: bool,
}

/// Writes the story of a run as text.
#[derive(Debug)]
pub struct Terminal<W> {
    out: W,
    look: Look,
    told: usize,
}

impl<W: io::Write> Terminal<W> {
    /// A report to this writer.
    pub const fn new(out: W, look: Look) -> Self {
        Self { out, look, told: 0 }
    }

    /// Gives the writer back.
    pub fn into_inner(self) -> W {
        self.out
    }

    /// The writer, for taking out what was told so far.
    pub const fn writer(&mut self) -> &mut W {
        &mut self.out
    }

    /// More scenarios will end than the look said.
    pub const fn expect_more(&mut self, scenarios: usize) {
        if let Some(counter) = &mut self.look.counter {
            *counter += scenarios;
        }
    }

    /// First line: what runs against what, and the seed that repeats it.
    pub fn header(&mut self, version: &str, seed: u64, target: &str) -> io::Result<()> {
        let title = self.paint("counterproof", Style::new().bold());
        let (version, target) = (text::line(version), text::line(target));
        writeln!(self.out, "{title} {version} · seed {seed} · target {target}")
    }

    /// A scenario ended: one line, unless it passed and the look is quiet. `laws` are the identifiers of the laws that it broke.
    pub fn scenario_line(
        &mut self,
        name: &str,
        verdict: Verdict,
        duration_ms: u64,
        laws: &[&str],
    ) -> io::Result<()> {
        self.told += 1;
        if self.look.quiet && verdict == Verdict::Pass {
            return Ok(());
        }
        let counter = self.look.counter.map_or_else(String::new, |total| {
            let width = total.to_string().len();
            format!("({:>width$}/{total})", self.told)
        });
        let (mark, word, style) = face(verdict);
        let verdict = self.paint(&format!("{mark} {word:<12}"), style);
        let laws =
            if laws.is_empty() { String::new() } else { format!("   {}", text::line(&laws.join(" "))) };
        let laws = self.paint(&laws, style);
        let duration = text::duration(duration_ms);
        writeln!(self.out, "{counter} {verdict} {duration:>8}  {}{laws}", text::line(name))
    }

    /// [`scenario_line`](Self::scenario_line) of a scenario in the story.
    pub fn scenario(&mut self, scenario: &ScenarioReport) -> io::Result<()> {
        let mut laws: Vec<&str> =
            scenario.violations.iter().map(|finding| finding.violation.invariant.as_str()).collect();
        laws.dedup();
        self.scenario_line(&scenario.name, scenario.verdict, scenario.duration_ms, &laws)
    }

    /// What broke, then the result. `exit_code` is what the command will end with.
    pub fn summary(&mut self, run: &RunReport, exit_code: u8) -> io::Result<()> {
        self.failures(run)?;
        self.loose(run)?;
        self.result(run, exit_code)?;
        self.out.flush()
    }

    /// Everything: header, each scenario, summary.
    pub fn whole(&mut self, run: &RunReport, exit_code: u8) -> io::Result<()> {
        self.header(&run.version, run.seed, &run.target)?;
        for scenario in &run.scenarios {
            self.scenario(scenario)?;
        }
        self.summary(run, exit_code)
    }

    /// Failures first, then what could not be told; of many with one cause only the first in full.
    fn failures(&mut self, run: &RunReport) -> io::Result<()> {
        for verdict in [Verdict::Fail, Verdict::Inconclusive] {
            let mut causes: BTreeMap<String, Vec<&ScenarioReport>> = BTreeMap::new();
            let mut order = Vec::new();
            for scenario in run.scenarios.iter().filter(|scenario| scenario.verdict == verdict) {
                let cause = failure::cause(scenario);
                if !causes.contains_key(&cause) {
                    order.push(cause.clone());
                }
                causes.entry(cause).or_default().push(scenario);
            }
            for cause in order {
                let scenarios = causes.remove(&cause).unwrap_or_default();
                self.same_cause(run, &cause, &scenarios)?;
            }
        }
        Ok(())
    }

    fn same_cause(&mut self, run: &RunReport, cause: &str, scenarios: &[&ScenarioReport]) -> io::Result<()> {
        let in_full = if scenarios.len() > SAME_CAUSE_MAX { 1 } else { scenarios.len() };
        let (told, listed) = scenarios.split_at(in_full);
        for scenario in told {
            self.failure(run, scenario)?;
        }
        if listed.is_empty() {
            return Ok(());
        }
        writeln!(
            self.out,
            "\n  {} with the same cause ({cause}):",
            text::count(listed.len(), "more scenario")
        )?;
        for scenario in listed {
            writeln!(self.out, "    {}  {}", text::line(&scenario.origin()), text::line(&scenario.name))?;
        }
        Ok(())
    }

    fn failure(&mut self, run: &RunReport, scenario: &ScenarioReport) -> io::Result<()> {
        let (_, word, style) = face(scenario.verdict);
        let word = self.paint(word, style);
        let place = self.paint(&text::line(&scenario.origin()), Style::new().dimmed());
        writeln!(self.out, "\n{word}  {}   {place}", text::line(&scenario.name))?;
        for Line { tone, text } in failure::lines(run, scenario) {
            let (indent, style) = match tone {
                Tone::Sentence => ("  ", Style::new().bold()),
                Tone::Breaking => ("    ", style),
                Tone::Plain => ("    ", Style::new()),
                Tone::Faint => ("    ", Style::new().dimmed()),
            };
            let painted = self.paint(&text, style);
            writeln!(self.out, "{indent}{painted}")?;
        }
        Ok(())
    }

    fn loose(&mut self, run: &RunReport) -> io::Result<()> {
        if run.violations.is_empty() {
            return Ok(());
        }
        let (_, word, style) = face(Verdict::Fail);
        let word = self.paint(word, style);
        writeln!(self.out, "\n{word}  outside all scenarios")?;
        for violation in &run.violations {
            writeln!(self.out, "  {}", failure::loose_line(violation))?;
        }
        Ok(())
    }

    fn result(&mut self, run: &RunReport, exit_code: u8) -> io::Result<()> {
        let (_, word, style) = face(run.verdict);
        let title = format!("── Result: {word} ");
        let rule = "─".repeat(RULE_WIDTH.saturating_sub(title.chars().count()));
        let title = self.paint(&title, style);
        writeln!(self.out, "\n{title}{rule}")?;
        writeln!(self.out, "scenarios   {}", scenario_counts(run))?;
        self.superseded(run)?;
        writeln!(self.out, "laws        {}", law_counts(run))?;
        writeln!(self.out, "messages    {}", run.exchanges)?;
        self.convergence(run)?;
        summary::metrics(&mut self.out, run)?;
        summary::coverage(&mut self.out, run)?;
        self.quarantined(run)?;
        for sentence in &run.missed {
            let line =
                self.paint(&format!("threshold   {}", text::line(sentence)), Style::new().red().bold());
            writeln!(self.out, "{line}")?;
        }
        if run.incomplete {
            writeln!(self.out, "incomplete  the run was interrupted: not every scenario was judged")?;
        }
        let code = self.paint(&format!("exit {exit_code}"), style);
        writeln!(self.out, "{code}")
    }

    /// What went wrong on purpose, and how long systems then took to agree.
    fn convergence(&mut self, run: &RunReport) -> io::Result<()> {
        if run.faults == 0 {
            return Ok(());
        }
        writeln!(self.out, "faults      {} happened; after they ended systems agreed within", run.faults)?;
        writeln!(self.out, "            {:<17}{:>9}{:>10}{:>10}", "", "p50", "p99", "max")?;
        for row in &run.convergence {
            let [p50, p99, max] = [row.p50_ms, row.p99_ms, row.max_ms].map(text::duration);
            writeln!(self.out, "            {:<17}{p50:>9}{p99:>10}{max:>10}", row.system.title())?;
        }
        Ok(())
    }

    /// What could be told only when it was played again, if then.
    fn superseded(&mut self, run: &RunReport) -> io::Result<()> {
        for (index, play) in run.superseded.iter().take(SUPERSEDED_MAX).enumerate() {
            let heading = if index == 0 { "again" } else { "" };
            let reason =
                play.sentence().map_or_else(String::new, |reason| format!(": {}", text::line(reason)));
            writeln!(
                self.out,
                "{heading:<12}{}   {}{reason}",
                text::line(&play.name),
                text::line(&play.origin())
            )?;
        }
        let rest = run.superseded.len().saturating_sub(SUPERSEDED_MAX);
        if rest > 0 {
            writeln!(self.out, "            … {rest} more, in the journal")?;
        }
        Ok(())
    }

    fn quarantined(&mut self, run: &RunReport) -> io::Result<()> {
        if run.quarantined.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "quarantine  messages that belong to no scenario:")?;
        for stranger in run.quarantined.iter().take(QUARANTINED_MAX) {
            writeln!(self.out, "            {}", text::line(stranger))?;
        }
        let rest = run.quarantined.len().saturating_sub(QUARANTINED_MAX);
        if rest > 0 {
            writeln!(self.out, "            … {rest} more, in the journal")?;
        }
        Ok(())
    }

    fn paint(&self, text: &str, style: Style) -> String {
        if self.look.color && !text.is_empty() { text.style(style).to_string() } else { text.to_owned() }
    }
}

/// Symbol, word and color of a verdict.
const fn face(verdict: Verdict) -> (&'static str, &'static str, Style) {
    match verdict {
        Verdict::Pass => ("✓", "PASS", Style::new().green()),
        Verdict::Fail => ("✗", "FAIL", Style::new().red().bold()),
        Verdict::Inconclusive => ("◌", "INCONCLUSIVE", Style::new().yellow()),
    }
}

fn scenario_counts(run: &RunReport) -> String {
    let passed = run.count(Verdict::Pass);
    let mut parts = vec![format!("{}: {passed} passed", run.scenarios.len())];
    for (verdict, word) in [(Verdict::Fail, "failed"), (Verdict::Inconclusive, "inconclusive")] {
        let number = run.count(verdict);
        if number > 0 {
            parts.push(format!("{number} {word}"));
        }
    }
    if !run.omitted.is_empty() {
        parts.push(format!("{} omitted", run.omitted.len()));
    }
    if !run.superseded.is_empty() {
        parts.push(format!("{} played again", run.superseded.len()));
    }
    if run.repetitions > 0 {
        parts.push(format!("{} passed", text::count_u64(run.repetitions, "repetition")));
    }
    parts.join(", ")
}

fn law_counts(run: &RunReport) -> String {
    let broken: std::collections::BTreeSet<&str> =
        run.all_violations().map(|violation| violation.invariant.as_str()).collect();
    let violations = run.all_violations().count();
    let found = match violations {
        0 => "no violation".to_owned(),
        _ => format!("{} of {}", text::count(violations, "violation"), text::count(broken.len(), "law")),
    };
    format!("{}: {} checks, {found}", run.laws, run.checks)
}
