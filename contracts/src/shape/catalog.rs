//! Which schema each document, operation and event has, read from the published files once.
//!
//! Reading resolves names; a schema is compiled when it is first asked for, and equal schemas only once.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, OnceLock},
};

use jsonschema::{Draft, PatternOptions, Registry, Validator};
use serde_json::{Value, json};

use super::documents::{ASYNCAPI, Document, OPENAPI, SCHEMAS, VALUES};
use crate::{
    model::System,
    protocol::{Declaration, Operation},
};

/// Where the files are published: names, never fetched.
const HOME: &str = "https://counterproof.dev";

/// A published file that cannot be used: a bug of the contract, not of a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContractError {
    /// Not JSON.
    #[error("published file {file} is no JSON: {reason}")]
    Unreadable {
        /// Which file.
        file: String,
        /// What the parser says.
        reason: String,
    },
    /// Something that must be there is not, or refers to nothing.
    #[error("published file {file}: {reason}")]
    Incomplete {
        /// Which file.
        file: String,
        /// What is missing.
        reason: String,
    },
    /// Not a usable JSON Schema.
    #[error("published schema {schema} does not compile: {reason}")]
    Schema {
        /// The schema, in short.
        schema: String,
        /// What the compiler says.
        reason: String,
    },
}

/// The schemas that an operation has for its bodies, and what is said of it.
#[derive(Debug, Default)]
pub(crate) struct OperationShapes {
    /// In words.
    pub(crate) declaration: Declaration,
    /// Of the request; absent where there is no body.
    pub(crate) request: Option<Arc<Shape>>,
    /// By declared status; `None` where the answer has no body.
    pub(crate) responses: BTreeMap<u16, Option<Arc<Shape>>>,
}

/// A schema that is compiled when it is first asked for.
#[derive(Debug)]
pub(crate) struct Shape {
    schema: Value,
    compiled: OnceLock<Result<Validator, ContractError>>,
}

/// Everything that the published files say about shapes.
#[derive(Debug)]
pub(crate) struct Catalog {
    registry: Registry<'static>,
    shapes: BTreeMap<String, Arc<Shape>>,
    documents: BTreeMap<&'static str, Arc<Shape>>,
    operations: BTreeMap<(System, &'static str), OperationShapes>,
    events: BTreeMap<String, (Arc<Shape>, Declaration)>,
}

static CATALOG: LazyLock<Result<Catalog, ContractError>> = LazyLock::new(Catalog::read);

/// The catalog of the embedded files.
pub(crate) fn catalog() -> Result<&'static Catalog, &'static ContractError> {
    CATALOG.as_ref()
}

impl Catalog {
    fn read() -> Result<Self, ContractError> {
        let mut catalog = Self {
            registry: registry()?,
            shapes: BTreeMap::new(),
            documents: BTreeMap::new(),
            operations: BTreeMap::new(),
            events: BTreeMap::new(),
        };
        for document in SCHEMAS {
            let shape = catalog.shape(json!({ "$ref": format!("../../schemas/v1/{}.json", document.stem) }));
            catalog.documents.insert(document.stem, shape);
        }
        for document in OPENAPI {
            catalog.read_openapi(*document)?;
        }
        catalog.read_asyncapi()?;
        Ok(catalog)
    }

    /// The schema of a document.
    pub(crate) fn document(&self, stem: &str) -> Option<&Shape> {
        self.documents.get(stem).map(Arc::as_ref)
    }

    /// The schemas of an operation.
    pub(crate) fn operation(&self, operation: Operation) -> Option<&OperationShapes> {
        self.operations.get(&(operation.system, operation.id))
    }

    /// The schema of an event of a type, envelope and data.
    pub(crate) fn event(&self, event_type: &str) -> Option<&Shape> {
        self.events.get(event_type).map(|(shape, _)| shape.as_ref())
    }

    /// What is said of an event of a type.
    pub(crate) fn event_declaration(&self, event_type: &str) -> Option<&Declaration> {
        self.events.get(event_type).map(|(_, declaration)| declaration)
    }

    /// Every distinct schema.
    pub(crate) fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.shapes.values().map(Arc::as_ref)
    }

    /// The shape of a schema that stands in an OpenAPI or AsyncAPI file.
    fn shape(&mut self, schema: Value) -> Arc<Shape> {
        let text = schema.to_string();
        let shape = || Arc::new(Shape { schema, compiled: OnceLock::new() });
        Arc::clone(self.shapes.entry(text).or_insert_with(shape))
    }

    fn read_openapi(&mut self, document: Document) -> Result<(), ContractError> {
        let root = parse(document)?;
        let incomplete =
            |reason: String| ContractError::Incomplete { file: document.stem.to_owned(), reason };
        let system: System = document.stem.parse().map_err(|_| incomplete("names no system".to_owned()))?;
        let paths = root.get("paths").and_then(Value::as_object).into_iter().flatten();
        for declared in
            paths.filter_map(|(_, methods)| methods.as_object()).flat_map(|methods| methods.values())
        {
            let id = declared.get("operationId").and_then(Value::as_str).unwrap_or_default();
            let operation = Operation::find(system, id)
                .ok_or_else(|| incomplete(format!("operation {id:?} is unknown")))?;
            let shapes = self
                .operation_shapes(&root, declared)
                .map_err(|reason| incomplete(format!("{id}: {reason}")))?;
            self.operations.insert((system, operation.id), shapes);
        }
        Ok(())
    }

    fn operation_shapes(&mut self, root: &Value, declared: &Value) -> Result<OperationShapes, String> {
        let mut declaration = declaration(declared)?;
        let asked = declared.get("security").or_else(|| root.get("security")).and_then(Value::as_array);
        declaration.needs_token = asked.is_some_and(|schemes| !schemes.is_empty());
        let mut shapes = OperationShapes { declaration, ..OperationShapes::default() };
        if let Some(body) = declared.get("requestBody") {
            shapes.request = self.body_shape(root, body)?;
        }
        let responses = declared.get("responses").and_then(Value::as_object).ok_or("has no responses")?;
        for (status, response) in responses {
            let status = status.parse().map_err(|_| format!("status {status:?} is no number"))?;
            shapes.responses.insert(status, self.body_shape(root, response)?);
        }
        Ok(shapes)
    }

    /// The one schema of a request body or response; `None` where it has no content.
    fn body_shape(&mut self, root: &Value, body: &Value) -> Result<Option<Arc<Shape>>, String> {
        let Some(content) = resolve(root, body)?.get("content") else {
            return Ok(None);
        };
        let media = content.as_object().and_then(|types| types.values().next());
        let schema = media.and_then(|media| media.get("schema")).ok_or("content without schema")?;
        Ok(Some(self.shape(schema.clone())))
    }

    fn read_asyncapi(&mut self) -> Result<(), ContractError> {
        let root = parse(ASYNCAPI)?;
        let messages = root.pointer("/components/messages").and_then(Value::as_object).into_iter().flatten();
        for (name, message) in messages {
            let event_type = message.get("name").and_then(Value::as_str);
            let (Some(event_type), Some(schema)) = (event_type, message.pointer("/payload/schema")) else {
                let reason = format!("message {name:?} has no name or payload");
                return Err(ContractError::Incomplete { file: ASYNCAPI.stem.to_owned(), reason });
            };
            let shape = self.shape(schema.clone());
            let declaration = declaration(message).map_err(|reason| ContractError::Incomplete {
                file: ASYNCAPI.stem.to_owned(),
                reason: format!("message {name:?}: {reason}"),
            })?;
            self.events.insert(event_type.to_owned(), (shape, declaration));
        }
        Ok(())
    }
}

impl Shape {
    /// The compiled schema.
    pub(crate) fn validator(&self, catalog: &Catalog) -> Result<&Validator, ContractError> {
        let compiled = self.compiled.get_or_init(|| self.compile(&catalog.registry));
        compiled.as_ref().map_err(Clone::clone)
    }

    fn compile(&self, registry: &Registry<'static>) -> Result<Validator, ContractError> {
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(registry)
            .with_base_uri(format!("{HOME}/openapi/v1/"))
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false)
            .offline()
            .build(&self.schema)
            .map_err(|error| ContractError::Schema {
                schema: self.schema.to_string(),
                reason: error.to_string(),
            })
    }
}

/// What an operation or message says of itself in words.
fn declaration(declared: &Value) -> Result<Declaration, String> {
    let governance = declared.get("x-governance").map(serde::Deserialize::deserialize).transpose();
    let names = declared.get("x-problem-types").map(serde::Deserialize::deserialize).transpose();
    Ok(Declaration {
        summary: declared.get("summary").and_then(Value::as_str).unwrap_or_default().to_owned(),
        governance: governance.map_err(|error| format!("x-governance: {error}"))?,
        problem_types: names.map_err(|error| format!("x-problem-types: {error}"))?.unwrap_or_default(),
        needs_token: false,
    })
}

/// What a local `$ref` points to, or the value itself.
fn resolve<'r>(root: &'r Value, value: &'r Value) -> Result<&'r Value, String> {
    match value.get("$ref").and_then(Value::as_str) {
        None => Ok(value),
        Some(reference) => reference
            .strip_prefix('#')
            .and_then(|pointer| root.pointer(pointer))
            .ok_or_else(|| format!("{reference} points to nothing")),
    }
}

fn parse(document: Document) -> Result<Value, ContractError> {
    serde_json::from_str(document.text).map_err(|error| ContractError::Unreadable {
        file: document.stem.to_owned(),
        reason: error.to_string(),
    })
}

fn registry() -> Result<Registry<'static>, ContractError> {
    let unusable = |error: jsonschema::ReferencingError| ContractError::Schema {
        schema: "registry".to_owned(),
        reason: error.to_string(),
    };
    let mut builder = Registry::new().draft(Draft::Draft202012);
    for document in VALUES.iter().chain(SCHEMAS) {
        let uri = format!("{HOME}/schemas/v1/{}.json", document.stem);
        builder = builder.add(uri, parse(*document)?).map_err(unusable)?;
    }
    builder.prepare().map_err(unusable)
}
