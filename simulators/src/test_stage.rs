//! A stage for tests of cores: plays the kernel's part without transport, and holds every answer against
//! its schema.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{CorrelationId, Timestamp},
    protocol::{Operation, Problem},
    shape,
};
use serde::Serialize;
use serde_json::Value;

use crate::kernel::{Alarm, Call, Core, OutboundCall, RaisedEvent, Scene, SceneEffect};

/// A core with what outlives its scenes.
pub(crate) struct Stage<C> {
    /// The core.
    pub(crate) core: C,
    /// The present instant.
    pub(crate) now: Timestamp,
    counters: BTreeMap<String, u64>,
    keys: u32,
}

/// What a scene left.
#[derive(Debug)]
pub(crate) struct Played<R> {
    /// What the core answered.
    pub(crate) answer: R,
    /// What it committed.
    pub(crate) effects: Vec<SceneEffect>,
    /// What it told.
    pub(crate) events: Vec<RaisedEvent>,
    /// What it asked.
    pub(crate) calls: Vec<OutboundCall>,
    /// Alarms that it set and stopped.
    pub(crate) alarms: Vec<Alarm>,
}

impl<R> Played<R> {
    /// The committed effects without their circumstances.
    pub(crate) fn booked(&self) -> Vec<&Effect> {
        self.effects.iter().map(|scene_effect| &scene_effect.effect).collect()
    }
}

impl Played<Result<Value, Problem>> {
    /// Kind of the problem that was answered; empty for success.
    pub(crate) fn refusal(&self) -> String {
        self.answer.as_ref().err().map_or_else(String::new, |problem| {
            problem.kind.rsplit(':').next().unwrap_or_default().to_owned()
        })
    }
}

fn played<R>(answer: R, scene: Scene<'_>) -> Played<R> {
    let Scene { effects, events, calls, alarms, .. } = scene;
    Played { answer, effects, events, calls, alarms }
}

impl<C: Core> Stage<C> {
    /// A core on a stage.
    pub(crate) fn new(core: C) -> Self {
        Self { core, now: Timestamp::UNIX_EPOCH, counters: BTreeMap::new(), keys: 0 }
    }

    /// Lets the core act by itself.
    pub(crate) fn act<R>(&mut self, action: impl FnOnce(&mut C, &mut Scene<'_>) -> R) -> Played<R> {
        let mut scene = Scene::new(self.now, CorrelationId::from("customer"), None, &mut self.counters);
        let answer = action(&mut self.core, &mut scene);
        played(answer, scene)
    }

    /// Calls the core with a new idempotency key. A refusal drops the scene, as the kernel does.
    pub(crate) fn call(
        &mut self,
        operation: Operation,
        parameters: &[(&str, &str)],
        body: impl Serialize,
    ) -> Played<Result<Value, Problem>> {
        self.keys += 1;
        let call = Call {
            operation,
            parameters: parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            body: serde_json::to_value(body).unwrap_or_default(),
            key: operation.keyed.then(|| format!("key-{}", self.keys)),
            correlation: Some(CorrelationId::from("chain")),
        };
        let mut scene =
            Scene::new(self.now, CorrelationId::from("chain"), call.key.clone(), &mut self.counters);
        let answer = self.core.handle(&call, &mut scene);
        let (status, body) = match &answer {
            Ok(body) => (operation.success, body.clone()),
            Err(problem) => (problem.status, serde_json::to_value(problem).unwrap_or_default()),
        };
        assert_eq!(shape::response_errors(operation, status, &body), [], "{operation} {status} {body}");
        if answer.is_err() {
            return Played {
                answer,
                effects: Vec::new(),
                events: Vec::new(),
                calls: Vec::new(),
                alarms: Vec::new(),
            };
        }
        played(answer, scene)
    }

    /// Hands the core the answer to a call that it made.
    pub(crate) fn answer(&mut self, call: &OutboundCall, answer: &Result<Value, Problem>) -> Played<()> {
        self.act(|core, scene| core.answered(call, answer, scene))
    }
}
