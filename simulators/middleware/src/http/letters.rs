//! Dead letters: looked at, and tried again.

use std::sync::Arc;

use counterproof_contracts::protocol::{DeadLetterList, Problem, ProblemKind};

use super::{events, reply::Reply};
use crate::{
    door::store::StoreError,
    durable::{Circumstances, Content, Inner, Keys, Seal, StoredLetter, transfers},
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
pub(super) async fn replay(app: &Arc<Inner>, id: &str) -> Reply {
    match try_again(app, id).await {
        Ok(Ok(Some(letter))) => Reply::document(202, &letter.letter),
        Ok(Ok(None)) => Reply::problem(&Problem::new(ProblemKind::NotFound, format!("no dead letter {id}"))),
        Ok(Err(problem)) => Reply::problem(&problem),
        Err(error) => Reply::store_failed(&error),
    }
}

async fn try_again(app: &Arc<Inner>, id: &str) -> Result<Result<Option<StoredLetter>, Problem>, StoreError> {
    let _held = app.hold_key(&Keys::dead(id)).await;
    let Some(stored) = app.load::<StoredLetter>(&Keys::dead(id))? else {
        return Ok(Ok(app.load(&Keys::replayed(id))?));
    };
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
                source: counterproof_contracts::model::System::Middleware,
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
        Content::Alert => app.commit(seal.batch).await?,
    }
    Ok(Ok(Some(stored)))
}
