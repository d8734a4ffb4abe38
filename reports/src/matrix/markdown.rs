//! The matrix as a document to be committed: it changes only when what is proven changes.

use std::fmt::Write as _;

use counterproof_contracts::defects::Domain;

use super::{Fate, Matrix, Row, counted};
use crate::text;

impl Matrix {
    /// A table for each domain: defect, who saw it, and where it was seen first.
    pub fn markdown(&self) -> String {
        let mut out = String::from("# Which law sees which defect\n\n");
        let [killed, misnamed, survived, _] = self.tally();
        let played = if self.live {
            "every scenario that sees a defect in a rehearsal around the reference was played live, around the implementation, \
             first without it and then with it until a law named it"
        } else {
            "every scenario that a defect can change was played with it, in virtual time"
        };
        let _ = writeln!(
            out,
            "Written by `counterproof prove`: {played}, seed {}.\n{killed} of {} are seen by a law that names the fact; {misnamed} otherwise, {survived} not at all. \
             `{}` says what each one is, where it was reported, and what it does to the business.",
            self.seed,
            counted(self.rows.len(), "defect"),
            if self.wire { "wire-defects.toml" } else { "defects.toml" }
        );
        for domain in Domain::ALL {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.defect.domain == domain).collect();
            if rows.is_empty() {
                continue;
            }
            let _ = write!(
                out,
                "\n## {}\n\n| defect | what is wrong | laws that see it | scenarios | first seen in |\n|---|---|---|---|---|\n",
                capitalized(domain.title())
            );
            for row in rows {
                self.row(&mut out, row);
            }
        }
        self.nothing(&mut out);
        out
    }

    fn row(&self, out: &mut String, row: &Row) {
        let laws: Vec<String> = row
            .laws()
            .iter()
            .map(|(law, _)| {
                let named = row.defect.laws.iter().any(|expected| expected == law);
                if named { format!("**{law}**") } else { (*law).to_owned() }
            })
            .collect();
        let seen = match row.fate() {
            Fate::Killed | Fate::Misnamed if laws.is_empty() => "a step only".to_owned(),
            Fate::Killed | Fate::Misnamed => laws.join(" "),
            Fate::Survived => "nobody".to_owned(),
            Fate::Unknown => "not played".to_owned(),
        };
        let first = row.kills.first().and_then(|kill| self.scenarios.get(kill.scenario));
        let first = first.map_or_else(String::new, |scenario| {
            format!("{}: {}", scenario.path, text::line(&scenario.name).replace('|', "\\|"))
        });
        let _ = writeln!(
            out,
            "| `{}` | {} | {seen} | {} of {} | {first} |",
            row.defect.id,
            row.defect.text,
            row.kills.len(),
            row.reached
        );
    }

    fn nothing(&self, out: &mut String) {
        if !self.whole {
            return;
        }
        let findings = self.findings();
        out.push_str("\n## What the suite misses\n\n");
        if findings.is_empty() {
            out.push_str(
                "Nothing: every defect is named, every law names one, and no scenario could be left out.\n",
            );
        }
        for finding in findings {
            let _ = writeln!(out, "- {}", text::line(&finding));
        }
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
