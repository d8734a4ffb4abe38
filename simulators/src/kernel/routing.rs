//! From method and path to an operation of the contract; where none fits, an explanation of what comes near.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::System,
    protocol::{FieldError, OPERATIONS, Operation, Problem, ProblemKind, percent_decode},
};

/// How many operations an explanation names.
const NEAR_MISSES_MAX: usize = 3;
/// How much of a path is repeated in an answer or a journal, in characters.
const SHOWN_CHARS_MAX: usize = 300;
/// How far another method is away, in edits of letters.
const OTHER_METHOD: usize = 3;
/// How far a missing or superfluous segment is away, in edits of letters.
const NO_SEGMENT: usize = 6;
/// Longer segments are compared up to here, in characters.
const COMPARED_CHARS_MAX: usize = 64;

/// The operation of a system that a request asks for, with its parameters from path and query, decoded.
///
/// # Errors
/// 404 `unknown-operation` with the closest operations; 422 for a query that cannot be decoded.
pub(super) fn route(
    system: System,
    method: &str,
    path: &str,
    query: Option<&str>,
) -> Result<(Operation, BTreeMap<String, String>), Problem> {
    let found = of_system(system)
        .filter(|operation| operation.method.as_str() == method)
        .find_map(|operation| operation.match_path(path).map(|values| (operation, values)));
    let Some((operation, values)) = found else {
        return Err(Problem::new(ProblemKind::UnknownOperation, explain(system, method, path)));
    };
    let mut parameters = query_parameters(query.unwrap_or_default())?;
    parameters.extend(values.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Ok((*operation, parameters))
}

/// A text of the caller, short enough to repeat.
pub(super) fn shown(text: &str) -> String {
    if text.chars().nth(SHOWN_CHARS_MAX).is_none() {
        return text.to_owned();
    }
    text.chars().take(SHOWN_CHARS_MAX).chain(['…']).collect()
}

fn of_system(system: System) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |operation| operation.system == system)
}

fn query_parameters(query: &str) -> Result<BTreeMap<String, String>, Problem> {
    let mut parameters = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = |text: &str| percent_decode(&text.replace('+', " "));
        let (Some(name), Some(value)) = (decode(name), decode(value)) else {
            let detail = format!("{:?} has a broken percent escape", shown(pair));
            return Err(Problem::invalid(vec![FieldError { pointer: "/query".to_owned(), detail }]));
        };
        parameters.insert(name, value);
    }
    Ok(parameters)
}

/// A comparison of a request with an operation that it does not match.
struct NearMiss {
    operation: &'static Operation,
    distance: usize,
    differences: Vec<String>,
}

impl NearMiss {
    fn new(operation: &'static Operation, method: &str, path: &str) -> Self {
        let mut miss = Self { operation, distance: 0, differences: Vec::new() };
        if operation.method.as_str() != method {
            miss.differs(OTHER_METHOD, format!("the method is {:?}", shown(method)));
        }
        let mut given = path.split('/').skip(1);
        for expected in operation.path.split('/').skip(1) {
            match given.next() {
                None => miss.differs(NO_SEGMENT, format!("{expected:?} is missing")),
                Some("") if expected.starts_with('{') => {
                    miss.differs(NO_SEGMENT, format!("{expected} is empty"));
                }
                Some(part) if expected.starts_with('{') => {
                    if percent_decode(part).is_none() {
                        miss.differs(1, format!("{:?} has a broken percent escape", shown(part)));
                    }
                }
                Some(part) if part == expected => {}
                Some(part) => {
                    miss.differs(edits(part, expected), format!("{:?} stands for {expected:?}", shown(part)));
                }
            }
        }
        let more = given.count();
        if more > 0 {
            miss.differs(NO_SEGMENT.saturating_mul(more), format!("{more} more path segments follow"));
        }
        miss
    }

    fn differs(&mut self, distance: usize, difference: String) {
        self.distance = self.distance.saturating_add(distance);
        self.differences.push(difference);
    }

    fn text(&self) -> String {
        let Operation { id, method, path, .. } = self.operation;
        format!("{id} is {} {path}, but {}", method.as_str(), self.differences.join(" and "))
    }
}

/// How many letters must be put in, taken out or replaced to make one text of the other (Levenshtein).
fn edits(given: &str, expected: &str) -> usize {
    let mut row: Vec<usize> = (0..=expected.chars().count()).collect();
    for (above, letter) in given.chars().take(COMPARED_CHARS_MAX).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (column, other) in expected.chars().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

fn explain(system: System, method: &str, path: &str) -> String {
    let mut misses: Vec<NearMiss> =
        of_system(system).map(|operation| NearMiss::new(operation, method, path)).collect();
    misses.sort_by_key(|miss| miss.distance);
    let nearest: Vec<String> = misses.iter().take(NEAR_MISSES_MAX).map(NearMiss::text).collect();
    format!(
        "the {} has no {} {}; nearest: {}",
        system.title(),
        shown(method),
        shown(path),
        nearest.join("; ")
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[test]
    fn decodes_path_and_query_parameters() {
        let (operation, parameters) =
            route(System::Psp, "GET", "/v1/refunds/rf%201", Some("a=b+c&d=%C3%A4&e")).unwrap();
        assert_eq!(operation.id, "readRefund");
        let expected = [("a", "b c"), ("d", "ä"), ("e", ""), ("refund_id", "rf 1")];
        assert_eq!(parameters, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let problem = route(System::Psp, "GET", "/v1/refunds/1", Some("a=%G1")).unwrap_err();
        assert_eq!(problem.errors[0].pointer, "/query");
    }

    #[test]
    fn counts_edits() {
        assert_eq!((edits("kitten", "sitting"), edits("", "abc"), edits("abc", "abc")), (3, 3, 0));
        assert!(edits(&"x".repeat(100_000), "abc") <= COMPARED_CHARS_MAX);
    }

    #[test]
    fn names_the_nearest_operation_and_what_differs() {
        let detail = |method, path| route(System::Erp, method, path, None).unwrap_err().detail;
        let misspelled = detail("POST", "/v1/salesorders");
        assert!(
            misspelled.starts_with(
                "the ERP has no POST /v1/salesorders; nearest: createSalesOrder is POST /v1/sales-orders, \
                 but \"salesorders\" stands for \"sales-orders\""
            ),
            "{misspelled}"
        );
        let wrong_method = detail("GET", "/v1/invoices");
        assert!(
            wrong_method.contains("nearest: postInvoice is POST /v1/invoices, but the method is \"GET\""),
            "{wrong_method}"
        );
        let swapped = detail("POST", "/v1/reservation/r1/release");
        assert!(swapped.contains("nearest: releaseReservation is POST"), "{swapped}");
        assert!(detail("GET", &"/x".repeat(9_000)).len() < 3_000);
    }
}
