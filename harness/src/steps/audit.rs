//! Steps about the audit trail: who did what, and why.

use counterproof_contracts::{
    model::System,
    protocol::{AuditRecord, AuditTrail, middleware},
};
use futures::FutureExt as _;

use super::{
    Kind, Step,
    recovery::{BETWEEN_LOOKS, REASON},
};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Assertion,
        expression: "the audit trail tells that the operator did this by hand, and why",
        doc: "The order's trail has a step of customer service with the operator's reason.",
        action: |world, _| by_hand(world).boxed_local(),
    },
    Step {
        kind: Kind::Assertion,
        expression: "the ERP has acknowledged the order under the number of its sales order",
        doc: "The order's trail has a step of the ERP that names the sales order which the ERP holds.",
        action: |world, _| acknowledged(world).boxed_local(),
    },
];

async fn by_hand(world: &mut World) -> Result<(), StepError> {
    let said = |record: &AuditRecord| {
        record.source_system == System::CustomerService && record.text.contains(REASON)
    };
    told(world, "a step of the operator with its reason", said).await
}

async fn acknowledged(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let order = play.order_number()?;
    let booked = play.stage.landscape.erp.look(|erp| erp.sales_orders(&order));
    let number = booked.iter().find_map(|sales_order| sales_order.erp_document.clone());
    let number =
        number.map_or_else(|| "a sales order that is not there".to_owned(), |number| number.to_string());
    let said = |record: &AuditRecord| record.source_system == System::Erp && record.text.contains(&number);
    told(world, &format!("a step of the ERP that names {number}"), said).await
}

/// Waits until the present order's trail has such a step.
async fn told(world: &mut World, what: &str, said: impl Fn(&AuditRecord) -> bool) -> Result<(), StepError> {
    let play = world.play()?;
    play.assertions += 1;
    let (order, root) = (play.order_number()?, play.same_root("order"));
    let began = play.stage.clock.elapsed();
    loop {
        let (reader, parameters) = (System::CustomerService, [order.as_str()]);
        let kernel = &play.stage.kernel;
        let answer = kernel
            .read_middleware(
                reader,
                middleware::READ_AUDIT_TRAIL,
                &parameters,
                Some(&order),
                &root.correlation,
            )
            .await;
        let seen = match answer.map(|(_, body)| serde_json::from_value::<AuditTrail>(body)) {
            Ok(Ok(trail)) if trail.items.iter().any(&said) => return Ok(()),
            Ok(Ok(trail)) => format!("none of its {} steps is", trail.items.len()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        if play.stage.clock.elapsed().saturating_sub(began) >= play.stage.patience {
            return Err(StepError::failed(format!("expected {what} in the trail of order {order}; {seen}")));
        }
        play.stage.clock.sleep(BETWEEN_LOOKS).await;
    }
}
