//! Who calls, and what he may: a token proves who it is, and the contract says what he may call and whose orders he
//! reaches. It is asked before anything is read or carried out.

use counterproof_contracts::{
    model::{OrderNumber, RmaId, SalesChannel, System},
    protocol::{Operation, Problem, ProblemKind, middleware},
};
use http::{HeaderMap, header::AUTHORIZATION};
use serde::Deserialize as _;
use serde_json::Value;

use super::Call;
use crate::{
    defects::Defect,
    door::store::StoreError,
    durable::{Inner, Keys},
};

/// Who calls an operation; nobody in particular where the contract asks for no token.
pub(super) fn admit(
    app: &Inner,
    operation: Operation,
    headers: &HeaderMap,
) -> Result<Option<System>, Problem> {
    if !operation.needs_token() {
        return Ok(None);
    }
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let caller = given.and_then(|header| app.parts.tokens.holder(header)).ok_or_else(|| {
        let what = if given.is_some() { "nobody has this token" } else { "a bearer token is needed" };
        Problem::new(ProblemKind::Unauthenticated, what)
    })?;
    if operation.callers().contains(&caller) {
        return Ok(Some(caller));
    }
    Err(forbidden(format!("the {} does not call {}", caller.title(), operation.id)))
}

/// What a caller's call may go on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Every order that it names.
    Granted,
    /// None: it reaches its own orders only, and one that it names is not known. That order may become known, as
    /// another's, at any moment: the call is answered without looking for it again.
    Unknown,
}

/// Whether the caller reaches every order that a call names. `body`: null where there is none.
pub(super) async fn reaches(
    app: &Inner,
    call: &Call,
    body: &Value,
) -> Result<Result<Reach, Problem>, StoreError> {
    let Some(caller) = call.caller.filter(|caller| call.operation.own_orders().contains(caller)) else {
        return Ok(Ok(Reach::Granted));
    };
    if call.operation == middleware::SUBMIT_ORDER {
        let channel = SalesChannel::deserialize(&body["sales_channel"]).ok();
        return Ok(channel.map_or(Ok(()), |channel| own(caller, channel)).map(|()| Reach::Granted));
    }
    let named = |name: &str| body.get(name).and_then(Value::as_str).map(OrderNumber::from);
    let in_path = call.parameters.get("order_number").map(OrderNumber::new);
    let of_return = match call.parameters.get("rma_id") {
        Some(rma) => app.load(&Keys::rma(&RmaId::new(rma)))?,
        None => None,
    };
    let mut reach = Reach::Unknown;
    for order in [in_path, named("order_number"), of_return].into_iter().flatten() {
        let Some(channel) = app.look(&order, |process| process.order.sales_channel).await? else {
            return Ok(Ok(Reach::Unknown));
        };
        if let Err(problem) = own(caller, channel)
            && !app.meets(Defect::OrdersOfOthersServed)
        {
            return Ok(Err(problem));
        }
        reach = Reach::Granted;
    }
    Ok(Ok(reach))
}

fn own(caller: System, channel: SalesChannel) -> Result<(), Problem> {
    if owns(caller, channel) {
        return Ok(());
    }
    Err(forbidden(format!("the order is of another channel than the {}", caller.title())))
}

/// Whether a channel's orders are a caller's own.
pub(super) fn owns(caller: System, channel: SalesChannel) -> bool {
    channel.system() == caller
}

fn forbidden(detail: String) -> Problem {
    Problem::new(ProblemKind::Forbidden, detail)
}
