//! A finding in a feature file: file, line, column, caret, remedy.

use std::fmt::Write as _;

/// Something wrong in a feature file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// The file.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are meant; at least 1.
    pub width: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Shows findings with the lines that they are about.
pub fn render(findings: &[Diagnostic], text_of: impl Fn(&str) -> Option<String>) -> String {
    let mut shown = String::new();
    for finding in findings {
        let _ = writeln!(shown, "error: {}", finding.message);
        let _ = writeln!(shown, "  --> {}:{}:{}", finding.path, finding.line, finding.column);
        if let Some(line) = text_of(&finding.path)
            .as_deref()
            .and_then(|text| text.lines().nth(finding.line.saturating_sub(1)))
        {
            let gutter = finding.line.to_string();
            let indent = " ".repeat(gutter.len());
            let pad: String = line
                .chars()
                .take(finding.column.saturating_sub(1))
                .map(|character| if character == '\t' { '\t' } else { ' ' })
                .collect();
            let _ = writeln!(
                shown,
                "{indent} |\n{gutter} | {line}\n{indent} | {pad}{}",
                "^".repeat(finding.width.max(1))
            );
        }
        if let Some(help) = &finding.help {
            let _ = writeln!(shown, "  = {help}");
        }
        shown.push('\n');
    }
    shown
}
