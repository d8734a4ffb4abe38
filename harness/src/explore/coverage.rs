//! What was generated: acts, which act followed which, and which act met which fault.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    act::{Act, Part},
    history::History,
};

/// Most lines that are shown of a table.
const SHOWN_MAX: usize = 30;

/// How often what was generated.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    cases: u64,
    whole: u64,
    acts: BTreeMap<(Part, String), u64>,
    transitions: BTreeMap<(String, String), u64>,
    met: BTreeMap<(String, String), u64>,
}

impl Coverage {
    /// Counts a history, which was played `whole` or only until nothing more could be done.
    pub fn count(&mut self, history: &History, whole: bool) {
        self.cases += 1;
        self.whole += u64::from(whole);
        for act in &history.acts {
            *self.acts.entry((act.part(), act.kind())).or_default() += 1;
        }
        let of = |part: Part| history.acts.iter().filter(move |act| act.part() == part).map(Act::kind);
        let commands: Vec<String> = of(Part::Command).collect();
        for pair in commands.windows(2) {
            if let [first, second] = pair {
                *self.transitions.entry((first.clone(), second.clone())).or_default() += 1;
            }
        }
        for fault in of(Part::Fault) {
            for command in &commands {
                *self.met.entry((command.clone(), fault.clone())).or_default() += 1;
            }
        }
    }

    /// How many histories were played to their end.
    pub const fn whole(&self) -> u64 {
        self.whole
    }

    /// A table: each act and fault with its number, and how many pairs occurred.
    pub fn shown(&self) -> String {
        let mut out =
            format!("generated   {} histories, {} of them played to their end\n", self.cases, self.whole);
        for (part, title) in [(Part::Setting, "settings"), (Part::Command, "acts"), (Part::Fault, "faults")] {
            let kinds: Vec<String> = self
                .acts
                .iter()
                .filter(|((of, _), _)| *of == part)
                .map(|((_, kind), times)| format!("{kind} {times}"))
                .collect();
            let _ = writeln!(out, "{title:<11} {}", wrapped(&kinds));
        }
        let kinds = |part: Part| self.acts.keys().filter(|(of, _)| *of == part).count();
        let (commands, faults) = (kinds(Part::Command), kinds(Part::Fault));
        let _ = writeln!(
            out,
            "pairs       {} of {} acts after acts, {} of {} acts with faults",
            self.transitions.len(),
            commands * commands,
            self.met.len(),
            commands * faults
        );
        out
    }
}

/// Items in lines of bounded length.
fn wrapped(items: &[String]) -> String {
    let mut lines = vec![String::new()];
    for item in items {
        let line = lines.last_mut().filter(|line| line.chars().count() + item.chars().count() < 84);
        match line {
            Some(line) if line.is_empty() => line.push_str(item),
            Some(line) => {
                let _ = write!(line, " · {item}");
            }
            None => lines.push(item.clone()),
        }
    }
    lines.truncate(SHOWN_MAX);
    lines.join("\n            ")
}
