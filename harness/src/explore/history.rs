//! A generated history, as acts, as a scenario, and as a feature file.

use std::fmt::Write as _;

use super::{
    act::{Act, Part},
    model::{Model, REPLACEMENT},
};
use crate::{
    exit::{Exit, Fatal},
    features::{self, Script, Source},
    runner::NEEDS_RESTART,
};

/// What happens, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// The acts.
    pub acts: Vec<Act>,
}

impl History {
    /// The history without what makes no sense: stock that nobody orders, acts whose premise is gone.
    #[must_use]
    pub fn sound(&self) -> Self {
        let needed = |act: &Act| match act {
            Act::Stock { items: (product, _), .. } => self.needs(product),
            _ => true,
        };
        let mut model = Model::default();
        let mut acts = Vec::new();
        for act in self.acts.iter().filter(|act| needed(act)) {
            if model.admits(act) {
                model.apply(act);
                acts.push(act.clone());
            }
        }
        Self { acts }
    }

    fn needs(&self, product: &str) -> bool {
        self.acts.iter().any(|act| match act {
            Act::Order { items, .. } => items.iter().any(|(ordered, _)| *ordered == product),
            Act::Exchange { .. } => product == REPLACEMENT,
            Act::Listed { product: other } | Act::Lapsing { product: other } => *other == product,
            Act::Send { items, .. } => items.0 == product,
            _ => false,
        })
    }

    /// How many acts there are of a part.
    pub fn count(&self, part: Part) -> usize {
        self.acts.iter().filter(|act| act.part() == part).count()
    }

    /// Steps that people and machines take; settings and faults are counted apart.
    pub fn steps(&self) -> usize {
        self.count(Part::Command)
    }

    /// The sentences, with the keyword of each.
    fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        let mut before = "";
        for act in &self.acts {
            let keyword = if act.part() == Part::Command || before == "When" { "When" } else { "Given" };
            for sentence in act.sentences() {
                lines.push((if keyword == before { "And" } else { keyword }, sentence));
                before = keyword;
            }
        }
        lines
    }

    /// As a feature file. `title`: what it shows; `notes`: lines before it.
    pub fn feature(&self, title: &str, notes: &[String]) -> String {
        let mut text = String::new();
        for note in notes {
            let _ = writeln!(text, "# {note}");
        }
        let restart =
            if self.acts.contains(&Act::Kill) { format!(" @{NEEDS_RESTART}") } else { String::new() };
        let _ = write!(
            text,
            "@found{restart}\nFeature: A history that was found by exploring\n\n  Scenario: {title}\n"
        );
        for (keyword, sentence) in self.lines() {
            let _ = writeln!(text, "    {keyword} {sentence}");
        }
        text.push_str("    Then every system agrees\n");
        text
    }

    /// As a scenario to be played; `name` tells its identities from those of others.
    ///
    /// # Errors
    /// [`Fatal`] with a bug's exit code if the vocabulary lacks a sentence.
    pub fn script(&self, name: &str) -> Result<Script, Fatal> {
        let source =
            Source { path: format!("explored/{name}.feature"), text: self.feature(name, &[]), line: None };
        let bug =
            |reason: String| Fatal::new(Exit::Bug, format!("a generated history cannot be played: {reason}"));
        let scripts = features::plan(&[source], None).map_err(|error| bug(error.to_string()))?.scripts();
        scripts.into_iter().next().ok_or_else(|| bug("it has no scenario".to_owned()))
    }
}
