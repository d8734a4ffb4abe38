//! Writes a journal, one record a line.

use std::io::{self, Write};

use super::{Entry, LINE_BYTES_MAX, Record};
use crate::model::Timestamp;

/// Why a record was not written. The journal is as it was before, unless the output itself failed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output failed; what it holds now is unknown.
    #[error("write the journal: {0}")]
    Output(#[from] io::Error),
    /// The record has no JSON form.
    #[error("write record {seq}: {source}")]
    Form {
        /// Number that the record would have had.
        seq: u64,
        /// What the serializer says.
        source: serde_json::Error,
    },
    /// The record is longer than a reader takes.
    #[error("write record {seq}: {bytes} bytes are more than the {LINE_BYTES_MAX} that a line may have")]
    TooLong {
        /// Number that the record would have had.
        seq: u64,
        /// Its length.
        bytes: usize,
    },
}

/// Streams records to an output and numbers them from 1.
///
/// Each record reaches the output in one `write_all`, line end included, so that a journal that several
/// processes look at grows by whole lines. The output is flushed after `run_started`, `settled`,
/// `scenario_finished` and `run_finished`: a killed run loses at most what came after the last of them.
/// Give a [`std::io::BufWriter`] where system calls matter.
///
/// ```
/// use counterproof_contracts::{journal::{Entry, Reader, RunFinished, Verdict, Writer}, model::Timestamp};
///
/// let mut bytes = Vec::new();
/// let finished = Entry::RunFinished(RunFinished { verdict: Verdict::Pass, interrupted: false });
/// let record = Writer::new(&mut bytes).append(Timestamp::UNIX_EPOCH, None, finished)?;
/// assert_eq!(record.seq, 1);
/// assert!(bytes.ends_with(b"\n"));
/// # Ok::<(), counterproof_contracts::journal::WriteError>(())
/// ```
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    written: u64,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// A new journal.
    pub const fn new(output: W) -> Self {
        Self { output, written: 0, line: Vec::new() }
    }

    /// How many records were written; also the number of the last one.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Numbers an entry, writes it, and gives back the record as it stands in the journal.
    pub fn append(
        &mut self,
        at: Timestamp,
        scenario: Option<String>,
        entry: Entry,
    ) -> Result<Record, WriteError> {
        let record = Record { seq: self.written + 1, at, scenario, entry };
        self.write(&record)?;
        Ok(record)
    }

    /// Writes a record that was numbered before.
    pub fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let seq = record.seq;
        self.line.clear();
        serde_json::to_writer(&mut self.line, record).map_err(|source| WriteError::Form { seq, source })?;
        if self.line.len() > LINE_BYTES_MAX {
            return Err(WriteError::TooLong { seq, bytes: self.line.len() });
        }
        self.line.push(b'\n');
        self.output.write_all(&self.line)?;
        self.written = seq;
        if closes_a_section(&record.entry) {
            self.output.flush()?;
        }
        Ok(())
    }

    /// Flushes the output.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.output.flush()?)
    }

    /// Flushes and gives the output back.
    pub fn into_inner(mut self) -> Result<W, WriteError> {
        self.output.flush()?;
        Ok(self.output)
    }
}

const fn closes_a_section(entry: &Entry) -> bool {
    matches!(
        entry,
        Entry::RunStarted(_) | Entry::Settled(_) | Entry::ScenarioFinished(_) | Entry::RunFinished(_)
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::journal::{FaultInjected, RunFinished, Settled, Verdict};
    use crate::model::System;

    #[derive(Default)]
    struct Counting {
        bytes: Vec<u8>,
        writes: u64,
        flushes: AtomicU64,
    }

    impl Write for Counting {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            self.bytes.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.flushes.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }
    }

    fn fault(text: &str) -> Entry {
        Entry::FaultInjected(FaultInjected::new(text, System::Erp))
    }

    #[test]
    fn numbers_lines_and_flushes_where_a_section_ends() {
        let mut writer = Writer::new(Counting::default());
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(writer.append(at, None, fault("a")).unwrap().seq, 1);
        assert_eq!(writer.append(at, Some("S-1".to_owned()), fault("b")).unwrap().seq, 2);
        assert_eq!(writer.output.flushes.load(Ordering::Relaxed), 0);
        let rest = Entry::Settled(Settled { at_rest: true, waited_ms: 1, ..Settled::default() });
        assert_eq!(writer.append(at, None, rest).unwrap().seq, 3);
        assert_eq!(writer.output.flushes.load(Ordering::Relaxed), 1);
        assert_eq!(writer.written(), 3);
        let output = writer.into_inner().unwrap();
        assert_eq!(output.writes, 3, "one write for each line");
        assert_eq!(String::from_utf8(output.bytes).unwrap().lines().count(), 3);
    }

    #[test]
    fn refuses_a_line_that_no_reader_would_take_and_keeps_its_number() {
        let mut writer = Writer::new(Vec::new());
        let at = Timestamp::UNIX_EPOCH;
        let error = writer.append(at, None, fault(&"x".repeat(LINE_BYTES_MAX))).unwrap_err();
        assert!(matches!(error, WriteError::TooLong { seq: 1, .. }), "{error}");
        let finished = Entry::RunFinished(RunFinished { verdict: Verdict::Pass, interrupted: false });
        assert_eq!(writer.append(at, None, finished).unwrap().seq, 1);
        assert_eq!(String::from_utf8(writer.into_inner().unwrap()).unwrap().lines().count(), 1);
    }
}
