//! What is shown while scenarios run: a bar on a terminal, plain lines in a pipeline.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

use counterproof_contracts::journal::{ScenarioFinished, Verdict};
use counterproof_reports::{Look, Terminal};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::{Exit, Fatal};

/// Results go to standard output, the bar to standard error.
pub struct Progress {
    terminal: Mutex<Terminal<Vec<u8>>>,
    bar: Option<ProgressBar>,
    failed: Mutex<usize>,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Progress")
    }
}

impl Progress {
    /// Prints the first line and begins. Quietly: scenarios that pass have no line.
    pub fn begin(planned: usize, seed: u64, target: &str, quiet: bool) -> Result<Self, Fatal> {
        let color = std::io::stdout().is_terminal();
        let interactive = color && std::io::stderr().is_terminal();
        let look = Look { color, counter: (!interactive).then_some(planned), quiet };
        let progress = Self {
            terminal: Mutex::new(Terminal::new(Vec::new(), look)),
            bar: interactive.then(|| bar(planned)),
            failed: Mutex::new(0),
        };
        progress
            .terminal()
            .header(env!("CARGO_PKG_VERSION"), seed, target)
            .map_err(|error| Fatal::new(Exit::Bug, error.to_string()))?;
        progress.flush();
        Ok(progress)
    }

    fn terminal(&self) -> MutexGuard<'_, Terminal<Vec<u8>>> {
        self.terminal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A scenario ended.
    pub fn scenario(&self, name: &str, result: &ScenarioFinished, laws: &[String]) {
        let mut laws: Vec<&str> = laws.iter().map(String::as_str).collect();
        laws.sort_unstable();
        laws.dedup();
        let again = if result.again { " (is played again)" } else { "" };
        let name = format!("{name}{again}");
        let _ = self.terminal().scenario_line(&name, result.verdict, result.duration_ms, &laws);
        self.flush();
        if let Some(bar) = &self.bar {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            *failed += usize::from(result.verdict != Verdict::Pass && !result.again);
            bar.inc(1);
            bar.set_message(if *failed == 0 { String::new() } else { format!("{failed} not passed") });
        }
    }

    /// More scenarios will end than was known at the beginning.
    pub fn expect_more(&self, scenarios: usize) {
        self.terminal().expect_more(scenarios);
        if let Some(bar) = &self.bar {
            bar.inc_length(scenarios as u64);
        }
    }

    /// A line of its own.
    pub fn line(&self, text: &str) -> Result<(), Fatal> {
        self.write(text.as_bytes());
        Ok(())
    }

    /// Takes the bar away.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn flush(&self) {
        let mut terminal = self.terminal();
        let text = std::mem::take(terminal.writer());
        self.write(&text);
    }

    fn write(&self, text: &[u8]) {
        let out = || {
            let mut stdout = anstream::stdout();
            // A reader who went away is no reason to stop judging.
            let _ = stdout.write_all(text).and_then(|()| stdout.flush());
        };
        match &self.bar {
            Some(bar) => bar.suspend(out),
            None => out(),
        }
    }
}

fn bar(planned: usize) -> ProgressBar {
    let style = ProgressStyle::with_template(" [{bar:24}] {pos}/{len} scenarios · {elapsed} {msg}");
    let bar = ProgressBar::new(planned as u64);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("█▓░"));
    bar
}
