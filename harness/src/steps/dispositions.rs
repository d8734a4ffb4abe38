//! Steps about what becomes of goods in quarantine.

use counterproof_contracts::model::DispositionCode;
use counterproof_simulators::wms::ItemRef;

use super::{Args, Kind, Step, at_once, orders, stock};
use crate::world::{StepError, World};

/// The steps.
pub(super) const STEPS: &[Step] = &[Step {
    kind: Kind::Action,
    expression: "the dock decides that {items} is/are {disposition}",
    doc: "The dock decides on units of its last receipt.",
    action: |world, args| at_once(decide(world, &args)),
}];

fn disposition(name: &str) -> DispositionCode {
    match name {
        "put on the shelf" => DispositionCode::ToStock,
        "put into the outlet" => DispositionCode::ToOutlet,
        "liquidated" => DispositionCode::Liquidate,
        "refurbished" => DispositionCode::Refurbish,
        "returned to the vendor" => DispositionCode::ReturnToVendor,
        "donated" => DispositionCode::Donate,
        "destroyed" => DispositionCode::Destroy,
        _ => DispositionCode::Missing,
    }
}

fn decide(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let receipt = play.receipt.clone().ok_or_else(|| StepError::rig("nothing was received"))?;
    let code = disposition(args.text(1));
    let decided = orders::items(args.text(0))?
        .into_iter()
        .map(|(product, units)| Ok((ItemRef::Sku(stock::sku(play, &product)?), units, code)))
        .collect::<Result<Vec<_>, StepError>>()?;
    let root = play.same_root("dock");
    play.stage
        .landscape
        .wms
        .act(&root.order, root.correlation.clone(), |wms, scene| wms.decide(scene, &receipt, &decided))
        .map_err(|error| StepError::rig(format!("the dock cannot decide: {error}")))
}
