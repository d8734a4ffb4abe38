//! Reading feature files: from disk, or from the pack that is built in.

use std::{fs, path::Path};

use super::PACK;
use crate::exit::{Exit, Fatal};

/// Largest feature file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Deepest folder that is searched.
const DEPTH_MAX: usize = 16;

/// A feature file's text, and the line that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// As it was named, or as it is called in the pack.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Only the scenario around this line.
    pub line: Option<usize>,
}

/// Reads the files that are named: files, folders, and either with `:line` behind a file.
/// With nothing named, the pack. A path that is not on disk but in the pack is taken from the pack.
pub fn load(paths: &[String]) -> Result<Vec<Source>, Fatal> {
    if paths.is_empty() {
        return Ok(PACK.iter().map(|(path, text)| built_in(path, text, None)).collect());
    }
    let mut sources = Vec::new();
    for path in paths {
        let before = sources.len();
        let (name, line) = split_line(path);
        if Path::new(name).is_dir() {
            read_folder(Path::new(name), DEPTH_MAX, &mut sources)?;
        } else if Path::new(name).is_file() {
            sources.push(read_file(Path::new(name), line)?);
        } else {
            take_from_pack(name, line, &mut sources);
        }
        if sources.len() == before {
            return Err(Fatal::new(Exit::Invalid, missing(name)));
        }
    }
    sources.sort_by(|left, right| (&left.path, left.line).cmp(&(&right.path, right.line)));
    sources.dedup();
    Ok(sources)
}

fn built_in(path: &str, text: &str, line: Option<usize>) -> Source {
    Source { path: path.to_owned(), text: text.to_owned(), line }
}

fn split_line(path: &str) -> (&str, Option<usize>) {
    match path.rsplit_once(':') {
        Some((name, line)) if !name.is_empty() => match line.parse() {
            Ok(line) => (name, Some(line)),
            Err(_) => (path, None),
        },
        _ => (path, None),
    }
}

fn take_from_pack(name: &str, line: Option<usize>, sources: &mut Vec<Source>) {
    let name = name.trim_start_matches("./").trim_end_matches('/');
    let folder = format!("{name}/");
    sources.extend(
        PACK.iter()
            .filter(|(path, _)| *path == name || path.starts_with(&folder))
            .map(|(path, text)| built_in(path, text, line)),
    );
}

fn missing(name: &str) -> String {
    let nearest = PACK
        .iter()
        .map(|(path, _)| *path)
        .min_by_key(|path| strsim::damerau_levenshtein(path, name))
        .unwrap_or_default();
    format!(
        "no feature file at {name:?}, neither on disk nor in the built-in pack\n  \
         = name a .feature file or a folder that holds some; the nearest in the pack is {nearest}"
    )
}

fn read_folder(folder: &Path, depth: usize, sources: &mut Vec<Source>) -> Result<(), Fatal> {
    let unreadable = |error: std::io::Error| {
        Fatal::new(Exit::Invalid, format!("failed to read folder {}: {error}", folder.display()))
    };
    if depth == 0 {
        return Err(Fatal::new(
            Exit::Invalid,
            format!(
                "folder {} lies deeper than {DEPTH_MAX} levels; is there a loop of links?",
                folder.display()
            ),
        ));
    }
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            read_folder(&path, depth - 1, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "feature") {
            sources.push(read_file(&path, None)?);
        }
    }
    Ok(())
}

fn read_file(path: &Path, line: Option<usize>) -> Result<Source, Fatal> {
    let fail =
        |reason: String| Fatal::new(Exit::Invalid, format!("failed to read {}: {reason}", path.display()));
    let size = fs::metadata(path).map_err(|error| fail(error.to_string()))?.len();
    if size > FILE_BYTES_MAX {
        return Err(fail(format!("{size} bytes are more than a feature file may have ({FILE_BYTES_MAX})")));
    }
    let text = fs::read(path).map_err(|error| fail(error.to_string()))?;
    let text = String::from_utf8(text).map_err(|error| {
        fail(format!("byte {} is not UTF-8; save the file as UTF-8", error.utf8_error().valid_up_to()))
    })?;
    Ok(Source { path: path.to_string_lossy().replace('\\', "/"), text, line })
}
