//! The matrix as one page without scripts and without anything to fetch.

use std::fmt::Write as _;

use counterproof_contracts::defects::Domain;

use super::{Fate, Matrix, Row, counted};
use crate::text;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}\
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}\
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line)}\
th{font-weight:600}.killed{color:#137333}.bad{color:#b3261e;font-weight:600}\
@media(prefers-color-scheme:dark){.killed{color:#81c995}.bad{color:#f28b82}}\
code{font-size:.9em}.law{border:1px solid var(--line);border-radius:.3rem;padding:0 .3rem;margin-right:.2rem}\
.named{font-weight:700}details p{margin:.3rem 0}ul{padding-left:1.2rem}";

impl Matrix {
    /// A page with a table for each domain; each defect opens to every scenario that saw it.
    pub fn html(&self) -> String {
        let [killed, misnamed, survived, unknown] = self.tally();
        let mut out = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>Which law sees which defect</title><style>{STYLE}</style></head><body>\n\
             <h1>Which law sees which defect</h1>\n<p>{killed} of {} killed, {misnamed} not named, {survived} survived, \
             {unknown} not played to the end; {}, {}, seed {}.</p>\n",
            counted(self.rows.len(), "defect"),
            counted(self.scenarios.len(), "scenario"),
            counted(self.laws.len(), "law"),
            self.seed
        );
        let findings = self.findings();
        if !findings.is_empty() {
            out.push_str("<h2>What the suite misses</h2>\n<ul>\n");
            for finding in findings {
                let _ = writeln!(out, "<li>{}</li>", escaped(&finding));
            }
            out.push_str("</ul>\n");
        }
        for domain in Domain::ALL {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.defect.domain == domain).collect();
            if rows.is_empty() {
                continue;
            }
            let _ = write!(
                out,
                "<h2>{}</h2>\n<table><thead><tr><th>Defect</th><th>Laws</th><th>Seen by</th></tr></thead><tbody>\n",
                domain.title()
            );
            for row in rows {
                self.html_row(&mut out, row);
            }
            out.push_str("</tbody></table>\n");
        }
        out.push_str("</body></html>\n");
        out
    }

    fn html_row(&self, out: &mut String, row: &Row) {
        let (class, word) = match row.fate() {
            Fate::Killed => ("killed", "killed"),
            Fate::Misnamed => ("bad", "not named"),
            Fate::Survived => ("bad", "survived"),
            Fate::Unknown => ("", "not played to the end"),
        };
        let defect = &row.defect;
        let _ = write!(
            out,
            "<tr><td><code>{}</code> <span class=\"{class}\">{word}</span><br>{}<br><small>{}; {}. Reported as {}.</small></td><td>",
            escaped(&defect.id),
            escaped(&defect.text),
            escaped(&defect.failure),
            escaped(&defect.impact),
            escaped(&defect.reports.join(", "))
        );
        for (law, scenarios) in row.laws() {
            let named = if defect.laws.iter().any(|expected| expected == law) { " named" } else { "" };
            let _ = write!(out, "<span class=\"law{named}\" title=\"{scenarios}\">{}</span> ", escaped(law));
        }
        let _ = write!(
            out,
            "</td><td><details><summary>{} of {}</summary>",
            row.kills.len(),
            counted(row.reached, "scenario")
        );
        for kill in &row.kills {
            let name = self.scenarios.get(kill.scenario).map_or("", |scenario| scenario.name.as_str());
            let _ = write!(
                out,
                "<p>{} <small>{}<br>{}</small></p>",
                escaped(name),
                escaped(&kill.laws.join(" ")),
                escaped(&kill.reason)
            );
        }
        out.push_str("</details></td></tr>\n");
    }
}

fn escaped(text: &str) -> String {
    text::line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
