//! Commands of channels: submit, cancel, request a return, receive a return. Each carries an idempotency key.

use std::sync::Arc;

use counterproof_contracts::{
    model::{
        CorrelationId, DelayConsent, Order, OrderChange, OrderNumber, PriceAdjustment, ReturnCancellation,
        ReturnReceipt, ReturnRequest, SalesChannel, System,
    },
    protocol::{CancellationRequest, FieldError, Problem, ProblemKind, ReplayRequest, header, middleware},
    shape,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    Call,
    access::{self, Reach},
    batches, gift_cards,
    reply::Reply,
};
use crate::{
    defects::{Defect, Defects},
    door::store::StoreError,
    durable::{AnswerSlot, Circumstances, Inner, Keys, Seal, StoredAnswer, admission, master},
    process::{Chain, Input, hex, known_sale, order_errors, unknown_order},
};

/// Longest idempotency key and correlation id in characters.
const IDENTIFIER_CHARS_MAX: usize = 512;

/// Answers a command: as before if its key is known, else by carrying it out.
pub(super) async fn handle(app: &Arc<Inner>, call: &Call) -> Reply {
    match answer(app, call).await {
        Ok(reply) => reply,
        Err(error) => Reply::store_failed(&error),
    }
}

async fn answer(app: &Arc<Inner>, call: &Call) -> Result<Reply, StoreError> {
    let Some(key) = call.header(header::IDEMPOTENCY_KEY).filter(|key| is_identifier(key)) else {
        return Ok(Reply::problem(&Problem::invalid(vec![FieldError {
            pointer: "/header/idempotency-key".to_owned(),
            detail: format!(
                "is needed: 1 to {IDENTIFIER_CHARS_MAX} printable characters, none at either end a blank"
            ),
        }])));
    };
    let body = match shape::parse_body(&call.body) {
        Ok(body) => body,
        Err(problem) => return Ok(Reply::problem(&problem)),
    };
    let reach = match access::reaches(app, call, &body).await? {
        Ok(reach) => reach,
        Err(problem) => return Ok(Reply::problem(&problem)),
    };
    let slot = AnswerSlot {
        key: Keys::answer(call.operation.id, key),
        fingerprint: fingerprint(call, &body),
        success: call.operation.success,
    };
    let Some(_in_flight) = app.begin(&slot.key) else {
        let problem = Problem::new(ProblemKind::ConcurrentRequest, format!("key {key} is being worked on"));
        return Ok(Reply::problem(&problem));
    };
    if let Some(stored) = app.load::<StoredAnswer>(&slot.key)? {
        return Ok(if stored.fingerprint == slot.fingerprint {
            Reply::stored(stored.status, stored.body)
        } else {
            let detail = format!("key {key} was used with another body");
            Reply::problem(&Problem::new(ProblemKind::IdempotencyKeyReused, detail))
        });
    }
    let answer = if call.operation == middleware::RECEIVE_BATCH {
        batches::receive(app, call.caller, &body, &chain(call, key), slot).await?
    } else {
        match understand(call, &body, &app.parts.defects) {
            // Nothing is kept: the order may come yet, and the same call is taken then.
            Ok(_) if reach == Reach::Unknown => Err(unknown_order()),
            Ok(command) => {
                let chain = chain(call, key);
                match gift_cards::disable(app, &command, &chain).await? {
                    Some(refused) if refused.retryable => Err(refused),
                    Some(refused) => keep(app, Err(refused), slot).await?,
                    None => carry_out(app, command, chain, Some(slot)).await?,
                }
            }
            Err(problem) => keep(app, Err(problem), slot).await?,
        }
    };
    Ok(Reply::answer(call.operation.success, answer))
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= IDENTIFIER_CHARS_MAX
        && text.trim() == text
        && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// Digest of what a key stands for: operation, path and body.
fn fingerprint(call: &Call, body: &Value) -> String {
    let parameters: Vec<&String> = call.parameters.values().collect();
    hex(&Sha256::digest(format!("{}\n{parameters:?}\n{body}", call.operation.id).as_bytes()))
}

/// The chain that a command belongs to; it starts one where it names none.
pub(super) fn chain(call: &Call, key: &str) -> Chain {
    let correlation = call
        .header(header::CORRELATION_ID)
        .filter(|id| is_identifier(id))
        .map_or_else(|| CorrelationId::new(format!("chain-{key}")), CorrelationId::new);
    Chain { correlation, causation: key.to_owned() }
}

/// What an order is told.
pub(super) struct Command {
    pub(super) order: OrderNumber,
    pub(super) source: System,
    pub(super) input: Input,
    /// Key of the channel's order identifier, on submissions.
    pub(super) channel_order: Option<String>,
    /// Key of the record of a file that it came in, if it was not known before.
    pub(super) filed: Option<String>,
    /// Key of what the till printed, on submissions of what it sold without a line.
    pub(super) till: Option<String>,
}

/// Reads a command; every refusal here is one of shape or of the document alone.
fn understand(call: &Call, body: &Value, defects: &Defects) -> Result<Command, Problem> {
    let errors = shape::request_errors(call.operation, body);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let channel = System::Storefront;
    let command = |order: &OrderNumber, source, input| Command {
        order: order.clone(),
        source,
        input,
        channel_order: None,
        filed: None,
        till: None,
    };
    match call.operation {
        middleware::SUBMIT_ORDER => submission(document(body)?, defects),
        middleware::CANCEL_ORDER => {
            let request: CancellationRequest = document(body)?;
            same_order(call, &request.order_number)?;
            Ok(command(&request.order_number.clone(), channel, Input::Cancel(request)))
        }
        middleware::CHANGE_ORDER => {
            let request: OrderChange = document(body)?;
            same_order(call, &request.order_number)?;
            if request.changed.order_number != request.order_number {
                return Err(Problem::invalid(vec![FieldError {
                    pointer: "/changed/order_number".to_owned(),
                    detail: "is not the order of the path".to_owned(),
                }]));
            }
            check_sums(&request.changed, "/changed")?;
            let source = request.changed.sales_channel.system();
            Ok(command(&request.order_number.clone(), source, Input::Change(Box::new(request))))
        }
        middleware::ACCEPT_DELAY => {
            let consent: DelayConsent = document(body)?;
            same_order(call, &consent.order_number)?;
            Ok(command(&consent.order_number.clone(), channel, Input::AcceptDelay(consent)))
        }
        middleware::REPLAY_ORDER => {
            let request: ReplayRequest = document(body)?;
            same_order(call, &request.order_number)?;
            Ok(command(&request.order_number.clone(), System::CustomerService, Input::ReplayOrder(request)))
        }
        middleware::ADJUST_PRICE => {
            let adjustment: PriceAdjustment = document(body)?;
            same_order(call, &adjustment.order_number)?;
            let input = Input::AdjustPrice(adjustment.clone());
            Ok(command(&adjustment.order_number, System::CustomerService, input))
        }
        middleware::REQUEST_RETURN => {
            let request: ReturnRequest = document(body)?;
            Ok(command(&request.order_number.clone(), channel, Input::RequestReturn(request)))
        }
        middleware::CANCEL_RETURN => {
            let wish: ReturnCancellation = document(body)?;
            if wish.rma_id.as_str() != call.parameter("rma_id") {
                return Err(Problem::invalid(vec![FieldError {
                    pointer: "/rma_id".to_owned(),
                    detail: "is not the return of the path".to_owned(),
                }]));
            }
            Ok(command(&wish.order_number.clone(), channel, Input::CancelReturn(wish)))
        }
        middleware::RECEIVE_RETURN => {
            let receipt: ReturnReceipt = document(body)?;
            Ok(command(&receipt.order_number.clone(), System::Pos, Input::ReceiveReturn(Box::new(receipt))))
        }
        other => Err(Problem::new(ProblemKind::UnknownOperation, other.id)),
    }
}

/// Path and body must speak of the same order.
fn same_order(call: &Call, order: &OrderNumber) -> Result<(), Problem> {
    if order.as_str() == call.parameter("order_number") {
        return Ok(());
    }
    Err(Problem::invalid(vec![FieldError {
        pointer: "/order_number".to_owned(),
        detail: "is not the order of the path".to_owned(),
    }]))
}

pub(super) fn document<T: DeserializeOwned>(body: &Value) -> Result<T, Problem> {
    T::deserialize(body).map_err(|error| Problem::new(ProblemKind::InvalidDocument, error.to_string()))
}

/// An order must not contradict itself. `at` is where it stands in the body.
fn check_sums(order: &Order, at: &str) -> Result<(), Problem> {
    let mut errors = order_errors(order);
    for error in &mut errors {
        error.pointer.insert_str(0, at);
    }
    let Some(first) = errors.first() else { return Ok(()) };
    let detail = format!("at {:?}: {}", first.pointer, first.detail);
    Err(Problem { errors, ..Problem::new(ProblemKind::BusinessRule, detail) })
}

/// A submission, if the order does not contradict itself.
pub(super) fn submission(order: Order, defects: &Defects) -> Result<Command, Problem> {
    if let Err(problem) = check_sums(&order, "")
        && !defects.meets(Defect::SumsNotChecked)
    {
        return Err(problem);
    }
    let channel: SalesChannel = order.sales_channel;
    Ok(Command {
        order: order.order_number.clone(),
        source: channel.system(),
        channel_order: Some(Keys::channel_order(channel, &order.channel_order_id)),
        till: order.till_reference.as_deref().map(Keys::till),
        input: Input::Submit(Box::new(order)),
        filed: None,
    })
}

/// Carries a command out, once, and keeps its answer in the slot.
pub(super) async fn carry_out(
    app: &Arc<Inner>,
    command: Command,
    chain: Chain,
    slot: Option<AnswerSlot>,
) -> Result<Result<Value, Problem>, StoreError> {
    // What a file tells has happened already.
    if let Some(slot) = &slot
        && let Some(objection) = master::objection(app, &command.order, &command.input).await?
    {
        return keep(app, Err(objection), slot.clone()).await;
    }
    let mut counted = Vec::new();
    if let (Some(_), Input::Submit(order)) = (&slot, &command.input) {
        match admission::admit(app, order).await? {
            Ok(admitted) => counted = admitted,
            // Nothing is kept: the same call is taken later.
            Err(problem) => return Ok(Err(problem)),
        }
    }
    let mut seal = Seal { answer: slot, ..Seal::default() };
    let order = command.order.clone();
    let mut held_keys = Vec::new();
    for key in [&command.till, &command.channel_order].into_iter().flatten() {
        held_keys.push(app.hold_key(key).await);
        let known: Option<OrderNumber> = app.load(key)?;
        let other = known.filter(|known| *known != order);
        if let Some(other) = other.filter(|_| !app.meets(Defect::ChannelOrderTakenTwice)) {
            let answer = match &command.input {
                Input::Submit(submitted) if Some(key) == command.till.as_ref() => {
                    app.look(&other, |process| known_sale(process, submitted)).await?.flatten()
                }
                _ => None,
            };
            let detail = format!("the channel's identifier belongs to order {other}");
            let answer = answer.ok_or_else(|| Problem::new(ProblemKind::IllegalState, detail));
            return match seal.answer.take() {
                Some(slot) => keep(app, answer, slot).await,
                None => Ok(answer),
            };
        }
        seal.on_success.put(key, serde_json::to_vec(&order).unwrap_or_default());
    }
    if let Some(key) = command.filed {
        seal.on_success.put(key, b"true".to_vec());
    }
    let occurred_at = app.parts.clock.now();
    let circumstances = Circumstances { chain, source: command.source, occurred_at };
    let answer = app.take(&command.order, command.input, circumstances, seal).await;
    drop((held_keys, counted));
    answer
}

/// Keeps an answer, so that the same command is answered the same.
pub(super) async fn keep(
    app: &Arc<Inner>,
    answer: Result<Value, Problem>,
    slot: AnswerSlot,
) -> Result<Result<Value, Problem>, StoreError> {
    let mut seal = Seal::default();
    seal.batch.put(&slot.key, serde_json::to_vec(&slot.fill(&answer)).unwrap_or_default());
    app.commit(seal.batch).await?;
    Ok(answer)
}
