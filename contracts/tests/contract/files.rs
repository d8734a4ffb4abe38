//! The published files as they lie in their folders.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

/// Every file of a folder (`schemas`, `openapi`, `asyncapi`, `examples`), by name without `.json`.
pub(crate) fn read(folder: &str) -> BTreeMap<String, Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join("v1");
    let files: BTreeMap<String, Value> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&file).unwrap();
            (name, serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())))
        })
        .collect();
    assert!(!files.is_empty(), "{folder} is empty");
    files
}

/// The examples of a schema: `order.json`, `order.gift.json`.
pub(crate) fn examples() -> Vec<(String, String, Value)> {
    let stem = |name: &str| name.split('.').next().unwrap().to_owned();
    read("examples").into_iter().map(|(name, value)| (stem(&name), name, value)).collect()
}

/// The example with this name.
pub(crate) fn example(name: &str) -> Value {
    read("examples").remove(name).unwrap_or_else(|| panic!("no example {name}"))
}
