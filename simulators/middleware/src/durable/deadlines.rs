//! Tells orders that the time for something is over. A deadline is kept until its order has been told.

use std::sync::Arc;

use counterproof_contracts::model::System;
use tokio::sync::watch;

use super::{
    app::{Circumstances, Inner, Seal},
    runner::until_stopped,
};
use crate::{
    door::store::StoreError,
    process::{Deadline, Input},
};

/// Tells an order that the deadline under a key is over, again and again while the store fails.
pub(super) async fn perform(app: Arc<Inner>, key: String, stop: watch::Receiver<bool>) {
    until_stopped(&app, &key, stop, || tell(&app, &key)).await;
}

async fn tell(app: &Inner, key: &str) -> Result<(), StoreError> {
    let Some(deadline) = app.load::<Deadline>(key)? else { return Ok(()) };
    let mut seal = Seal::default();
    seal.batch.delete(key);
    let circumstances =
        Circumstances { chain: deadline.chain, source: System::Middleware, occurred_at: deadline.at };
    app.take(&deadline.order_number, Input::Due(deadline.due), circumstances, seal).await.map(drop)
}
