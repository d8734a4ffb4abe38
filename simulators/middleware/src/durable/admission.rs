//! Which new orders are taken now, and which must come later.
//!
//! Channels are slowed down before anything breaks: an order that is turned away leaves no trace, and is taken under the
//! same key when it comes again.

use std::collections::BTreeSet;

use counterproof_contracts::{
    model::{Order, OrderNumber, Sku, System},
    protocol::{Health, PartnerHealth, PartnerMode, Problem, ProblemKind},
};
use tokio::sync::OwnedMutexGuard;

use super::{Keys, app::Inner};
use crate::{
    door::store::{Batch, StoreError},
    process::OrderProcess,
};

/// The SKUs of an order that is taken; they are counted again when this is dropped.
pub(crate) type Counted = Vec<OwnedMutexGuard<Option<()>>>;

/// Whether a new order is taken now. What a till sold has happened already, and what is known is answered again.
pub(crate) async fn admit(app: &Inner, order: &Order) -> Result<Result<Counted, Problem>, StoreError> {
    let mut counted = Vec::new();
    let known = app.look(&order.order_number, |_| ()).await?.is_some();
    if known || order.sales_channel.system() == System::Pos {
        return Ok(Ok(counted));
    }
    if app.is_stopping() {
        return Ok(Err(Problem::new(ProblemKind::Unavailable, "the middleware is being stopped")));
    }
    let limits = &app.parts.policy.degradation;
    if app.open_work() >= usize::try_from(limits.open_work_max).unwrap_or(usize::MAX) {
        return Ok(Err(Problem::new(ProblemKind::TooManyRequests, "too much work is open")));
    }
    let most = usize::try_from(limits.unbooked_orders_per_sku_max).unwrap_or(usize::MAX);
    let skus: BTreeSet<&Sku> = order.lines.iter().map(|line| &line.sku).collect();
    for sku in skus {
        let prefix = Keys::unbooked_of(sku);
        counted.push(app.hold_key(&prefix).await);
        let waiting: Vec<OrderNumber> = app.load_all(&prefix)?;
        if waiting.len() >= most {
            return Ok(Err(too_many(app, sku, &waiting)));
        }
    }
    Ok(Ok(counted))
}

/// While a partner is impaired the middleware cannot take more; else the channel is too fast.
fn too_many(app: &Inner, sku: &Sku, waiting: &[OrderNumber]) -> Problem {
    let orders = format!("{} orders of SKU {sku} wait to be booked", waiting.len());
    match app.failing_partner(waiting) {
        Some(partner) => {
            let detail = format!("the {} is impaired, and {orders}", partner.title());
            Problem::new(ProblemKind::Unavailable, detail)
        }
        None => Problem::new(ProblemKind::TooManyRequests, orders),
    }
}

/// Keeps the list of orders that wait to be booked as an order's decision leaves it.
pub(super) fn count(batch: &mut Batch, order: &OrderNumber, waited: bool, process: &OrderProcess) {
    let waits = process.waits_to_be_booked();
    let skus: BTreeSet<&Sku> = process.order.lines.iter().map(|line| &line.sku).collect();
    for sku in skus.into_iter().filter(|_| waits != waited) {
        let key = Keys::found_by(&Keys::unbooked_of(sku), order);
        if waits {
            batch.put(key, super::app::json(order));
        } else {
            batch.delete(key);
        }
    }
}

/// How the middleware and its partners are doing.
pub(crate) fn health(app: &Inner) -> Health {
    let partners = System::PARTNERS.into_iter().map(|partner| {
        let failing_calls = app.failing_calls(partner);
        let mode = if failing_calls == 0 { PartnerMode::Normal } else { PartnerMode::Impaired };
        PartnerHealth { partner, mode, failing_calls }
    });
    Health {
        status: if app.is_stopping() { "stopping" } else { "ready" }.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        partners: partners.collect(),
    }
}
