//! Steps about customers: the ERP creates, changes and merges them, and whoever meets customers follows.

use counterproof_contracts::model::{Customer, CustomerRef, System};
use counterproof_simulators::kernel::BusinessKey;
use futures::FutureExt as _;

use super::{Args, Kind, Step, at_once, master_data};
use crate::world::{Play, StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[
    Step {
        kind: Kind::Action,
        expression: "the customer uses a second account",
        doc: "The next order is placed under another reference of the same person.",
        action: |world, _| at_once(use_second(world)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP creates the customer",
        doc: "The customer is known in the ERP from now on, which tells it.",
        action: |world, _| at_once(change(world, "DE")),
    },
    Step {
        kind: Kind::Action,
        expression: "the customer moves to {country}",
        doc: "The ERP changes the customer's country, and tells it.",
        action: |world, args| at_once(moves(world, &args)),
    },
    Step {
        kind: Kind::Action,
        expression: "the ERP merges the second account into the first",
        doc: "The second reference becomes part of the customer's first one; the ERP tells it.",
        action: |world, _| at_once(merge(world)),
    },
    Step {
        kind: Kind::Assertion,
        expression: "whoever meets the customer knows what the ERP knows",
        doc: "Storefront, stores and customer service know each account in the version that the ERP told last.",
        action: |world, _| known(world).boxed_local(),
    },
];

fn use_second(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    play.cart.account = Some(play.second_account());
    Ok(())
}

fn tell(
    play: &mut Play,
    customer_ref: CustomerRef,
    country: &str,
    into: Option<CustomerRef>,
) -> Result<(), StepError> {
    play.stage.claim(&play.id, BusinessKey::Customer(customer_ref.clone()))?;
    let customer = Customer { customer_ref, country: country.to_owned() };
    let correlation = play.root("customer").correlation;
    play.stage
        .landscape
        .erp
        .prepare(Some(&play.id), correlation, |erp, scene| erp.change_customer(scene, customer, into));
    Ok(())
}

fn change(world: &mut World, country: &str) -> Result<(), StepError> {
    let play = world.play()?;
    let customer = play.customer();
    tell(play, customer, country, None)
}

fn moves(world: &mut World, args: &Args) -> Result<(), StepError> {
    let country = match args.text(0) {
        "Germany" => "DE",
        "Austria" => "AT",
        "France" => "FR",
        "Switzerland" => "CH",
        other => return Err(StepError::rig(format!("no customer of this story moves to {other}"))),
    };
    change(world, country)
}

fn merge(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let (first, second) = (play.customer(), play.second_account());
    tell(play, second, "DE", Some(first))
}

async fn known(world: &mut World) -> Result<(), StepError> {
    let play = world.play()?;
    let accounts = [play.customer(), play.second_account()];
    let systems = [System::Storefront, System::Pos, System::CustomerService];
    play.expect("the customer known as in the ERP", |stage| {
        let versions = accounts.iter().map(|account| {
            let version = stage.landscape.erp.look(|erp| erp.customer_version(account));
            (account, version)
        });
        let told: Vec<_> = versions.filter(|(_, version)| *version > 0).collect();
        if told.is_empty() {
            return Err("the ERP told of no customer".to_owned());
        }
        told.into_iter().try_for_each(|(account, version)| {
            master_data::know(stage, &systems, version, |channel| channel.customer_version(account))
        })
    })
    .await
}
