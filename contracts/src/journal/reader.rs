//! Reads a journal that anybody may have written, cut or damaged.
//!
//! A reader never panics, holds one line in memory, and says where a journal breaks. It does not judge what
//! the records say.

use std::io::{self, BufRead};

use serde::Deserialize;

use super::{Entry, FORMAT, LINE_BYTES_MAX, Record};

/// Why a journal cannot be read further.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The input failed.
    #[error("read the journal at line {line}: {source}")]
    Input {
        /// Line, from 1.
        line: u64,
        /// What the input says.
        source: io::Error,
    },
    /// A line is not what must stand there.
    #[error("line {line} (byte {offset}): expected {expected}, found {found}")]
    Line {
        /// Line, from 1.
        line: u64,
        /// Offset of the line's first byte from the start of the journal.
        offset: u64,
        /// What should have stood there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The last line has no end: whoever wrote it was stopped within it.
    #[error("line {line} (byte {offset}): the last line is torn; the run was ended while it was written")]
    Torn {
        /// Line, from 1.
        line: u64,
        /// Offset of the line's first byte from the start of the journal.
        offset: u64,
    },
    /// The journal has a format that this version does not read.
    #[error("line 1: journal format {found:?} is not readable; expected {FORMAT:?} or a later minor version")]
    Format {
        /// The format it says.
        found: String,
    },
}

impl JournalError {
    /// Line at which reading ended, from 1.
    pub const fn line(&self) -> u64 {
        match self {
            Self::Input { line, .. } | Self::Line { line, .. } | Self::Torn { line, .. } => *line,
            Self::Format { .. } => 1,
        }
    }
}

/// Iterates the records of a journal. After the first error it ends.
///
/// Kinds of records and effects that a later minor version added are skipped and counted; unknown fields are
/// ignored. The numbers of the records must rise by one from 1, and the first record must be `run_started`.
#[derive(Debug)]
pub struct Reader<R: BufRead> {
    input: R,
    line: u64,
    offset: u64,
    skipped: u64,
    buffer: Vec<u8>,
    /// Whether the line that is held has no end.
    torn: bool,
    ended: bool,
}

/// What every line of any version has.
#[derive(Deserialize)]
struct Header {
    seq: u64,
    kind: String,
    #[serde(default)]
    effect: Option<String>,
}

const KINDS: [&str; 10] = [
    "run_started",
    "scenario_started",
    "step_finished",
    "exchange",
    "effect",
    "effect_lost",
    "fault_injected",
    "settled",
    "scenario_finished",
    "run_finished",
];

impl<R: BufRead> Reader<R> {
    /// Reads from the start of a journal.
    pub const fn new(input: R) -> Self {
        Self { input, line: 0, offset: 0, skipped: 0, buffer: Vec::new(), torn: false, ended: false }
    }

    /// How many records of unknown kinds were skipped so far.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// How many lines were read so far.
    pub const fn lines(&self) -> u64 {
        self.line
    }

    fn advance(&mut self) -> Result<Option<Record>, JournalError> {
        loop {
            let offset = self.offset;
            if !self.read_line(offset)? {
                return Ok(None);
            }
            match parse(&self.buffer) {
                Ok(Some(record)) => {
                    self.check_place(offset, record.seq)?;
                    self.check_start(offset, &record)?;
                    return Ok(Some(record));
                }
                Ok(None) if self.line > 1 => {
                    let header = serde_json::from_slice::<Header>(&self.buffer).map(|header| header.seq);
                    self.check_place(offset, header.unwrap_or(0))?;
                    self.skipped += 1;
                }
                Ok(None) => return Err(self.unexpected(offset, "a run_started record", "another kind")),
                Err(error) if self.torn && (error.is_eof() || ends_within_a_character(&self.buffer)) => {
                    return Err(JournalError::Torn { line: self.line, offset });
                }
                Err(error) => {
                    let found = format!("{error} in {}", excerpt(&self.buffer));
                    return Err(self.unexpected(
                        offset,
                        "a record of the journal as one JSON document",
                        &found,
                    ));
                }
            }
        }
    }

    fn check_place(&self, offset: u64, seq: u64) -> Result<(), JournalError> {
        if seq == self.line {
            return Ok(());
        }
        Err(self.unexpected(offset, &format!("seq {}", self.line), &format!("seq {seq}")))
    }

    fn check_start(&self, offset: u64, record: &Record) -> Result<(), JournalError> {
        if self.line > 1 {
            return Ok(());
        }
        match &record.entry {
            Entry::RunStarted(start) if readable(&start.format) => Ok(()),
            Entry::RunStarted(start) => Err(JournalError::Format { found: start.format.clone() }),
            _ => Err(self.unexpected(offset, "a run_started record", "another kind")),
        }
    }

    fn unexpected(&self, offset: u64, expected: &str, found: &str) -> JournalError {
        JournalError::Line { line: self.line, offset, expected: expected.to_owned(), found: found.to_owned() }
    }

    /// Reads a line without its end into the buffer; false at the end of the input.
    fn read_line(&mut self, offset: u64) -> Result<bool, JournalError> {
        self.buffer.clear();
        self.line += 1;
        loop {
            let line = self.line;
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(JournalError::Input { line, source }),
            };
            if chunk.is_empty() {
                self.torn = !self.buffer.is_empty();
                return Ok(!self.buffer.is_empty());
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let (content, used) = end.map_or((chunk.len(), chunk.len()), |at| (at, at + 1));
            if self.buffer.len() + content > LINE_BYTES_MAX {
                let expected = format!("a line of at most {LINE_BYTES_MAX} bytes");
                return Err(self.unexpected(offset, &expected, "a longer one"));
            }
            self.buffer.extend_from_slice(chunk.get(..content).unwrap_or_default());
            self.input.consume(used);
            self.offset += used as u64;
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.advance().transpose();
        self.ended = !matches!(item, Some(Ok(_)));
        item
    }
}

/// A record; none for a kind that a later version added.
fn parse(line: &[u8]) -> Result<Option<Record>, serde_json::Error> {
    match serde_json::from_slice::<Record>(line) {
        Ok(record) => Ok(Some(record)),
        Err(error) => match serde_json::from_slice::<Header>(line) {
            Ok(header) if is_from_a_later_version(&header, &error) => Ok(None),
            _ => Err(error),
        },
    }
}

fn ends_within_a_character(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_err_and(|error| error.error_len().is_none())
}

fn is_from_a_later_version(header: &Header, error: &serde_json::Error) -> bool {
    let unknown_effect = matches!(header.kind.as_str(), "effect" | "effect_lost")
        && header
            .effect
            .as_deref()
            .is_some_and(|effect| error.to_string().starts_with(&format!("unknown variant `{effect}`")));
    unknown_effect || !KINDS.contains(&header.kind.as_str())
}

/// Whether a format has our name and major version; the minor version may be any number.
fn readable(format: &str) -> bool {
    name_and_major(format).is_some_and(|found| Some(found) == name_and_major(FORMAT))
}

/// `counterproof.journal/1.0` → (`counterproof.journal`, `1`).
fn name_and_major(format: &str) -> Option<(&str, &str)> {
    let (name, version) = format.rsplit_once('/')?;
    let (major, minor) = version.split_once('.')?;
    minor.parse::<u32>().ok()?;
    Some((name, major))
}

/// The start of a line, safe to print.
fn excerpt(line: &[u8]) -> String {
    let start: String =
        String::from_utf8_lossy(line.get(..60.min(line.len())).unwrap_or_default()).into_owned();
    if line.is_empty() { "an empty line".to_owned() } else { format!("{start:?}") }
}

/// Where a journal breaks off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Line, from 1.
    pub line: u64,
    /// Why it cannot be read further.
    pub reason: String,
}

/// Gives every record up to the first damage to a consumer, and tells the damage. A journal without a
/// `run_finished` record is whole as far as it goes; whether it is complete, the consumer sees.
pub fn read_until_break<R: BufRead>(input: R, mut consume: impl FnMut(Record)) -> Option<Break> {
    for item in Reader::new(input) {
        match item {
            Ok(record) => consume(record),
            Err(error) => return Some(Break { line: error.line(), reason: error.to_string() }),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_formats() {
        for format in ["counterproof.journal/1.0", "counterproof.journal/1.7"] {
            assert!(readable(format), "{format}");
        }
        for format in [
            "counterproof.journal/2.0",
            "counterproof.journal/10.0",
            "counterproof.journal/1",
            "other/1.0",
            "",
        ] {
            assert!(!readable(format), "{format}");
        }
    }
}
