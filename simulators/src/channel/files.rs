//! Files of stores that take part in no calls: gathered over the day, sent when the line is up, and read.
//!
//! What was gathered goes into every file until one was accepted as a whole: a store cannot know what became of
//! a file that was not answered. Damage on the way is the driver's wish, never the store's.

use std::collections::BTreeMap;

use counterproof_contracts::{
    batch::{self, Entry, Filed, Record},
    model::{
        BatchAcknowledgment, BatchFile, BatchFormat, BatchKind, BatchStatus, CorrelationId, NodeId,
        OrderNumber, RefusedRecord,
    },
    protocol::{FieldError, Problem, middleware},
};

use super::{ActionError, actions::body};
use crate::kernel::Scene;

/// What happens to a file on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Nothing.
    None,
    /// Its end is missing.
    CutOff,
    /// Its first record is missing, and the trailer counts it.
    RecordMissing,
    /// One record, counted from 1, cannot be read.
    RecordBroken(usize),
}

/// The files of a point of sale.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Files {
    /// By till: many stand in one store, and each sends its own.
    gathered: BTreeMap<(String, BatchKind), Vec<Filed>>,
    sent: BTreeMap<String, BatchFile>,
    answers: BTreeMap<String, Result<BatchAcknowledgment, Problem>>,
}

impl Files {
    /// Keeps a record for the next file.
    pub(super) fn gather(&mut self, till: &str, record: Record, correlation: &CorrelationId) {
        let filed = Filed { record, correlation: correlation.clone() };
        self.gathered.entry((till.to_owned(), filed.record.kind())).or_default().push(filed);
    }

    /// Sends what was gathered, under a new name.
    pub(super) fn send(
        &mut self,
        scene: &mut Scene<'_>,
        (partner, till): (&NodeId, &str),
        kind: BatchKind,
        damage: Damage,
        order: &OrderNumber,
    ) -> Result<(), ActionError> {
        let format = match kind {
            BatchKind::Inventory | BatchKind::Returns => BatchFormat::Csv,
            BatchKind::Orders | BatchKind::Statuses => BatchFormat::Jsonl,
        };
        let name = scene.id(kind.name(), order.as_str());
        let records = self.gathered.get(&(till.to_owned(), kind)).map_or(&[][..], Vec::as_slice);
        let file = batch::write(&name, partner, format, kind, records)
            .map_err(|error| ActionError::NoFile(error.to_string()))?;
        self.sent.insert(till.to_owned(), damaged(file, damage));
        self.send_again(scene, till, order)
    }

    /// Sends the last file again: the same message.
    pub(super) fn send_again(
        &mut self,
        scene: &mut Scene<'_>,
        till: &str,
        order: &OrderNumber,
    ) -> Result<(), ActionError> {
        let file =
            self.sent.get(till).ok_or_else(|| ActionError::NoFile("none was sent before".to_owned()))?;
        scene.call(middleware::RECEIVE_BATCH, &[], body(file), format!("file-{}", file.file_name), order);
        Ok(())
    }

    /// Keeps what was answered to a file. What it held is settled once the file is accepted as a whole.
    pub(super) fn answered(&mut self, file: &BatchFile, answer: Result<BatchAcknowledgment, Problem>) {
        if answer.as_ref().is_ok_and(|answer| answer.status == BatchStatus::Accepted) {
            let sent = self.sent.iter().find(|(_, sent)| sent.file_name == file.file_name);
            if let Some((till, _)) = sent {
                self.gathered.remove(&(till.clone(), file.kind));
            }
        }
        self.answers.insert(file.file_name.clone(), answer);
    }

    /// What was answered to the last file.
    pub(super) fn last_answer(&self, till: &str) -> Option<&Result<BatchAcknowledgment, Problem>> {
        self.answers.get(&self.sent.get(till)?.file_name)
    }
}

fn damaged(mut file: BatchFile, damage: Damage) -> BatchFile {
    let first = if file.format == BatchFormat::Csv { 2 } else { 1 };
    let mut lines: Vec<String> = file.content.lines().map(str::to_owned).collect();
    match damage {
        Damage::None => return file,
        Damage::CutOff => {
            lines.pop();
        }
        Damage::RecordMissing => {
            lines.remove(first.min(lines.len().saturating_sub(1)));
        }
        Damage::RecordBroken(number) => {
            if let Some(line) = lines.get_mut(first + number.saturating_sub(1)) {
                *line = line.replacen("data", "dtaa", 1);
            }
        }
    }
    file.content = lines.join("\n") + "\n";
    file
}

/// Reads a file that came, and takes its records one by one. A damaged file is refused as a whole.
pub(super) fn take(
    file: &BatchFile,
    mut take: impl FnMut(Record) -> Result<(), Problem>,
) -> Result<BatchAcknowledgment, Problem> {
    let entries = batch::read(file).map_err(|error| {
        Problem::invalid(vec![FieldError { pointer: "/content".to_owned(), detail: error.to_string() }])
    })?;
    let (mut taken, mut refused) = (0, Vec::new());
    for Entry { line, record, .. } in entries {
        match record.and_then(|record| take(record).map_err(|problem| problem.detail)) {
            Ok(()) => taken += 1,
            Err(reason) => refused.push(RefusedRecord { line, reason }),
        }
    }
    Ok(BatchAcknowledgment::new(file.file_name.clone(), taken, 0, refused))
}
