//! What the middleware says when it is asked.

use std::sync::Arc;

use counterproof_contracts::{
    model::{OrderNumber, RmaId, Sku},
    protocol::{AuditTrail, Health, Problem, ProblemKind, middleware},
};

use super::{Call, access, reply::Reply};
use crate::{
    door::store::StoreError,
    durable::{Inner, Keys},
    process::{Stock, authorization_view, availability_view, order_view},
};

/// Answers a read.
pub(super) async fn handle(app: &Arc<Inner>, call: &Call) -> Reply {
    match access::reaches(app, call, &serde_json::Value::Null).await {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => return Reply::problem(&problem),
        Err(error) => return Reply::store_failed(&error),
    }
    let reply = match call.operation {
        middleware::READ_HEALTH => Ok(Reply::document(
            200,
            &Health { status: "ready".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        )),
        middleware::READ_ORDER => order(app, &OrderNumber::new(call.parameter("order_number"))).await,
        middleware::READ_AUDIT_TRAIL => {
            audit_trail(app, &OrderNumber::new(call.parameter("order_number"))).await
        }
        middleware::READ_RETURN => authorization(app, &RmaId::new(call.parameter("rma_id"))).await,
        middleware::READ_AVAILABILITY => availability(app, &Sku::new(call.parameter("sku"))),
        other => Ok(Reply::problem(&Problem::new(ProblemKind::UnknownOperation, other.id))),
    };
    reply.unwrap_or_else(|error| Reply::store_failed(&error))
}

fn not_found(what: &str) -> Reply {
    Reply::problem(&Problem::new(ProblemKind::NotFound, format!("{what} is not known")))
}

async fn order(app: &Inner, number: &OrderNumber) -> Result<Reply, StoreError> {
    let now = app.parts.clock.now();
    let view = app.look(number, |process| order_view(process, now)).await?;
    Ok(view.map_or_else(|| not_found("the order"), |view| Reply::document(200, &view)))
}

async fn audit_trail(app: &Inner, number: &OrderNumber) -> Result<Reply, StoreError> {
    if app.look(number, drop_view).await?.is_none() {
        return Ok(not_found("the order"));
    }
    let items = app.load_all(&Keys::audit_trail(number))?;
    Ok(Reply::document(200, &AuditTrail { order_number: number.clone(), items }))
}

const fn drop_view(_: &crate::process::OrderProcess) {}

async fn authorization(app: &Inner, rma_id: &RmaId) -> Result<Reply, StoreError> {
    let now = app.parts.clock.now();
    let Some(number) = app.load::<OrderNumber>(&Keys::rma(rma_id))? else {
        return Ok(not_found("the return"));
    };
    let view = app.look(&number, |process| authorization_view(process, rma_id, now)).await?.flatten();
    Ok(view.map_or_else(|| not_found("the return"), |view| Reply::document(200, &view)))
}

fn availability(app: &Inner, sku: &Sku) -> Result<Reply, StoreError> {
    let stock: Option<Stock> = app.load(&Keys::stock(sku))?;
    let view = stock.map(|stock| availability_view(&stock, &app.parts.policy.availability));
    Ok(view.map_or_else(|| not_found("the stock of the SKU"), |view| Reply::document(200, &view)))
}
