//! Carries what one order tells another: taken exactly once, because it is forgotten in the batch that takes it.

use std::sync::Arc;

use counterproof_contracts::model::{OrderNumber, System};
use tokio::sync::watch;

use super::{
    app::{Circumstances, Inner, Seal, json},
    keys::Keys,
    runner,
};
use crate::{
    door::store::StoreError,
    process::{Input, Notice, Tidings},
};

/// Tells a notice, or leaves it where it is when told to stop.
pub(super) async fn perform(app: Arc<Inner>, key: String, stop: watch::Receiver<bool>) {
    runner::until_stopped(&app, &key, stop, || tell(&app, &key)).await;
}

async fn tell(app: &Arc<Inner>, key: &str) -> Result<(), StoreError> {
    let Some(mut notice) = app.load::<Notice>(key)? else { return Ok(()) };
    let mut seal = Seal::default();
    seal.batch.delete(key);
    let mut _held = None;
    if let Tidings::Wanted { order, .. } = &notice.tidings {
        let reference = Keys::channel_order(order.sales_channel, &order.channel_order_id);
        _held = Some(app.hold_key(&reference).await);
        match app.load::<OrderNumber>(&reference)?.filter(|known| *known != notice.to) {
            None => seal.on_success.put(reference, json(&notice.to)),
            // The channel numbered two orders alike: there is no replacement, and who wanted it is told.
            Some(other) => {
                let reason = format!("the channel's order identifier belongs to order {other}");
                let (from, to) = (notice.to.clone(), notice.from.clone());
                notice = Notice { from, to, tidings: Tidings::Refused { reason }, ..notice };
            }
        }
    }
    let circumstances = Circumstances {
        chain: notice.chain.clone(),
        source: System::Middleware,
        occurred_at: app.parts.clock.now(),
    };
    let to = notice.to.clone();
    app.take(&to, Input::Told(Box::new(notice)), circumstances, seal).await.map(drop)
}
