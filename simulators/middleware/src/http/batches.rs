//! Files of partners that take part in no calls. Each record is carried out as the command that it stands for,
//! under its business identity, so that a file may come again, in parts, late or under another name.
//!
//! A crash between two records leaves the file unanswered. When it comes again, its receipt counts what was taken
//! from it before as taken, and as known only what came otherwise.

use std::sync::Arc;

use counterproof_contracts::{
    batch::{self, Entry, Record},
    model::{BatchAcknowledgment, BatchFile, NodeId, OrderNumber, RefusedRecord, StockCount, System},
    protocol::{FieldError, Problem, ProblemKind, erp, middleware},
    shape,
};
use serde_json::Value;

use super::access::owns;
use super::commands::{Command, carry_out, document, keep, submission};
use crate::{
    door::store::{Batch, StoreError},
    durable::{AnswerSlot, Asked, Inner, Keys, ask_once},
    process::{Chain, Input, Intent, PartnerCall, Task, idempotency_key},
};

/// Takes a file, record by record.
pub(super) async fn receive(
    app: &Arc<Inner>,
    caller: Option<System>,
    body: &Value,
    chain: &Chain,
    slot: AnswerSlot,
) -> Result<Result<Value, Problem>, StoreError> {
    let (file, entries) = match open(body) {
        Ok(opened) => opened,
        Err(problem) => return keep(app, Err(problem), slot).await,
    };
    let mut tally = Tally::default();
    // A count is booked while the store waits: what the ERP did not answer, the file asks for again.
    for Entry { line, correlation, record } in entries {
        let correlation = correlation.unwrap_or_else(|| chain.correlation.clone());
        let chain = Chain { correlation, causation: chain.causation.clone() };
        let filed = Keys::filed(&file.partner, &file.file_name, line);
        let outcome = match record {
            Ok(Record::Count(count)) => book(app, count, filed, chain).await?,
            Ok(Record::Order(order)) if !caller.is_none_or(|caller| owns(caller, order.sales_channel)) => {
                Outcome::Refused("the order is of another channel".to_owned())
            }
            Ok(record) => take(app, record, &file.partner, filed, chain).await?,
            Err(reason) => Outcome::Refused(reason),
        };
        if let Outcome::Unknown(reason) = outcome {
            return Ok(Err(Problem::new(ProblemKind::Unavailable, format!("line {line}: {reason}"))));
        }
        tally.count(line, outcome);
    }
    let acknowledgment = serde_json::to_value(tally.acknowledge(file.file_name)).unwrap_or_default();
    keep(app, Ok(acknowledgment), slot).await
}

/// The file and its records; a file that was damaged on its way is refused as a whole.
fn open(body: &Value) -> Result<(BatchFile, Vec<Entry>), Problem> {
    let errors = shape::request_errors(middleware::RECEIVE_BATCH, body);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let file: BatchFile = document(body)?;
    let entries = batch::read(&file).map_err(|error| {
        Problem::invalid(vec![FieldError { pointer: "/content".to_owned(), detail: error.to_string() }])
    })?;
    Ok((file, entries))
}

enum Outcome {
    Taken,
    Known,
    Refused(String),
    /// Nobody knows: the file must come again.
    Unknown(String),
}

async fn take(
    app: &Arc<Inner>,
    record: Record,
    partner: &NodeId,
    filed: String,
    chain: Chain,
) -> Result<Outcome, StoreError> {
    let command = match record {
        Record::Order(order) => {
            submission(*order, &app.parts.defects).map(|command| in_file(command, partner))
        }
        Record::Return(receipt) => Ok(Command {
            order: receipt.order_number.clone(),
            source: System::Pos,
            input: Input::ReceiveReturn(receipt),
            channel_order: None,
            filed: None,
            till: None,
        }),
        other => {
            let kind = other.kind().name();
            return Ok(Outcome::Refused(format!("{kind} are told by the middleware, not to it")));
        }
    };
    let mut command = match command {
        Ok(command) => command,
        Err(problem) => return Ok(Outcome::Refused(problem.detail)),
    };
    let known = is_known(app, &command).await? && app.parts.store.get(&filed)?.is_none();
    command.filed = (!known).then_some(filed);
    Ok(match carry_out(app, command, chain, None).await? {
        Ok(_) if known => Outcome::Known,
        Ok(_) => Outcome::Taken,
        Err(problem) => Outcome::Refused(problem.detail),
    })
}

/// Tells the ERP of a count. It belongs to no order, so its outcome is kept by its own identity.
async fn book(
    app: &Arc<Inner>,
    count: StockCount,
    filed: String,
    chain: Chain,
) -> Result<Outcome, StoreError> {
    let key = Keys::count(&count.count_id);
    let _held = app.hold_key(&key).await;
    if let Some(booked_from) = app.load::<String>(&key)? {
        return Ok(if booked_from == filed { Outcome::Taken } else { Outcome::Known });
    }
    let intent = Intent::Count { count: count.count_id.clone() };
    let of = OrderNumber::from(count.count_id.as_str());
    let call = PartnerCall::new(erp::POST_STOCK_COUNT, &[], &count);
    let task = Task {
        key: idempotency_key(&of, &intent),
        order_number: of,
        intent,
        partner: System::Erp,
        operation: call.operation.id.to_owned(),
        parameters: call.parameters,
        body: call.body,
        chain,
        asked_at: app.parts.clock.now(),
        number: 1,
    };
    Ok(match ask_once(app, &task).await {
        Asked::Done => {
            let mut batch = Batch::default();
            batch.put(key, serde_json::to_vec(&filed).unwrap_or_default());
            app.commit(batch).await?;
            app.asked_calls.forget(&task.key);
            Outcome::Taken
        }
        Asked::Refused(reason) => Outcome::Refused(reason),
        Asked::Unknown(reason) => Outcome::Unknown(reason),
    })
}

fn in_file(mut command: Command, partner: &NodeId) -> Command {
    if let Input::Submit(order) = command.input {
        command.input = Input::SubmitInFile { order, partner: partner.clone() };
    }
    command
}

/// Whether the record was taken before.
async fn is_known(app: &Arc<Inner>, command: &Command) -> Result<bool, StoreError> {
    let known = app
        .look(&command.order, |process| match &command.input {
            Input::ReceiveReturn(receipt) => {
                process.receipts.iter().any(|known| known.receipt.receipt_id == receipt.receipt_id)
            }
            _ => true,
        })
        .await?;
    Ok(known.unwrap_or(false))
}

#[derive(Default)]
struct Tally {
    taken: u32,
    known: u32,
    refused: Vec<RefusedRecord>,
}

impl Tally {
    fn count(&mut self, line: u32, outcome: Outcome) {
        match outcome {
            Outcome::Taken => self.taken += 1,
            Outcome::Known => self.known += 1,
            Outcome::Refused(reason) | Outcome::Unknown(reason) => {
                self.refused.push(RefusedRecord { line, reason });
            }
        }
    }

    fn acknowledge(self, file_name: String) -> BatchAcknowledgment {
        BatchAcknowledgment::new(file_name, self.taken, self.known, self.refused)
    }
}
