//! What the whole retail domain requires, read from `requirements.toml`, and how much of it a run exercised.
//!
//! Scenarios name what they cover by tags, laws are named in the file. Neither is known here: whoever knows
//! scenarios and laws hands their names in.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::{Deserialize, Serialize};

/// The published file.
const PUBLISHED: &str = include_str!("../requirements.toml");
/// Where a requirement comes from, by how its source begins.
const SOURCES: [&str; 4] = ["standard: ", "practice: ", "bug report: ", "law "];

/// From which level of ambition on a retailer needs something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Every seller of goods.
    Core,
    /// Who splits, changes and sources orders.
    Fulfillment,
    /// Who takes goods back.
    Returns,
    /// Who sells across channels, borders and stores.
    Omnichannel,
    /// Who must go on when partners fail.
    Resilience,
    /// Who must hold times at the busiest hour.
    Peak,
}

impl Level {
    /// Every level, the most basic first.
    pub const ALL: [Self; 6] =
        [Self::Core, Self::Fulfillment, Self::Returns, Self::Omnichannel, Self::Resilience, Self::Peak];

    /// The level as the file writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Fulfillment => "fulfillment",
            Self::Returns => "returns",
            Self::Omnichannel => "omnichannel",
            Self::Resilience => "resilience",
            Self::Peak => "peak",
        }
    }
}

/// Which part of the domain a requirement belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Capture, cancellation and change of orders.
    Orders,
    /// Channels and what crosses them.
    Omnichannel,
    /// From release to delivery.
    Fulfillment,
    /// Money.
    Payments,
    /// Taxes, promotions, currencies.
    Tax,
    /// Stock.
    Inventory,
    /// Everything that comes back.
    Returns,
    /// Failures, security, traceability.
    Resilience,
    /// Times and load.
    Peak,
    /// Partners that exchange files.
    Batch,
    /// Products, places, codes.
    MasterData,
}

impl Area {
    /// Every area with its name and with the letters that begin an id.
    pub const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::Orders, "orders", "ORD"),
        (Self::Omnichannel, "omnichannel", "OMN"),
        (Self::Fulfillment, "fulfillment", "FUL"),
        (Self::Payments, "payments", "PAY"),
        (Self::Tax, "tax", "TAX"),
        (Self::Inventory, "inventory", "INV"),
        (Self::Returns, "returns", "RET"),
        (Self::Resilience, "resilience", "RES"),
        (Self::Peak, "peak", "PEK"),
        (Self::Batch, "batch", "BAT"),
        (Self::MasterData, "master_data", "MDM"),
    ];

    /// The area of an id: three letters that are known, a hyphen, three digits.
    pub fn of(id: &str) -> Option<Self> {
        let (letters, number) = id.split_once('-')?;
        let digits = number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
        let area = Self::ALL.into_iter().find(|(_, _, known)| *known == letters);
        area.filter(|_| digits).map(|(area, _, _)| area)
    }

    /// The area in a word.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(area, _, _)| *area == self).map_or("", |(_, name, _)| name)
    }
}

/// One thing that is required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// For example `ORD-003`.
    pub id: String,
    /// Its area, which the id says.
    pub area: Area,
    /// What must hold, in a sentence.
    pub text: String,
    /// From which level on.
    pub level: Level,
    /// Standard, practice, bug reports or laws that it comes from.
    pub source: String,
    /// Laws that cover it.
    pub laws: Vec<String>,
    /// Whether nothing covers it yet, which is known.
    pub planned: bool,
}

/// Why a file of requirements is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// No TOML, or a field is missing, unknown or of the wrong type; says line and column.
    #[error("requirements do not parse: {0}")]
    Syntax(String),
    /// An entry does not make sense.
    #[error("{place}: {problem}")]
    Entry {
        /// The key in the file.
        place: String,
        /// What is wrong.
        problem: String,
    },
}

/// Everything that is required, by area and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements {
    entries: Vec<Requirement>,
    laws: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    requirement: BTreeMap<String, Entry>,
    laws: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    text: String,
    level: Level,
    source: String,
    #[serde(default)]
    planned: bool,
}

impl Requirements {
    /// What the published file says. The error is a bug of the file.
    pub fn published() -> Result<&'static Self, &'static [RequirementError]> {
        static READ: LazyLock<Result<Requirements, Vec<RequirementError>>> =
            LazyLock::new(|| Requirements::parse(PUBLISHED));
        READ.as_ref().map_err(Vec::as_slice)
    }

    /// Reads a file. Everything that is wrong with it is told at once.
    pub fn parse(text: &str) -> Result<Self, Vec<RequirementError>> {
        let file: File = toml::from_str(text)
            .map_err(|error| vec![RequirementError::Syntax(error.to_string().trim().to_owned())])?;
        let mut problems = Vec::new();
        let mut covering: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (law, ids) in &file.laws {
            for id in ids {
                if !file.requirement.contains_key(id) {
                    problems.push(problem(format!("laws.{law}"), format!("nothing is required as {id:?}")));
                }
                covering.entry(id).or_default().push(law.clone());
            }
        }
        let mut entries = Vec::new();
        for (id, entry) in &file.requirement {
            let laws = covering.remove(id.as_str()).unwrap_or_default();
            match requirement(id, entry, laws) {
                Ok(requirement) => entries.push(requirement),
                Err(found) => problems.extend(found),
            }
        }
        entries.sort_by(|left, right| (left.area, &left.id).cmp(&(right.area, &right.id)));
        if problems.is_empty() {
            Ok(Self { entries, laws: file.laws.into_keys().collect() })
        } else {
            Err(problems)
        }
    }

    /// Everything that is required, by area and id.
    pub fn all(&self) -> &[Requirement] {
        &self.entries
    }

    /// The requirement with this id.
    pub fn find(&self, id: &str) -> Option<&Requirement> {
        self.entries.iter().find(|requirement| requirement.id == id)
    }

    /// Whether the file says what a law covers.
    pub fn knows_law(&self, law: &str) -> bool {
        self.laws.contains(law)
    }

    /// Judges a tag (without `@`) of a scenario: it names a requirement, is something else, or was meant to name one.
    pub fn read_tag<'a>(&'a self, tag: &'a str) -> Tag<'a> {
        if let Some(requirement) = self.find(tag) {
            return Tag::Requirement(requirement);
        }
        let nearest = self
            .entries
            .iter()
            .map(|requirement| (strsim::damerau_levenshtein(&requirement.id, tag), requirement))
            .min_by_key(|(distance, _)| *distance);
        let begins = tag.split_once('-').map(|(letters, _)| letters);
        let claims = Area::ALL.into_iter().any(|(_, _, letters)| begins == Some(letters));
        match nearest {
            Some((distance, requirement)) if claims || distance == 1 => Tag::Unknown { nearest: requirement },
            _ => Tag::Other,
        }
    }
}

/// What a tag of a scenario says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag<'a> {
    /// It names this requirement.
    Requirement(&'a Requirement),
    /// It begins like a requirement's id, or nearly is one, and none has it.
    Unknown {
        /// The requirement that has the nearest id.
        nearest: &'a Requirement,
    },
    /// It has nothing to do with requirements.
    Other,
}

fn problem(place: String, problem: impl Into<String>) -> RequirementError {
    RequirementError::Entry { place, problem: problem.into() }
}

fn requirement(id: &str, entry: &Entry, laws: Vec<String>) -> Result<Requirement, Vec<RequirementError>> {
    let place = |field: &str| format!("requirement.{id}{field}");
    let mut problems = Vec::new();
    if !entry.text.ends_with('.') || entry.text.len() > 200 {
        problems.push(problem(place(".text"), "want a sentence of at most 200 characters, with a full stop"));
    }
    if !SOURCES.iter().any(|source| entry.source.starts_with(source)) {
        problems.push(problem(place(".source"), format!("want one of {}", SOURCES.join(", "))));
    }
    let area = Area::of(id);
    if area.is_none() {
        let letters: Vec<&str> = Area::ALL.into_iter().map(|(_, _, letters)| letters).collect();
        problems.push(problem(
            place(""),
            format!("want one of {} and three digits, as ORD-001", letters.join(", ")),
        ));
    }
    match area {
        Some(area) if problems.is_empty() => Ok(Requirement {
            id: id.to_owned(),
            area,
            text: entry.text.clone(),
            level: entry.level,
            source: entry.source.clone(),
            laws,
            planned: entry.planned,
        }),
        _ => Err(problems),
    }
}

/// How much of what is required a run exercised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Everything that is required, by area and id.
    pub requirements: Vec<Exercised>,
}

/// How a requirement was exercised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exercised {
    /// For example `ORD-003`.
    pub id: String,
    /// Its area.
    pub area: Area,
    /// Its level.
    pub level: Level,
    /// How many scenarios that name it came to a verdict other than INCONCLUSIVE.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub scenarios: u64,
    /// How often laws that cover it were checked on something.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub checks: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Exercised {
    /// Whether a scenario or a law looked at it.
    pub const fn is_exercised(&self) -> bool {
        self.scenarios > 0 || self.checks > 0
    }
}

impl Coverage {
    /// The coverage of a run in which so many scenarios with each tag came to a verdict, and each law was
    /// checked so often.
    pub fn of(
        requirements: &Requirements,
        tags: &BTreeMap<String, u64>,
        checks_by_law: &BTreeMap<&str, u64>,
    ) -> Self {
        let exercised = |requirement: &Requirement| Exercised {
            id: requirement.id.clone(),
            area: requirement.area,
            level: requirement.level,
            scenarios: tags.get(&requirement.id).copied().unwrap_or(0),
            checks: requirement.laws.iter().filter_map(|law| checks_by_law.get(law.as_str())).sum(),
        };
        Self { requirements: requirements.all().iter().map(exercised).collect() }
    }

    /// Requirements that fit, and those of them that were exercised.
    pub fn count(&self, fits: impl Fn(&Exercised) -> bool) -> (usize, usize) {
        let concerned = || self.requirements.iter().filter(|requirement| fits(requirement));
        (concerned().count(), concerned().filter(|requirement| requirement.is_exercised()).count())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    const FILE: &str = "
[requirement.ORD-001]
text = \"An order is taken.\"
level = \"core\"
source = \"practice: order capture\"

[requirement.PAY-002]
text = \"A capture is taken once.\"
level = \"peak\"
source = \"law M5\"
planned = true

[laws]
M5 = [\"PAY-002\"]
";

    fn refused(from: &str, to: &str) -> Vec<String> {
        assert!(FILE.contains(from));
        Requirements::parse(&FILE.replace(from, to)).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_published_file_is_read_and_reaches_every_level_and_area() {
        let published = Requirements::published().unwrap();
        for level in Level::ALL {
            assert!(published.all().iter().any(|entry| entry.level == level), "{level:?}");
        }
        for (area, name, _) in Area::ALL {
            assert!(published.all().iter().any(|entry| entry.area == area), "{name}");
        }
        let mut texts = BTreeSet::new();
        assert!(
            published.all().iter().all(|entry| texts.insert(&entry.text)),
            "two requirements say the same"
        );
    }

    #[test]
    fn every_law_says_what_it_covers() {
        let published = Requirements::published().unwrap();
        for law in crate::invariants::Judge::laws() {
            assert!(
                published.knows_law(law.id),
                "law {} covers nothing: add a line to [laws] in contracts/requirements.toml",
                law.id
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(
            refused("M5 = [\"PAY-002\"]", "M5 = [\"PAY-003\"]"),
            ["laws.M5: nothing is required as \"PAY-003\""]
        );
        assert_eq!(
            refused("practice: order", "folklore: order"),
            ["requirement.ORD-001.source: want one of standard: , practice: , bug report: , law "]
        );
        assert_eq!(
            refused("taken.\"", "taken\"").first().unwrap(),
            "requirement.ORD-001.text: want a sentence of at most 200 characters, with a full stop"
        );
        let odd = refused("ORD-001", "ODR-1");
        assert!(odd.first().unwrap().starts_with("requirement.ODR-1: want one of ORD, OMN"), "{odd:?}");
        let level = refused("\"peak\"", "\"summit\"");
        assert!(level.first().unwrap().contains("line 9"), "{level:?}");
        let twice = refused("requirement.PAY-002]", "requirement.ORD-001]");
        assert!(twice.first().unwrap().contains("line 7"), "{twice:?}");
    }

    #[test]
    fn a_tag_names_a_requirement_misses_one_or_is_something_else() {
        let read = Requirements::parse(FILE).unwrap();
        assert!(matches!(read.read_tag("PAY-002"), Tag::Requirement(entry) if entry.laws == ["M5"]));
        for meant in ["PAY-009", "PAY-2", "PYA-002", "PAY002"] {
            assert!(
                matches!(read.read_tag(meant), Tag::Unknown { nearest } if nearest.id == "PAY-002"),
                "{meant}"
            );
        }
        for other in ["orders", "virtual", "JIRA-1234", "pay"] {
            assert_eq!(read.read_tag(other), Tag::Other, "{other}");
        }
    }

    #[test]
    fn what_a_scenario_or_a_law_looked_at_is_exercised() {
        let read = Requirements::parse(FILE).unwrap();
        let of = |tag: &str, law: u64| {
            let coverage =
                Coverage::of(&read, &BTreeMap::from([(tag.to_owned(), 2)]), &BTreeMap::from([("M5", law)]));
            (coverage.count(|_| true), coverage.count(|entry| entry.level == Level::Peak))
        };
        assert_eq!(of("orders", 0), ((2, 0), (1, 0)));
        assert_eq!(of("ORD-001", 0), ((2, 1), (1, 0)));
        assert_eq!(of("ORD-001", 7), ((2, 2), (1, 1)));
    }
}
