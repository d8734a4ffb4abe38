//! Two parts of the result in a terminal: what was measured, and how much of what is required was exercised.

use std::io;

use counterproof_contracts::{
    journal::ScenarioOmitted,
    metrics::{Measure, Metric},
    requirements::{Area, Exercised, Level},
};

use crate::{Measured, RunReport, text};

/// Most requirements that are named as not exercised.
const NAMED_MAX: usize = 40;
/// How many of them fit into a line.
const NAMED_IN_LINE: usize = 8;

/// Times as a table, counts in a line each; what never happened is left out.
pub(crate) fn metrics(out: &mut impl io::Write, run: &RunReport) -> io::Result<()> {
    let (times, numbers): (Vec<&Measured>, Vec<&Measured>) =
        run.metrics.iter().filter(|row| row.count > 0).partition(|row| row.metric.measure() == Measure::Time);
    if times.is_empty() && numbers.is_empty() {
        return Ok(());
    }
    writeln!(out, "metrics     {:<22}{:<17}{:>7}{:>9}{:>10}{:>10}", "", "", "", "p50", "p99", "max")?;
    let mut last = None;
    for row in times {
        let name = if last == Some(row.metric) { "" } else { row.metric.name() };
        last = Some(row.metric);
        let [p50, p99, max] = [row.p50, row.p99, row.max].map(|number| row.said(number));
        let (channel, count) = (row.channel.title(), row.count);
        writeln!(out, "            {name:<22}{channel:<17}{count:>7}{p50:>9}{p99:>10}{max:>10}")?;
    }
    for metric in Metric::ALL {
        let parts: Vec<String> = numbers
            .iter()
            .filter(|row| row.metric == metric)
            .map(|row| format!("{} {}", row.channel.title(), row.said(row.max)))
            .collect();
        if !parts.is_empty() {
            writeln!(out, "            {:<22}{}", metric.name(), parts.join(" · "))?;
        }
    }
    Ok(())
}

/// Most scenarios that are named where several are omitted for the same reason.
const OMITTED_NAMED_MAX: usize = 3;

/// What is not played, and why: a line for each reason, with some names.
pub fn omitted(omitted: &[ScenarioOmitted]) -> String {
    let mut lines = String::new();
    let mut rest = omitted;
    while let Some(first) = rest.first() {
        let (same, others) = rest.split_at(rest.partition_point(|it| it.why == first.why));
        rest = others;
        let number = text::count(same.len(), "scenario");
        let names: Vec<String> = same.iter().take(OMITTED_NAMED_MAX).map(|it| text::line(&it.name)).collect();
        let more = match same.len().saturating_sub(names.len()) {
            0 => String::new(),
            more => format!("; and {more} more, which the journal and junit.xml name"),
        };
        let why = text::line(&first.why);
        lines.extend([format!("omitted: {number}: {why}\n  = {}{more}\n", names.join("; "))]);
    }
    lines
}

/// How much was exercised, by level and area; of a whole pack also what was not.
pub(crate) fn coverage(out: &mut impl io::Write, run: &RunReport) -> io::Result<()> {
    let coverage = &run.coverage;
    let (required, exercised) = coverage.count(|_| true);
    if required == 0 {
        return Ok(());
    }
    writeln!(out, "required    {exercised} of {required} exercised")?;
    let whole = run.input.paths.is_empty() && run.input.tags.is_none();
    if !whole {
        return Ok(());
    }
    let part = |name: &str, fits: &dyn Fn(&Exercised) -> bool| {
        let (required, exercised) = coverage.count(fits);
        format!("{name} {exercised} of {required}")
    };
    let levels = Level::ALL.map(|level| part(level.name(), &|entry| entry.level == level));
    let areas = Area::ALL.map(|(area, name, _)| part(name, &|entry| entry.area == area));
    for line in levels.chunks(3).chain(areas.chunks(4)) {
        writeln!(out, "            {}", line.join(" · "))?;
    }
    let open: Vec<&str> = coverage
        .requirements
        .iter()
        .filter(|entry| !entry.is_exercised())
        .map(|entry| entry.id.as_str())
        .collect();
    for (index, line) in
        open.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().chunks(NAMED_IN_LINE).enumerate()
    {
        let heading = if index == 0 { "not yet" } else { "" };
        writeln!(out, "            {heading:<8}{}", text::line(&line.join(" ")))?;
    }
    let more = open.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        writeln!(out, "            … {more} more; `counterproof requirements list` shows all")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenarios(why: &str, count: u32) -> impl Iterator<Item = ScenarioOmitted> {
        let why = why.to_owned();
        (1..=count).map(move |line| ScenarioOmitted {
            feature_path: "scenarios/a.feature".to_owned(),
            feature: "A".to_owned(),
            name: format!("number {line}"),
            line,
            why: why.clone(),
        })
    }

    #[test]
    fn what_is_omitted_is_told_by_reason_with_some_names() {
        assert_eq!(omitted(&[]), "");
        let all: Vec<_> = scenarios("they take long", 5).chain(scenarios("they kill", 1)).collect();
        let told = "omitted: 5 scenarios: they take long\n  \
            = number 1; number 2; number 3; and 2 more, which the journal and junit.xml name\n\
            omitted: 1 scenario: they kill\n  = number 1\n";
        assert_eq!(omitted(&all), told);
    }
}
