//! The matrix on a terminal.

use std::fmt::Write as _;

use counterproof_contracts::defects::Domain;
use owo_colors::{OwoColorize as _, Style};

use super::{Fate, Matrix, Row, counted};
use crate::text;

/// Most laws that are shown of a defect.
const LAWS_MAX: usize = 5;
/// Most sentences that are shown of what the suite misses.
const FINDINGS_MAX: usize = 40;

impl Matrix {
    /// A line for each defect, by domain, then what the suite misses and how it ended.
    pub fn terminal(&self) -> String {
        let mut out = String::new();
        let width = self.rows.iter().map(|row| row.defect.id.len()).max().unwrap_or(0);
        for domain in Domain::ALL {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.defect.domain == domain).collect();
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(out, "\n{}", domain.title().bold());
            for row in rows {
                let (mark, word, style) = shown(row.fate());
                let _ = writeln!(
                    out,
                    "  {} {:<8} {:<width$}  {:<24} {} of {}",
                    mark.style(style),
                    word.style(style),
                    row.defect.id,
                    laws(row),
                    row.kills.len(),
                    counted(row.reached, "scenario")
                );
            }
        }
        self.end(&mut out);
        out
    }

    fn end(&self, out: &mut String) {
        let findings = self.findings();
        if !findings.is_empty() {
            let _ = writeln!(out, "\n{}", "what the suite misses".bold());
        }
        for finding in findings.iter().take(FINDINGS_MAX) {
            let _ = writeln!(out, "  {}", text::line(finding));
        }
        if let Some(more) = findings.len().checked_sub(FINDINGS_MAX + 1) {
            let _ = writeln!(out, "  and {} more", more + 1);
        }
        let [killed, misnamed, survived, unknown] = self.tally();
        let plays: usize = self.rows.iter().map(|row| row.reached).sum();
        let _ = writeln!(
            out,
            "\ndefects     {}: {killed} killed, {misnamed} not named, {survived} survived{}",
            self.rows.len(),
            if unknown > 0 { format!(", {unknown} not played to the end") } else { String::new() }
        );
        let _ = writeln!(
            out,
            "suite       {}, {}, {} with a defect",
            counted(self.scenarios.len(), "scenario"),
            counted(self.laws.len(), "law"),
            counted(plays, "play")
        );
        if self.interrupted {
            let _ = writeln!(out, "interrupted: what was played until then is kept");
        }
    }
}

fn laws(row: &Row) -> String {
    let laws = row.laws();
    let mut shown: Vec<&str> = laws.iter().take(LAWS_MAX).map(|(law, _)| *law).collect();
    if laws.is_empty() && !row.kills.is_empty() {
        shown.push("a step only");
    }
    if laws.len() > LAWS_MAX {
        shown.push("…");
    }
    shown.join(" ")
}

fn shown(fate: Fate) -> (&'static str, &'static str, Style) {
    match fate {
        Fate::Killed => ("✓", "killed", Style::new().green()),
        Fate::Misnamed => ("✗", "unnamed", Style::new().red()),
        Fate::Survived => ("✗", "SURVIVED", Style::new().red().bold()),
        Fate::Unknown => ("·", "unknown", Style::new().dimmed()),
    }
}
