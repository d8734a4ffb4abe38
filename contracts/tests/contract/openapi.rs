//! The OpenAPI files against the table of operations, in both directions, and against the problem types.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    model::System,
    policy::{Policy, Rate},
    protocol::{OPERATIONS, Operation, Problem, ProblemKind, header, signature},
    shape,
};
use serde_json::{Value, json};

use crate::files;

/// An operation as a file declares it.
struct Declared {
    system: System,
    file: Value,
    path: String,
    method: String,
    body: Value,
}

impl Declared {
    fn id(&self) -> &str {
        self.body["operationId"].as_str().unwrap()
    }

    fn operation(&self) -> Operation {
        Operation::find(self.system, self.id()).unwrap_or_else(|| panic!("{}.{}", self.system, self.id()))
    }

    fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        match value["$ref"].as_str() {
            Some(reference) => self.file.pointer(reference.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }

    fn parameters(&self) -> Vec<&Value> {
        self.body["parameters"].as_array().unwrap().iter().map(|value| self.resolve(value)).collect()
    }

    /// Names of the parameters in a place, and whether they are required.
    fn named(&self, place: &str) -> BTreeMap<&str, bool> {
        let here = self.parameters().into_iter().filter(|parameter| parameter["in"] == place);
        here.map(|parameter| (parameter["name"].as_str().unwrap(), parameter["required"] == true)).collect()
    }

    fn responses(&self) -> BTreeMap<u16, &Value> {
        let all = self.body["responses"].as_object().unwrap().iter();
        all.map(|(status, response)| (status.parse().unwrap(), self.resolve(response))).collect()
    }

    fn problem_types(&self) -> Vec<&str> {
        self.body["x-problem-types"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
    }
}

fn declared() -> Vec<Declared> {
    let mut all = Vec::new();
    for (stem, file) in files::read("openapi") {
        let system: System = stem.parse().unwrap();
        for (path, methods) in file["paths"].as_object().unwrap() {
            for (method, body) in methods.as_object().unwrap() {
                let (path, method) = (path.clone(), method.to_uppercase());
                all.push(Declared { system, file: file.clone(), path, method, body: body.clone() });
            }
        }
    }
    all
}

#[test]
fn every_operation_of_the_table_is_declared_and_no_other() {
    let in_table: BTreeSet<_> =
        OPERATIONS.iter().map(|op| (op.system, op.id, op.method.as_str(), op.path)).collect();
    let declared = declared();
    let in_files: BTreeSet<_> =
        declared.iter().map(|op| (op.system, op.id(), op.method.as_str(), op.path.as_str())).collect();
    assert_eq!(in_table, in_files);
    assert_eq!(in_table.len(), OPERATIONS.len(), "an operation is listed twice");
    assert_eq!(in_files.len(), declared.len(), "an operation is declared twice");
}

/// A repetition of a wish under another key is told by 200; nothing else succeeds in two ways.
#[test]
fn success_is_declared_as_in_the_table() {
    for declared in declared() {
        let operation = declared.operation();
        let successes: Vec<u16> = declared.responses().into_keys().filter(|status| *status < 300).collect();
        assert!(successes.contains(&operation.success), "{operation}");
        assert!(
            successes
                .iter()
                .all(|status| *status == operation.success || (*status, operation.keyed) == (200, true)),
            "{operation}: {successes:?}"
        );
    }
}

#[test]
fn a_key_is_required_where_the_table_says_so_and_unknown_elsewhere() {
    for declared in declared() {
        let operation = declared.operation();
        let key = declared.named("header").get(header::IDEMPOTENCY_KEY).copied();
        assert_eq!(key, operation.keyed.then_some(true), "{operation}");
        let success = declared.responses()[&operation.success];
        assert_eq!(
            success.pointer("/headers/idempotency-replayed").is_some(),
            operation.keyed,
            "{operation}"
        );
    }
}

#[test]
fn every_call_is_traced() {
    for declared in declared() {
        let (operation, headers) = (declared.operation(), declared.named("header"));
        assert_eq!(headers.get(header::TRACEPARENT), Some(&false), "{operation}");
        let carried = !matches!(operation.id, "receiveEvent" | "readHealth");
        let required = operation.system != System::Middleware;
        assert_eq!(headers.get(header::CORRELATION_ID), carried.then_some(&required), "{operation}");
        assert_eq!(headers.contains_key(header::CAUSATION_ID), carried, "{operation}");
        for name in [signature::ID, signature::TIMESTAMP, signature::SIGNATURE] {
            let signed = operation.id == "receiveEvent";
            assert_eq!(headers.get(name), signed.then_some(&true), "{operation} {name}");
        }
    }
}

#[test]
fn the_parameters_of_a_path_are_declared_and_no_others() {
    for declared in declared() {
        let in_template =
            declared.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let expected: BTreeMap<&str, bool> = in_template.map(|name| (name, true)).collect();
        assert_eq!(declared.named("path"), expected, "{}", declared.id());
    }
}

#[test]
fn problem_types_are_known_and_stand_at_their_status() {
    for declared in declared() {
        let mut expected: BTreeMap<u16, Vec<String>> = BTreeMap::new();
        for name in declared.problem_types() {
            let kind = ProblemKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap();
            expected.entry(kind.status()).or_default().push(kind.uri());
        }
        let media = "/content/application~1problem+json/schema/allOf/1/properties";
        let in_responses: BTreeMap<u16, Vec<String>> = declared
            .responses()
            .into_iter()
            .filter(|(status, _)| *status >= 400)
            .map(|(status, response)| {
                let properties = response.pointer(media).unwrap();
                assert_eq!(properties["status"]["const"], status);
                (status, serde_json::from_value(properties["type"]["enum"].clone()).unwrap())
            })
            .collect();
        assert_eq!(in_responses, expected, "{}", declared.operation());
    }
}

#[test]
fn partners_are_called_as_fast_as_their_files_say() {
    let limits = files::read("openapi").into_iter().filter_map(|(stem, file)| {
        let limit = file.pointer("/info/x-rate-limit")?.clone();
        Some((stem.parse().unwrap(), serde_json::from_value(limit).unwrap()))
    });
    let declared: BTreeMap<System, Rate> = limits.collect();
    assert!(!declared.is_empty());
    assert_eq!(Policy::default().rates, declared);
}

#[test]
fn every_problem_type_can_happen_somewhere() {
    let declared = declared();
    let named: BTreeSet<&str> = declared.iter().flat_map(Declared::problem_types).collect();
    assert_eq!(named, ProblemKind::ALL.iter().map(|kind| kind.name()).collect());
}

#[test]
fn who_is_told_to_wait_is_told_how_long() {
    for declared in declared() {
        for (status, response) in declared.responses() {
            let told = response.pointer("/headers/retry-after").is_some();
            assert_eq!(told, matches!(status, 429 | 503), "{} {status}", declared.operation());
        }
    }
}

#[test]
fn every_declared_problem_is_a_valid_answer_and_every_other_is_not() {
    for declared in declared() {
        let (operation, names) = (declared.operation(), declared.problem_types());
        for kind in ProblemKind::ALL {
            let body = serde_json::to_value(Problem::new(kind, "…")).unwrap();
            let errors = shape::response_errors(operation, kind.status(), &body);
            assert_eq!(
                errors.is_empty(),
                names.contains(&kind.name()),
                "{operation} {}: {errors:?}",
                kind.name()
            );
        }
    }
}

#[test]
fn examples_are_valid_requests_and_answers() {
    let stem_of = |schema: &Value| {
        let reference = schema["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str()).unwrap();
        reference.rsplit('/').next().unwrap().strip_suffix(".json").unwrap().to_owned()
    };
    let accepted = |stem: &str, check: &dyn Fn(&Value) -> bool| {
        files::examples().iter().any(|(of, _, document)| of == stem && check(document))
    };
    for declared in declared() {
        let operation = declared.operation();
        if let Some(content) = declared.body.pointer("/requestBody/content") {
            let schema = &content.as_object().unwrap().values().next().unwrap()["schema"];
            let valid = |document: &Value| shape::request_errors(operation, document).is_empty();
            assert!(accepted(&stem_of(schema), &valid), "{operation}: no example is a valid request");
            assert!(!valid(&Value::Null) && !valid(&json!([])), "{operation} takes anything");
        }
        if let Some(schema) =
            declared.responses()[&operation.success].pointer("/content/application~1json/schema")
        {
            let valid =
                |document: &Value| shape::response_errors(operation, operation.success, document).is_empty();
            assert!(accepted(&stem_of(schema), &valid), "{operation}: no example is a valid answer");
            assert!(!valid(&Value::Null) && !valid(&json!([])), "{operation} answers anything");
        }
    }
}
