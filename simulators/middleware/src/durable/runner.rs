//! Performs tasks: each until its outcome is known, many at once, each partner within its bound.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt as _, stream::FuturesUnordered};
use tokio::sync::{mpsc, watch};

use super::{
    app::{Circumstances, Inner, Seal},
    call::{self, Attempt},
    keys::Keys,
};
use crate::process::{Chain, Input, Task};

/// Takes tasks from the queue until it is told to stop, then waits for those that are being committed.
pub(super) async fn run(
    app: Arc<Inner>,
    mut queue: mpsc::UnboundedReceiver<Task>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = FuturesUnordered::new();
    let stop_of_tasks = stop.clone();
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            task = queue.recv() => match task {
                Some(task) => running.push(app.tasks.spawn(perform(Arc::clone(&app), task, stop_of_tasks.clone()))),
                None => break,
            },
            _ = running.next(), if !running.is_empty() => {}
        }
    }
    while running.next().await.is_some() {}
}

/// Repeats a call with the same key until its outcome is known and committed, or a person must look at it.
/// When told to stop it leaves between two commits; the task stays in the store.
async fn perform(app: Arc<Inner>, task: Task, mut stop: watch::Receiver<bool>) {
    let started = app.parts.clock.now();
    let mut number = 0;
    loop {
        number += 1;
        let attempt = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            attempt = bounded_attempt(&app, &task, number) => attempt,
        };
        let (input, pause) = match attempt {
            Attempt::Answered(answer) => {
                (Some(Input::Answered { task: task.clone().into(), answer: answer.into() }), Duration::ZERO)
            }
            Attempt::Refused(refusal) => {
                (Some(Input::Refused { task: task.clone().into(), refusal }), Duration::ZERO)
            }
            Attempt::Unknown { reason, wait } => {
                let pause = call::pause(&app, &task, number, wait);
                tracing::debug!(key = task.key, number, %reason, ?pause, "outcome unknown");
                let waited = app.parts.clock.now().duration_since(started).unsigned_abs();
                let too_long = waited + pause > app.parts.give_up_after;
                let given_up = Input::GivenUp { task: task.clone().into(), attempts: number, reason };
                (too_long.then_some(given_up), pause)
            }
        };
        let mut pause = pause;
        if let Some(input) = input {
            match finish(&app, &task, input).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(key = task.key, %error, "outcome could not be kept");
                    pause = call::pause(&app, &task, number, None);
                }
            }
        }
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = app.parts.clock.sleep(pause) => {}
        }
    }
}

async fn bounded_attempt(app: &Inner, task: &Task, number: u32) -> Attempt {
    // The permit lasts for the call only: who waits to try again holds nobody up.
    let _permit = match app.permits.get(&task.partner) {
        Some(permits) => permits.acquire().await.ok(),
        None => None,
    };
    call::attempt(app, task, number).await
}

/// Tells the order what became of its task, and forgets the task with it.
async fn finish(app: &Arc<Inner>, task: &Task, input: Input) -> Result<(), crate::door::store::StoreError> {
    let mut seal = Seal::default();
    seal.batch.delete(Keys::task(&task.key));
    let circumstances = Circumstances {
        chain: Chain { correlation: task.chain.correlation.clone(), causation: task.key.clone() },
        source: task.partner,
        occurred_at: app.parts.clock.now(),
    };
    app.take(&task.order_number, input, circumstances, seal).await.map(drop)
}
