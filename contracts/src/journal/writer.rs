//! Writes a journal, one record a line.

use std::io::{self, Write};

use super::{Entry, LINE_BYTES_MAX, Record};
use crate::model::Timestamp;

/// Why a record was not written. The journal is as it was before, unless the output itself failed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output failed; it may end within a line.
    #[error("write the journal: {0}")]
    Output(#[from] io::Error),
    /// The output failed before.
    #[error("write record {seq}: the output failed before")]
    Ended {
        /// Number that the record would have had.
        seq: u64,
    },
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
/// processes look at grows by whole lines.
///
/// What survives what:
///
/// - *A kill of the process.* Give a file itself, with no buffer in between: a record then is with the operating
///   system when [`Writer::write`] returns, before anybody acts on what it says. A [`std::io::BufWriter`] is
///   for runs in virtual time only, which can be repeated from their seed: it is flushed where a section ends
///   (`run_started`, `settled`, `scenario_finished`, `run_finished`), and a kill loses what came after the last.
/// - *A loss of power.* Whoever opened the file synchronizes it after the last record. Before that, the
///   operating system decides how much is on the device.
/// - *A full disk.* What was written is kept; the last line may be torn. Nothing may be written behind it, so
///   after [`WriteError::Output`] the writer takes no more records. A [`Reader`](super::Reader) reads up to the
///   torn line and says so.
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
    failed: bool,
}

impl<W: Write> Writer<W> {
    /// A new journal.
    pub const fn new(output: W) -> Self {
        Self { output, written: 0, line: Vec::new(), failed: false }
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
        if self.failed {
            return Err(WriteError::Ended { seq });
        }
        self.line.clear();
        serde_json::to_writer(&mut self.line, record).map_err(|source| WriteError::Form { seq, source })?;
        if self.line.len() > LINE_BYTES_MAX {
            return Err(WriteError::TooLong { seq, bytes: self.line.len() });
        }
        self.line.push(b'\n');
        let written = self.output.write_all(&self.line);
        let flushed =
            written.and_then(|()| if closes_a_section(&record.entry) { self.output.flush() } else { Ok(()) });
        self.failed = flushed.is_err();
        self.written = seq;
        Ok(flushed?)
    }

    /// The output, to synchronize it.
    pub const fn output(&self) -> &W {
        &self.output
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

    /// Takes so many bytes and no more, like a disk that fills up.
    struct Filling(Vec<u8>, usize);

    impl Write for Filling {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.1 - self.0.len());
            if taken == 0 {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.0.extend(bytes.iter().take(taken));
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_keeps_what_was_written_and_nothing_follows_the_torn_line() {
        let start = || {
            Entry::RunStarted(Box::new(crate::journal::RunStarted {
                format: crate::journal::FORMAT.to_owned(),
                version: "0.1.0".to_owned(),
                seed: 1,
                target: "reference".to_owned(),
                policy: crate::policy::Policy::default(),
                input: crate::journal::RunInput::default(),
            }))
        };
        let mut writer = Writer::new(Filling(Vec::new(), 3_000));
        let at = Timestamp::UNIX_EPOCH;
        writer.append(at, None, start()).unwrap();
        let mut written = 1;
        let error = loop {
            match writer.append(at, None, fault("a")) {
                Ok(_) => written += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, WriteError::Output(_)), "{error}");
        writer.output.1 = 10_000;
        assert!(matches!(writer.append(at, None, fault("b")).unwrap_err(), WriteError::Ended { .. }));
        let mut read = 0;
        let found = crate::journal::read_until_break(writer.output.0.as_slice(), |_| read += 1).unwrap();
        assert_eq!((read, found.line), (written, written + 1));
        assert!(found.reason.contains("the last line is torn"), "{}", found.reason);
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
