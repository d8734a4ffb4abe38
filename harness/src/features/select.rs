//! From files to the scenarios that will run.

use std::collections::BTreeMap;

use counterproof_contracts::faults::Fault;
use cucumber::feature::Ext as _;
use gherkin::tagexpr::TagOperation;

use super::{Diagnostic, Source, lint::parse};
use crate::{
    exit::{Exit, Fatal},
    perturb::End,
};

/// A scenario that will run. Outlines are expanded to their rows.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Path of the feature file.
    pub path: String,
    /// Name of the feature.
    pub feature: String,
    /// Name of the scenario; unique within the feature (an example row adds its number).
    pub name: String,
    /// Line of the scenario, or of its example row.
    pub line: usize,
    /// Tags of feature, rule and scenario, without `@`.
    pub tags: Vec<String>,
    /// The scenario with background steps counted in.
    pub steps: usize,
    /// Which variation of the scenario it is, where it is one: the same identities, and something else happens.
    pub variant: Option<Variant>,
    /// From 1: how often it was played, this time included, because nothing could be told before.
    pub play: u8,
    /// How often it is played at the most.
    pub plays_max: u8,
}

/// A variation of a scenario.
#[derive(Debug, Clone)]
pub struct Variant {
    /// From 1.
    pub number: usize,
    /// What is different.
    pub title: String,
    /// How the scenario ended when it was played plainly, where it must end the same: deliveries are perturbed.
    pub plain: Option<End>,
    /// Whether its identifiers are its own, because the implementation remembers those of the plain play.
    pub fresh: bool,
}

impl Planned {
    /// What its identifiers are drawn from, beside its path.
    pub fn identity(&self) -> String {
        let fresh = self.variant.as_ref().is_some_and(|variant| variant.fresh);
        let name = if fresh { self.title() } else { self.name.clone() };
        if self.play > 1 { format!("{name} · play {}", self.play) } else { name }
    }

    /// Whether deliveries are perturbed.
    pub fn is_perturbed(&self) -> bool {
        self.variant.as_ref().is_some_and(|variant| variant.plain.is_some())
    }

    /// The name, and for a variation what is different.
    pub fn title(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{} · {}", self.name, variant.title),
            None => self.name.clone(),
        }
    }
}

/// Features to hand to the runner, and what is planned.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Expanded features that hold the planned scenarios only.
    pub features: Vec<gherkin::Feature>,
    /// The scenarios, in order.
    pub planned: Vec<Planned>,
}

/// A scenario that can be played by itself: with the steps of its backgrounds before its own.
#[derive(Debug, Clone)]
pub struct Script {
    /// What is planned.
    pub planned: Planned,
    /// Every step, in order.
    pub steps: Vec<gherkin::Step>,
    /// A fault that it is played with, beside those that it names itself.
    pub extra: Option<Fault>,
    /// Which perturbation of deliveries it is played under, from 1; 0 for none.
    pub perturbation: u32,
}

impl Script {
    /// The next play of a scenario of which nothing could be told.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.planned.play = self.planned.play.saturating_add(1);
        self
    }
}

impl Selection {
    /// Keeps some of the planned scenarios only; gives those that are left out.
    pub fn retain(&mut self, keep: impl Fn(&Planned) -> bool) -> Vec<Planned> {
        let (kept, left_out): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.planned).into_iter().partition(keep);
        for feature in &mut self.features {
            let path =
                feature.path.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
            let stays = |scenario: &gherkin::Scenario| {
                kept.iter().any(|planned| planned.path == path && planned.name == scenario.name)
            };
            feature.scenarios.retain(stays);
            feature.rules.iter_mut().for_each(|rule| rule.scenarios.retain(stays));
        }
        self.planned = kept;
        left_out
    }

    /// Lets each scenario of which nothing can be told be played again so often.
    pub fn allow_retries(&mut self, retries: u8) {
        for planned in &mut self.planned {
            planned.plays_max = retries.saturating_add(1);
        }
    }

    /// The planned scenarios, each by itself, in order.
    pub fn scripts(&self) -> Vec<Script> {
        let steps_of = |planned: &Planned| {
            let path = |feature: &gherkin::Feature| {
                feature.path.as_ref().is_some_and(|path| path.to_string_lossy() == planned.path)
            };
            self.features
                .iter()
                .filter(|feature| path(feature))
                .find_map(|feature| steps(feature, &planned.name))
        };
        let script = |planned: &Planned| Script {
            planned: planned.clone(),
            steps: steps_of(planned).unwrap_or_default(),
            extra: None,
            perturbation: 0,
        };
        self.planned.iter().map(script).collect()
    }
}

/// The steps of a scenario with those of its backgrounds.
fn steps(feature: &gherkin::Feature, name: &str) -> Option<Vec<gherkin::Step>> {
    let before = |background: &Option<gherkin::Background>| {
        background.as_ref().map_or_else(Vec::new, |background| background.steps.clone())
    };
    let of_feature = before(&feature.background);
    let whole = |more: Vec<gherkin::Step>, scenario: &gherkin::Scenario| {
        of_feature.iter().cloned().chain(more).chain(scenario.steps.iter().cloned()).collect()
    };
    let plain = feature.scenarios.iter().find(|scenario| scenario.name == name);
    plain.map(|scenario| whole(Vec::new(), scenario)).or_else(|| {
        feature.rules.iter().find_map(|rule| {
            let scenario = rule.scenarios.iter().find(|scenario| scenario.name == name)?;
            Some(whole(before(&rule.background), scenario))
        })
    })
}

/// Picks the scenarios that the tag expression and the lines ask for.
pub fn plan(sources: &[Source], tags: Option<&str>) -> Result<Selection, Fatal> {
    let expression = tags.map(parse_tags).transpose()?;
    let mut selection = Selection::default();
    for source in sources {
        let feature = parse(source).map_err(|finding| unparsed(&finding))?;
        let mut feature = feature
            .expand_examples()
            .map_err(|error| Fatal::new(Exit::Invalid, format!("{}: {error}", source.path)))?;
        feature.path = Some(source.path.clone().into());
        keep(&mut feature, source, expression.as_ref());
        number_rows(&mut feature);
        let planned = planned_of(&feature, &source.path);
        if !planned.is_empty() {
            selection.planned.extend(planned);
            selection.features.push(feature);
        }
    }
    Ok(selection)
}

fn unparsed(finding: &Diagnostic) -> Fatal {
    Fatal::new(
        Exit::Invalid,
        format!("{}:{}:{}: {}", finding.path, finding.line, finding.column, finding.message),
    )
}

fn parse_tags(text: &str) -> Result<TagOperation, Fatal> {
    text.parse().map_err(|error: peg_error::Error| {
        Fatal::new(
            Exit::Usage,
            format!("failed to read the tag expression {text:?}: {error}\n  = write for example \"@returns and not @slow\""),
        )
    })
}

/// The error type of the Gherkin crate's tag expressions, which it does not name.
mod peg_error {
    pub(super) type Error = <gherkin::tagexpr::TagOperation as std::str::FromStr>::Err;
}

fn fits(operation: &TagOperation, tags: &[String]) -> bool {
    match operation {
        TagOperation::And(left, right) => fits(left, tags) && fits(right, tags),
        TagOperation::Or(left, right) => fits(left, tags) || fits(right, tags),
        TagOperation::Not(inner) => !fits(inner, tags),
        TagOperation::Tag(tag) => tags.iter().any(|given| given == tag.trim_start_matches('@')),
    }
}

fn keep(feature: &mut gherkin::Feature, source: &Source, tags: Option<&TagOperation>) {
    let mut starts: Vec<usize> = feature
        .scenarios
        .iter()
        .chain(feature.rules.iter().flat_map(|rule| &rule.scenarios))
        .map(|scenario| scenario.position.line)
        .collect();
    starts.sort_unstable();
    let meant =
        source.line.map(|line| starts.iter().copied().take_while(|start| *start <= line).last().unwrap_or(0));
    let feature_tags = feature.tags.clone();
    let kept = |scenario: &gherkin::Scenario, more: &[String]| {
        let all: Vec<String> = feature_tags.iter().chain(more).chain(&scenario.tags).cloned().collect();
        meant.is_none_or(|line| line == 0 || scenario.position.line == line)
            && tags.is_none_or(|operation| fits(operation, &all))
    };
    feature.scenarios.retain(|scenario| kept(scenario, &[]));
    for rule in &mut feature.rules {
        let rule_tags = rule.tags.clone();
        rule.scenarios.retain(|scenario| kept(scenario, &rule_tags));
    }
    feature.rules.retain(|rule| !rule.scenarios.is_empty());
}

/// Rows of an outline may share its name; each then gets the number of its row, so that names stay unique.
fn number_rows(feature: &mut gherkin::Feature) {
    let mut counts = BTreeMap::<String, (usize, usize)>::new();
    for scenario in feature.scenarios.iter().chain(feature.rules.iter().flat_map(|rule| &rule.scenarios)) {
        counts.entry(scenario.name.clone()).or_default().0 += 1;
    }
    let scenarios =
        feature.scenarios.iter_mut().chain(feature.rules.iter_mut().flat_map(|rule| &mut rule.scenarios));
    for scenario in scenarios {
        if let Some((all, row)) = counts.get_mut(&scenario.name)
            && *all > 1
        {
            *row += 1;
            scenario.name = format!("{} (row {row})", scenario.name);
        }
    }
}

fn planned_of(feature: &gherkin::Feature, path: &str) -> Vec<Planned> {
    let background = feature.background.as_ref().map_or(0, |background| background.steps.len());
    let mut planned = Vec::new();
    let mut add = |scenario: &gherkin::Scenario, more_steps: usize, more_tags: &[String]| {
        planned.push(Planned {
            path: path.to_owned(),
            feature: feature.name.clone(),
            name: scenario.name.clone(),
            line: scenario.position.line,
            tags: feature.tags.iter().chain(more_tags).chain(&scenario.tags).cloned().collect(),
            steps: background + more_steps + scenario.steps.len(),
            variant: None,
            play: 1,
            plays_max: 1,
        });
    };
    for scenario in &feature.scenarios {
        add(scenario, 0, &[]);
    }
    for rule in &feature.rules {
        let of_rule = rule.background.as_ref().map_or(0, |background| background.steps.len());
        for scenario in &rule.scenarios {
            add(scenario, of_rule, &rule.tags);
        }
    }
    planned
}
