//! Gift cards that a customer gives back. Whether anything was spent of one only the ledger knows, so it is disabled
//! before the return is taken: what the ledger refuses is refused, and what it did not answer is asked for again.

use std::sync::Arc;

use counterproof_contracts::protocol::{FieldError, Problem, ProblemKind};

use super::commands::Command;
use crate::{
    door::store::StoreError,
    durable::{Asked, Inner, ask_once},
    process::{Chain, Input, Intent},
};

/// Disables the cards of a return that would be granted; says why it cannot be.
pub(super) async fn disable(
    app: &Arc<Inner>,
    command: &Command,
    chain: &Chain,
) -> Result<Option<Problem>, StoreError> {
    if !matches!(&command.input, Input::RequestReturn(_)) {
        return Ok(None);
    }
    let tasks = app.foresee(&command.order, command.input.clone(), chain, command.source).await?;
    for task in tasks.iter().filter(|task| matches!(task.intent, Intent::DisableCard { .. })) {
        match ask_once(app, task).await {
            Asked::Done => {}
            Asked::Refused(reason) => {
                let detail = format!("the gift card is not taken back: {reason}");
                let errors = vec![FieldError { pointer: "/lines/0".to_owned(), detail: detail.clone() }];
                return Ok(Some(Problem { errors, ..Problem::new(ProblemKind::NotReturnable, detail) }));
            }
            Asked::Unknown(reason) => {
                return Ok(Some(Problem::new(ProblemKind::Unavailable, reason)));
            }
        }
    }
    Ok(None)
}
