//! What the middleware says when it is asked.

use std::sync::Arc;

use counterproof_contracts::{
    model::{OrderNumber, OrderSearch, OrderSearchResult, RmaId, Sku},
    protocol::{AuditTrail, FieldError, Problem, ProblemKind, middleware},
    shape,
};

use super::{
    Call,
    access::{self, Reach},
    commands::document,
    reply::Reply,
};
use crate::{
    door::store::StoreError,
    durable::{Inner, Keys, admission, master},
    process::{Stock, authorization_view, availability_view, order_view},
};

/// Answers a read.
pub(super) async fn handle(app: &Arc<Inner>, call: &Call) -> Reply {
    match access::reaches(app, call, &serde_json::Value::Null).await {
        Ok(Ok(Reach::Granted)) => {}
        Ok(Ok(Reach::Unknown)) => {
            return not_found(if call.operation == middleware::READ_RETURN {
                "the return"
            } else {
                "the order"
            });
        }
        Ok(Err(problem)) => return Reply::problem(&problem),
        Err(error) => return Reply::store_failed(&error),
    }
    let reply = match call.operation {
        middleware::READ_HEALTH => Ok(Reply::document(200, &admission::health(app))),
        middleware::READ_ORDER => order(app, &OrderNumber::new(call.parameter("order_number"))).await,
        middleware::SEARCH_ORDERS => search(app, call).await,
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

/// Most orders that a search finds.
const FOUND_MAX: usize = 50;

/// Orders of a customer, or that a card paid: the newest first.
async fn search(app: &Inner, call: &Call) -> Result<Reply, StoreError> {
    let wish = match question(call) {
        Ok(wish) => wish,
        Err(problem) => return Ok(Reply::problem(&problem)),
    };
    let by_card = wish.payment_token.as_deref().map(Keys::of_card);
    let accounts = wish.customer_ref.as_ref().map(|customer| master::accounts(app, customer));
    let by_customer = accounts.iter().flatten().map(Keys::of_customer);
    let mut numbers: Vec<OrderNumber> = Vec::new();
    for prefix in by_card.into_iter().chain(by_customer) {
        numbers.extend(app.load_all::<OrderNumber>(&prefix)?);
    }
    let now = app.parts.clock.now();
    let mut found = Vec::new();
    for number in numbers {
        let seen = app.look(&number, |process| (process.order.placed_at, order_view(process, now))).await?;
        found.extend(seen);
    }
    found.sort_by_key(|(placed_at, view)| std::cmp::Reverse((*placed_at, view.order_number.clone())));
    let items = found.into_iter().take(FOUND_MAX).map(|(_, view)| view).collect();
    Ok(Reply::document(200, &OrderSearchResult { items }))
}

fn question(call: &Call) -> Result<OrderSearch, Problem> {
    let body = shape::parse_body(&call.body)?;
    let mut errors = shape::request_errors(call.operation, &body);
    if errors.is_empty() {
        let wish: OrderSearch = document(&body)?;
        if wish.payment_token.is_some() != wish.customer_ref.is_some() {
            return Ok(wish);
        }
        let detail = "names either payment_token or customer_ref".to_owned();
        errors = vec![FieldError { pointer: String::new(), detail }];
    }
    Err(Problem::invalid(errors))
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
