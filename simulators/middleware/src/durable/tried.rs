//! Which calls may have had an effect, where that decides whether a call may still be left unmade: it is kept beside the
//! task, so that it is known after a crash, too.

use super::{app::Inner, keys::Keys};
use crate::{
    door::store::{Batch, StoreError},
    process::{Intent, Task},
};

/// Whether a task may be withdrawn as long as no attempt of it may have had an effect; the runner's timing decides whether
/// it is.
const fn is_withdrawable(intent: &Intent) -> bool {
    matches!(intent, Intent::Book | Intent::Refund { .. })
}

/// Whether a task may be withdrawn still.
pub(super) fn is_untouched(app: &Inner, task: &Task) -> bool {
    is_withdrawable(&task.intent) && matches!(app.parts.store.get(&Keys::tried(&task.key)), Ok(None))
}

/// Keeps that an attempt is being made of a task that may be withdrawn: from now on it may have had its effect.
pub(super) async fn begins(app: &Inner, task: &Task) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.put(Keys::tried(&task.key), b"true".to_vec());
    app.commit(batch).await
}

/// Keeps that the only attempt so far certainly had no effect. Where that is not kept, it may have had one for all that is
/// known later.
pub(super) async fn was_refused(app: &Inner, task: &Task) {
    let mut batch = Batch::default();
    forget(&mut batch, task);
    if let Err(error) = app.commit(batch).await {
        tracing::error!(key = task.key, %error, "that a call had no effect could not be kept");
    }
}

/// The task is over.
pub(super) fn forget(batch: &mut Batch, task: &Task) {
    if is_withdrawable(&task.intent) {
        batch.delete(Keys::tried(&task.key));
    }
}
