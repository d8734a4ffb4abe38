//! Dead letters: looked at, and tried again.

use std::sync::Arc;

use counterproof_contracts::{
    model::System,
    protocol::{DeadLetterList, DeadLetterReplay, Problem, ProblemKind},
    shape,
};

use super::{
    Call,
    commands::{chain, document},
    events,
    reply::Reply,
};
use crate::{
    door::store::StoreError,
    durable::{Circumstances, Content, Inner, Keys, Seal, StoredLetter, feeds, transfers},
    process::Input,
};

/// Every dead letter, oldest first.
pub(super) fn list(app: &Inner) -> Reply {
    match app.load_all::<StoredLetter>(Keys::DEAD) {
        Ok(mut letters) => {
            letters.sort_by_key(|stored| stored.letter.recorded_at);
            Reply::document(
                200,
                &DeadLetterList { items: letters.into_iter().map(|stored| stored.letter).collect() },
            )
        }
        Err(error) => Reply::store_failed(&error),
    }
}

/// Tries a letter again. A letter that is being tried already is answered the same, without effect.
pub(super) async fn replay(app: &Arc<Inner>, call: &Call) -> Reply {
    let id = call.parameter("dead_letter_id");
    let reason = match reason(call) {
        Ok(reason) => reason,
        Err(problem) => return Reply::problem(&problem),
    };
    match try_again(app, call, id, reason.as_deref()).await {
        Ok(Ok(Some(letter))) => Reply::document(202, &letter.letter),
        Ok(Ok(None)) => Reply::problem(&Problem::new(ProblemKind::NotFound, format!("no dead letter {id}"))),
        Ok(Err(problem)) => Reply::problem(&problem),
        Err(error) => Reply::store_failed(&error),
    }
}

/// Why the letter is tried again. Callers of version 1.0 do not say.
fn reason(call: &Call) -> Result<Option<String>, Problem> {
    if call.body.is_empty() {
        return Ok(None);
    }
    let body = shape::parse_body(&call.body)?;
    let errors = shape::request_errors(call.operation, &body);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    document::<DeadLetterReplay>(&body).map(|wish| Some(wish.reason))
}

/// Records in the trail of the letter's order who tries it again, and why.
async fn record(
    app: &Arc<Inner>,
    call: &Call,
    stored: &StoredLetter,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let letter = &stored.letter;
    let Some(order) = &letter.order_number else { return Ok(()) };
    let id = &letter.dead_letter_id;
    let what = format!("tries dead letter {id} again: {}", reason.unwrap_or("no reason was given"));
    let circumstances = Circumstances {
        chain: chain(call, id),
        source: call.caller.unwrap_or(System::CustomerService),
        occurred_at: app.parts.clock.now(),
    };
    // Of an order that nobody knows there is no trail.
    app.take(order, Input::ByHand { what }, circumstances, Seal::default()).await.map(drop)
}

async fn try_again(
    app: &Arc<Inner>,
    call: &Call,
    id: &str,
    reason: Option<&str>,
) -> Result<Result<Option<StoredLetter>, Problem>, StoreError> {
    let _held = app.hold_key(&Keys::dead(id)).await;
    let Some(stored) = app.load::<StoredLetter>(&Keys::dead(id))? else {
        return Ok(Ok(app.load(&Keys::replayed(id))?));
    };
    record(app, call, &stored, reason).await?;
    let mut seal = Seal::default();
    seal.batch.delete(Keys::dead(id));
    seal.batch.put(Keys::replayed(id), serde_json::to_vec(&stored).unwrap_or_default());
    match stored.content.clone() {
        Content::Task { task } if transfers::posting(&task).is_some() => {
            transfers::replay(app, task, seal).await?;
        }
        Content::Task { task } => {
            let circumstances = Circumstances {
                chain: task.chain.clone(),
                source: System::Middleware,
                occurred_at: app.parts.clock.now(),
            };
            let order = task.order_number.clone();
            if let Err(problem) = app.take(&order, Input::Replay(task), circumstances, seal).await? {
                return Ok(Err(problem));
            }
        }
        Content::Event { event } => {
            if let Err(problem) = events::take(app, event, seal, true).await? {
                return Ok(Err(problem));
            }
        }
        Content::Listed { feed, item } => feeds::again(app, (feed, *item), id, seal).await?,
        Content::Alert => app.commit(seal.batch).await?,
    }
    Ok(Ok(Some(stored)))
}
