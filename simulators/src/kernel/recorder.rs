//! The journal tap: everything that simulators see and commit passes here, one record after the other.
//!
//! Records are numbered and handed to the sink under one lock, so the order of the journal is the order
//! of commits. What the sink does with them (write, judge, count) is not this module's business.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use counterproof_contracts::journal::{Entry, Record};
use tokio::sync::watch;

use super::Clock;

/// Takes records in the order of their numbers. It must not call back into the kernel.
pub trait RecordSink: Send {
    /// Takes a record, and may redact it. An error of writing is the sink's to keep and to report.
    fn append(&mut self, record: &mut Record);
}

impl<F: FnMut(&Record) + Send> RecordSink for F {
    fn append(&mut self, record: &mut Record) {
        self(record);
    }
}

/// A line to record: the scenario that it belongs to, if any, and what it says.
pub type Line = (Option<String>, Entry);

/// The tap. Clones record into the same journal.
#[derive(Clone)]
pub struct Recorder(Arc<Shared>);

struct Shared {
    clock: Clock,
    tape: Mutex<Tape>,
    last: watch::Sender<u64>,
}

struct Tape {
    seq: u64,
    sink: Box<dyn RecordSink + Send>,
}

impl Recorder {
    /// A tap into a sink. The first record has number 1.
    pub fn new(clock: Clock, sink: Box<dyn RecordSink + Send>) -> Self {
        Self::continuing(clock, 0, sink)
    }

    /// A tap into a sink that has records already; the next record follows on number `last`.
    pub fn continuing(clock: Clock, last: u64, sink: Box<dyn RecordSink + Send>) -> Self {
        let tape = Mutex::new(Tape { seq: last, sink });
        Self(Arc::new(Shared { clock, tape, last: watch::Sender::new(last) }))
    }

    /// Records one line; gives its number.
    pub fn record(&self, scenario: Option<String>, entry: Entry) -> u64 {
        self.record_all([(scenario, entry)])
    }

    /// Records lines with nothing in between; gives the last number.
    pub fn record_all(&self, lines: impl IntoIterator<Item = Line>) -> u64 {
        let mut tape = self.tape();
        self.append(&mut tape, lines)
    }

    /// Records one line if `may` says so; whether it did. Nothing is recorded between the answer and the line. `may` must not
    /// record anything itself.
    pub fn record_if(&self, may: impl FnOnce() -> bool, scenario: Option<String>, entry: Entry) -> bool {
        let mut tape = self.tape();
        if !may() {
            return false;
        }
        self.append(&mut tape, [(scenario, entry)]);
        true
    }

    /// The number of the last record; 0 before the first.
    pub fn last_seq(&self) -> u64 {
        *self.0.last.borrow()
    }

    /// Tells the number of the last record whenever it rises.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.last.subscribe()
    }

    fn append(&self, tape: &mut Tape, lines: impl IntoIterator<Item = Line>) -> u64 {
        for (scenario, entry) in lines {
            tape.seq += 1;
            let mut record = Record { seq: tape.seq, at: self.0.clock.now(), scenario, entry };
            tape.sink.append(&mut record);
        }
        self.0.last.send_replace(tape.seq);
        tape.seq
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.tape.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use counterproof_contracts::journal::{RunFinished, Verdict};

    use super::*;

    #[tokio::test]
    async fn numbers_rise_by_one_whoever_records_and_watchers_are_told() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let sink = move |record: &Record| sink.lock().unwrap().push(record.seq);
        let recorder = Recorder::new(Clock::live(), Box::new(sink));
        let mut watcher = recorder.subscribe();
        let finished = || Entry::RunFinished(RunFinished { verdict: Verdict::Pass, interrupted: false });
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        recorder.record(None, finished());
                    }
                });
            }
        });
        assert_eq!(recorder.record_all([(None, finished()), (None, finished())]), 202);
        assert_eq!(*seen.lock().unwrap(), (1..=202).collect::<Vec<u64>>());
        watcher.changed().await.unwrap();
        assert_eq!(*watcher.borrow_and_update(), 202);
    }

    #[tokio::test]
    async fn nothing_is_recorded_between_a_condition_and_its_line() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&seen);
        let sink = move |record: &Record| sink.lock().unwrap().push(record.scenario.clone().unwrap());
        let recorder = Recorder::new(Clock::live(), Box::new(sink));
        let finished = || Entry::RunFinished(RunFinished { verdict: Verdict::Pass, interrupted: false });
        assert!(!recorder.record_if(|| false, Some("never".to_owned()), finished()));
        let (ask, asked) = std::sync::mpsc::channel();
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let other = &recorder;
            scope.spawn(move || {
                asked.recv().unwrap();
                other.record(Some("other".to_owned()), finished());
                tell.send(()).unwrap();
            });
            let still_alone = || {
                ask.send(()).unwrap();
                // However long it is waited for, the other cannot be first.
                told.recv_timeout(std::time::Duration::from_millis(50)).is_err()
            };
            assert!(recorder.record_if(still_alone, Some("conditional".to_owned()), finished()));
            told.recv().unwrap();
        });
        assert_eq!(*seen.lock().unwrap(), ["conditional", "other"]);
        assert_eq!(recorder.last_seq(), 2);
    }
}
