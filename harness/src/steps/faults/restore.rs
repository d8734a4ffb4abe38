//! The step about a system that fails over to an earlier state, which it must have kept.

use std::collections::BTreeSet;

use counterproof_contracts::model::System;

use super::{Args, Kind, Step, at_once, millis, system};
use crate::{
    steps::{Match, find},
    world::{StepError, World},
};

/// The step.
pub(in crate::steps) const STEPS: &[Step] = &[RESTORE];

const RESTORE: Step = Step {
    kind: Kind::Action,
    expression: "the {system} is restored to how it was {duration} ago",
    doc: "What the system was called for since then is lost, and it knows of no call of that time; for scenarios in virtual time.",
    action: |world, args| at_once(restore(world, &args)),
};

/// The systems that sentences of a scenario restore: they must keep how they were.
pub fn restored<'s>(sentences: impl Iterator<Item = &'s str>) -> BTreeSet<System> {
    let of = |sentence| match find(Kind::Action, sentence) {
        Match::One(step, args) if step.expression == RESTORE.expression => system(args.text(0)).ok(),
        _ => None,
    };
    sentences.filter_map(of).collect()
}

fn restore(world: &mut World, args: &Args) -> Result<(), StepError> {
    let play = world.play()?;
    let (restored, ago) = (system(args.text(0))?, args.duration(1)?);
    let fault = format!("the {} is restored to how it was {} ago", args.text(0), args.text(1));
    match play.stage.landscape.restore(restored, &play.tag, &fault, millis(ago)) {
        0 => Err(StepError::rig(format!(
            "the {} lost nothing: it was called for nothing since, somebody acted in it himself, or the scenario is not played in virtual time",
            args.text(0)
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_tells_which_systems_must_keep_how_they_were() {
        let sentences = [
            "the ERP is restored to how it was 1 minute ago",
            "the ERP is down",
            "the payment provider is restored to how it was 5 seconds ago",
            "no such step",
        ];
        assert_eq!(restored(sentences.into_iter()), BTreeSet::from([System::Erp, System::Psp]));
    }
}
