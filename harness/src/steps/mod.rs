//! The vocabulary of scenarios: one table of steps, one file per noun.
//!
//! Steps speak of business. They act through the simulators as customers, clerks and drivers would, and
//! look at what simulators show; they never reach into the implementation.

mod access;
mod adjustments;
mod advances;
mod agreement;
mod audit;
mod changes;
mod customers;
mod degradation;
mod dispositions;
mod erp;
mod exceptions;
mod exchanges;
mod faults;
pub(crate) mod feeds;
mod files;
mod fulfillment;
mod gift_cards;
mod master_data;
mod no_receipt;
mod orders;
mod parameters;
mod payment;
mod pickup;
mod promises;
mod provider;
mod recovery;
mod return_channels;
mod return_exceptions;
mod returns;
mod stock;
mod taxes;
mod tills;
mod times;
mod transfers;
mod undelivered;
mod versions;

use std::{collections::HashMap, fmt, sync::LazyLock, time::Duration};

use cucumber_expressions::Expression;
use futures::future::LocalBoxFuture;
use gherkin::StepType;

pub use faults::restore::restored;
pub use parameters::{PARAMETERS, Parameter};
pub(crate) use recovery::OPERATOR;

use crate::world::{StepError, World};

/// Whether a step sets the stage and acts, or asserts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `Given` and `When`.
    Action,
    /// `Then`.
    Assertion,
}

impl Kind {
    /// The kind of a keyword.
    pub fn of(keyword: StepType) -> Self {
        match keyword {
            StepType::Given | StepType::When => Self::Action,
            StepType::Then => Self::Assertion,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Action => "Given/When",
            Self::Assertion => "Then",
        })
    }
}

/// The values of a step's parameters, in order, without quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Args(Vec<String>);

impl Args {
    /// A parameter; empty where there is none.
    pub fn text(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }

    /// A parameter as a number.
    pub fn number(&self, index: usize) -> Result<u32, StepError> {
        let text = self.text(index);
        text.parse()
            .map_err(|_| StepError::rig(format!("{text:?} is no number that a scenario can count to")))
    }

    /// A parameter as a span of time: `3 hours`.
    pub fn duration(&self, index: usize) -> Result<Duration, StepError> {
        let text = self.text(index);
        let (count, unit) = text.split_once(' ').unwrap_or((text, ""));
        let seconds = match unit.trim_end_matches('s') {
            "second" => 1,
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            _ => 0,
        };
        let count = count.parse::<u64>().ok().filter(|_| seconds > 0);
        let count = count.ok_or_else(|| StepError::rig(format!("{text:?} is no span of time")))?;
        Ok(Duration::from_secs(count.saturating_mul(seconds)))
    }
}

/// What a step does.
pub type Action = for<'a> fn(&'a mut World, Args) -> LocalBoxFuture<'a, Result<(), StepError>>;

/// A step that waits for nothing.
fn at_once(result: Result<(), StepError>) -> LocalBoxFuture<'static, Result<(), StepError>> {
    Box::pin(std::future::ready(result))
}

/// A step that scenarios can use.
#[derive(Clone, Copy)]
pub struct Step {
    /// `Given`/`When`, or `Then`.
    pub kind: Kind,
    /// Cucumber expression.
    pub expression: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What it does, in code.
    pub action: Action,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.expression)
    }
}

/// Every step, by noun.
pub fn all() -> impl Iterator<Item = &'static Step> {
    [
        stock::STEPS,
        transfers::STEPS,
        orders::STEPS,
        changes::STEPS,
        payment::STEPS,
        advances::STEPS,
        provider::STEPS,
        taxes::STEPS,
        fulfillment::STEPS,
        gift_cards::STEPS,
        exceptions::STEPS,
        pickup::STEPS,
        promises::STEPS,
        returns::STEPS,
        exchanges::STEPS,
        dispositions::STEPS,
        files::STEPS,
        feeds::STEPS,
        erp::STEPS,
        tills::STEPS,
        master_data::STEPS,
        customers::STEPS,
        return_exceptions::STEPS,
        return_channels::STEPS,
        undelivered::STEPS,
        adjustments::STEPS,
        no_receipt::STEPS,
        faults::STEPS,
        faults::calls::STEPS,
        faults::messages::STEPS,
        faults::links::STEPS,
        faults::wires::STEPS,
        faults::restore::STEPS,
        recovery::STEPS,
        access::STEPS,
        degradation::STEPS,
        audit::STEPS,
        versions::STEPS,
        times::STEPS,
        agreement::STEPS,
    ]
    .into_iter()
    .flatten()
}

/// Whether a sentence makes something go wrong, or a partner slow: the ERP takes documents on terms of its own.
pub fn disturbs(text: &str) -> bool {
    let such =
        [faults::STEPS, faults::calls::STEPS, faults::messages::STEPS, faults::links::STEPS, erp::STEPS];
    let known = |step: &Step| such.into_iter().flatten().any(|fault| fault.expression == step.expression);
    matches!(find(Kind::Action, text), Match::One(step, _) if known(step))
}

/// A step with its compiled expression.
pub struct Compiled {
    /// The step.
    pub step: &'static Step,
    /// What every sentence that fits begins with.
    beginning: &'static str,
    /// What it matches.
    pub regex: regex::Regex,
}

/// The words of an expression before the first that may differ.
fn beginning(expression: &'static str) -> &'static str {
    match expression.split_once(['{', '(', '/', '\\']) {
        None => expression,
        Some((plain, _)) => plain.rsplit_once(' ').map_or("", |(words, _)| words),
    }
}

/// Every step with its expression compiled. An expression that does not compile matches nothing; a test
/// makes sure that there is none.
pub static COMPILED: LazyLock<Vec<Compiled>> = LazyLock::new(|| {
    let parameters: HashMap<&str, &str> =
        PARAMETERS.iter().map(|parameter| (parameter.name, parameter.pattern)).collect();
    all()
        .filter_map(|step| {
            let regex = Expression::regex_with_parameters(step.expression, &parameters).ok()?;
            Some(Compiled { step, beginning: beginning(step.expression), regex })
        })
        .collect()
});

/// How many steps fit a sentence.
#[derive(Debug)]
pub enum Match {
    /// None.
    None,
    /// One, with its parameters.
    One(&'static Step, Args),
    /// More than one.
    Several(&'static Step, &'static Step),
}

/// Finds the step for a sentence.
pub fn find(kind: Kind, text: &str) -> Match {
    let mut fitting = COMPILED
        .iter()
        .filter(|compiled| compiled.step.kind == kind && text.starts_with(compiled.beginning))
        .filter_map(|compiled| Some((compiled.step, compiled.regex.captures(text)?)));
    let Some((step, captures)) = fitting.next() else { return Match::None };
    if let Some((other, _)) = fitting.next() {
        return Match::Several(step, other);
    }
    let args = captures
        .iter()
        .skip(1)
        .map(|group| unquoted(group.map_or("", |group| group.as_str())).to_owned())
        .collect();
    Match::One(step, Args(args))
}

/// A quoted parameter without its quotes; a list of items keeps those of its names.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text)
}

/// The step whose wording is nearest to a sentence.
pub fn nearest(kind: Kind, text: &str) -> Option<&'static Step> {
    all()
        .filter(|step| step.kind == kind)
        .map(|step| (strsim::jaro_winkler(step.expression, text), step))
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .filter(|(similarity, _)| *similarity > 0.6)
        .map(|(_, step)| step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_compiles_and_has_a_doc() {
        assert_eq!(COMPILED.len(), all().count());
        for step in all() {
            assert!(step.doc.ends_with('.'), "{step:?} wants a sentence");
        }
    }

    #[test]
    fn outages_and_a_slow_erp_disturb_and_business_does_not() {
        assert!(disturbs("the ERP is down"));
        assert!(disturbs("the ERP takes 2 documents a second"));
        assert!(!disturbs("the warehouse ships the order"));
        assert!(!disturbs("no such sentence"));
    }

    #[test]
    fn a_beginning_ends_before_the_first_word_that_may_differ() {
        assert_eq!(beginning("the order(s) of {string}"), "the");
        assert_eq!(beginning("is/are in stock"), "");
        assert_eq!(beginning("{int} units"), "");
        assert_eq!(beginning("the dock grades {int}"), "the dock grades");
        assert_eq!(beginning("everybody agrees"), "everybody agrees");
    }

    #[test]
    fn a_sentence_finds_its_step_and_parameters() {
        let Match::One(step, args) =
            find(Kind::Action, "5 \"linen shirt\" are in stock at \"Warehouse North\"")
        else {
            panic!("not found")
        };
        assert_eq!(step.kind, Kind::Action);
        assert_eq!(args, Args(vec!["5".into(), "linen shirt".into(), "Warehouse North".into()]));
        assert!(matches!(
            find(Kind::Assertion, "5 \"linen shirt\" are in stock at \"Warehouse North\""),
            Match::None
        ));
    }
}
