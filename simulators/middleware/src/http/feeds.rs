//! Orders that were read from a marketplace's feed: taken as if the marketplace had submitted them.

use std::sync::Arc;

use counterproof_contracts::{
    model::{FeedItem, Order, System},
    protocol::{FieldError, Problem, ProblemKind, middleware},
    shape,
};

use super::{
    access::owns,
    commands::{carry_out, document, submission},
};
use crate::{
    door::store::StoreError,
    durable::{Inner, admission, master},
    process::Chain,
};

/// What became of an order of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Listed {
    /// It is known from now on, or was before.
    Taken,
    /// It is not taken now, and may be later.
    Later,
    /// It cannot be taken, and why.
    Refused(String),
}

/// Takes an order of a feed.
pub(crate) async fn take_listed(
    app: &Arc<Inner>,
    item: &FeedItem,
    causation: &str,
) -> Result<Listed, StoreError> {
    let order = match understood(item) {
        Ok(order) => order,
        Err(problem) => return Ok(refused(&problem)),
    };
    let Ok(counted) = admission::admit(app, &order).await? else { return Ok(Listed::Later) };
    let command = match submission(order, &app.parts.defects) {
        Ok(command) => command,
        Err(problem) => return Ok(refused(&problem)),
    };
    if let Some(objection) = master::objection(app, &command.order, &command.input).await? {
        return Ok(refused(&objection));
    }
    let chain = Chain { correlation: item.correlation_id.clone(), causation: causation.to_owned() };
    let answer = carry_out(app, command, chain, None).await?;
    drop(counted);
    Ok(answer.map_or_else(|problem| refused(&problem), |_| Listed::Taken))
}

fn refused(problem: &Problem) -> Listed {
    let place = problem.errors.first();
    let place = place.map_or_else(String::new, |error| format!(", at {:?}: {}", error.pointer, error.detail));
    Listed::Refused(format!("{}{place}", problem.detail))
}

/// The order, if it can be read and is the marketplace's.
fn understood(item: &FeedItem) -> Result<Order, Problem> {
    let errors = shape::request_errors(middleware::SUBMIT_ORDER, &item.order);
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    let order: Order = document(&item.order)?;
    if order.order_number != item.order_number {
        let detail = format!("is not {}, under which the feed lists it", item.order_number);
        return Err(Problem::invalid(vec![FieldError { pointer: "/order_number".to_owned(), detail }]));
    }
    if !owns(System::Marketplace, order.sales_channel) {
        return Err(Problem::new(ProblemKind::Forbidden, "the order is of another channel"));
    }
    Ok(order)
}
