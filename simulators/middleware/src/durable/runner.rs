//! Performs tasks: each until its outcome is known, many at once, each partner within its bound.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use counterproof_contracts::{model::Timestamp, protocol::ProblemKind};
use futures::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tokio::sync::{mpsc, watch};

use super::{
    app::{Circumstances, Inner, Seal},
    call::{self, Attempt},
    deadlines, feeds,
    gate::{Permit, Rank},
    keys::Keys,
    master, notices, publications, replay, transfers, tried,
};
use crate::{
    defects::Defect,
    door::store::StoreError,
    process::{Chain, Input, Intent, OrderProcess, Task},
};

/// How long word of claims that lapsed may take.
const WORD_WITHIN: Duration = Duration::from_mins(1);
/// How long to wait before what the store did not take is tried again.
const STORE_PAUSE: Duration = Duration::from_millis(200);

/// Something to perform, as the store has it.
#[derive(Debug)]
pub(super) enum Job {
    /// A call.
    Task(Box<Task>),
    /// The replay under this key.
    Replay(String),
    /// The notice under this key.
    Notice(String),
    /// The publication under this key.
    Publication(String),
    /// The order under this key waits for something that may be known.
    Known(String),
    /// The feed under this key is to be read.
    Feed(String),
    /// An instant is to be waited for; that is no work. Then what stands under this key is due.
    Wait {
        /// The key.
        key: String,
        /// When.
        until: Timestamp,
    },
    /// What stands under this key is due.
    Due(String),
}

impl Job {
    fn key(&self) -> String {
        match self {
            Self::Task(task) => Keys::task(&task.key),
            Self::Replay(key)
            | Self::Publication(key)
            | Self::Notice(key)
            | Self::Known(key)
            | Self::Feed(key)
            | Self::Wait { key, .. }
            | Self::Due(key) => key.clone(),
        }
    }
}

/// Takes jobs from the queue until it is told to stop, then waits for those that are being committed.
pub(super) async fn run(
    app: Arc<Inner>,
    mut queue: mpsc::UnboundedReceiver<Job>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = FuturesUnordered::new();
    // Who only waits is not at work: the system is at rest meanwhile.
    let mut sleeping = FuturesUnordered::new();
    // A job that comes again while it is under way waits for its end: the store then tells whether it is
    // still asked for.
    let (mut under_way, mut again) = (BTreeSet::new(), BTreeMap::new());
    let stop_of_tasks = stop.clone();
    loop {
        app.count_open_work(running.len() + again.len() + queue.len());
        let next = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            Some(ended) = running.next(), if !running.is_empty() => {
                under_way.remove(&ended);
                again.remove(&ended)
            }
            Some(due) = sleeping.next(), if !sleeping.is_empty() => Some(Job::Due(due)),
            Some(job) = queue.recv() => Some(job),
        };
        let Some(job) = next else { continue };
        if let Job::Wait { key, until } = job {
            sleeping.push(wait(Arc::clone(&app), key, until));
            continue;
        }
        let key = job.key();
        if under_way.insert(key.clone()) {
            let (app, stop) = (Arc::clone(&app), stop_of_tasks.clone());
            let owner = Arc::clone(&app);
            let outcome = match job {
                Job::Task(task) => owner.tasks.spawn(carry_out(app, *task, stop)),
                Job::Notice(key) => owner.tasks.spawn(notices::perform(app, key, stop)),
                Job::Replay(key) => owner.tasks.spawn(replay::perform(app, key, stop)),
                Job::Publication(key) => owner.tasks.spawn(publications::perform(app, key, stop)),
                Job::Due(key) | Job::Wait { key, .. } => {
                    owner.tasks.spawn(deadlines::perform(app, key, stop))
                }
                Job::Known(key) => owner.tasks.spawn(master::perform(app, key, stop)),
                Job::Feed(key) => owner.tasks.spawn(feeds::perform(app, key, stop)),
            };
            running.push(outcome.map(|_| key));
        } else {
            again.insert(key, job);
        }
    }
    while running.next().await.is_some() {}
}

/// Waits until something is due.
async fn wait(app: Arc<Inner>, key: String, until: Timestamp) -> String {
    app.parts.clock.sleep_until(until).await;
    key
}

/// Carries something through that the store has under a key, again and again while the store fails, or leaves it where
/// it is when told to stop.
pub(super) async fn until_stopped<F>(
    app: &Inner,
    key: &str,
    mut stop: watch::Receiver<bool>,
    carry_through: impl Fn() -> F,
) where
    F: Future<Output = Result<(), StoreError>>,
{
    let work = async {
        while let Err(error) = carry_through().await {
            tracing::error!(key, %error, "the store failed");
            app.parts.clock.sleep(STORE_PAUSE).await;
        }
    };
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => {}
        () = work => {}
    }
}

/// Performs a task, and lets its order know if that takes longer than orders wait.
async fn carry_out(app: Arc<Inner>, task: Task, stop: watch::Receiver<bool>) {
    if task.intent == Intent::QuoteTax {
        let owner = Arc::clone(&app);
        // Nobody waits for it: what is known by then is not overdue.
        drop(owner.tasks.spawn(tell_if_overdue(Arc::clone(&app), task.clone())));
    }
    perform(&app, &task, stop).await;
    app.fails_no_more(&task);
}

/// Tells an order that its tax quote is overdue. Whoever fails to keep that does without: the quote comes at last.
async fn tell_if_overdue(app: Arc<Inner>, task: Task) {
    app.parts.clock.sleep(app.parts.policy.degradation.tax_quote_within()).await;
    if !matches!(app.parts.store.get(&Keys::task(&task.key)), Ok(Some(_))) {
        return;
    }
    let told = take_of(&app, &task, Input::Overdue { task: task.clone().into() }, Seal::default()).await;
    if let Err(error) = told {
        tracing::error!(key = task.key, %error, "that a call is overdue could not be kept");
    }
}

/// Repeats a call with the same key until its outcome is known and committed, or a person must look at it.
/// When told to stop it leaves between two commits; the task stays in the store.
async fn perform(app: &Arc<Inner>, task: &Task, mut stop: watch::Receiver<bool>) {
    let started = app.parts.clock.now();
    // Who asked for the same call before waited for it as long as it took.
    let made = app.asked_calls.made(&task.key);
    let untouched = tried::is_untouched(app, task);
    let mut tries = Tries { number: made.map_or(0, |made| made.attempts), untouched };
    if let Some(made) = made {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = app.parts.clock.sleep_until(made.again_at) => {}
        }
    }
    loop {
        tries.number = tries.number.saturating_add(1);
        let step = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            step = step(app, task, tries, started) => step,
        };
        let pause = match step {
            Step::Over => return app.asked_calls.forget(&task.key),
            Step::Again { pause, untouched } => {
                tries.untouched &= untouched;
                pause
            }
            Step::Known(input) => match finish(app, task, tries.number, input).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(key = task.key, %error, "outcome could not be kept");
                    call::pause(app, task, tries.number, None)
                }
            },
        };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = app.parts.clock.sleep(pause) => {}
        }
    }
}

/// Attempts at a call.
#[derive(Debug, Clone, Copy)]
struct Tries {
    /// Number of the next one, from 1.
    number: u32,
    /// It may be called off still: those before certainly had no effect.
    untouched: bool,
}

/// What follows from an attempt.
enum Step {
    /// Nobody asks for the task any more.
    Over,
    /// The order is to be told.
    Known(Input),
    /// Another attempt, after a pause.
    Again {
        /// How long.
        pause: Duration,
        /// The attempt certainly had no effect.
        untouched: bool,
    },
}

/// One attempt of a task that is in the store. What is not there was never asked for, or is done.
async fn step(app: &Inner, task: &Task, tries: Tries, started: Timestamp) -> Step {
    let number = tries.number;
    match app.parts.store.get(&Keys::task(&task.key)) {
        Ok(Some(_)) => {}
        Ok(None) => return Step::Over,
        Err(error) => {
            tracing::error!(key = task.key, %error, "task could not be read");
            return Step::Again { pause: call::pause(app, task, number, None), untouched: true };
        }
    }
    let Some(attempt) = attempt_if_wanted(app, task, tries).await else {
        return Step::Known(Input::Withdrawn { task: task.clone().into() });
    };
    match attempt {
        Attempt::Answered(answer) => {
            Step::Known(Input::Answered { task: task.clone().into(), answer: answer.into() })
        }
        Attempt::Refused(refusal) => Step::Known(Input::Refused { task: task.clone().into(), refusal }),
        Attempt::Unknown { reason, untouched, wait } => {
            let pause = call::pause(app, task, number, wait);
            tracing::debug!(key = task.key, number, %reason, ?pause, "outcome unknown");
            if app.has_waited_too_long(started, pause) {
                Step::Known(Input::GivenUp { task: task.clone().into(), attempts: number, reason })
            } else {
                app.fails(task);
                // Where the partner asks for longer, the gate waits, and lets the most urgent go first when it opens.
                let own = call::pause(app, task, number, None);
                let pause = if wait.is_some_and(|wait| wait >= own) { Duration::ZERO } else { own };
                Step::Again { pause, untouched }
            }
        }
    }
}

/// When a call is made whose turn it is.
enum Timing {
    Now,
    /// Not before something else is decided.
    Later(&'static str),
    /// Nobody wants it, or not now.
    Never,
}

/// What was asked for may be decided otherwise until it is its turn, as long as no attempt may have had an effect.
async fn timing(app: &Inner, task: &Task, untouched: bool) -> Timing {
    let order = &task.order_number;
    let look = match &task.intent {
        Intent::Book => app.look(order, |process: &OrderProcess| booking(app, process, untouched)).await,
        Intent::Refund { refund, .. } if untouched => {
            let decide = |process: &OrderProcess| {
                let held_back = process.holds_refund_back(refund, |defect| app.meets(defect));
                if held_back { Timing::Never } else { Timing::Now }
            };
            app.look(order, decide).await
        }
        _ => return Timing::Now,
    };
    look.ok().flatten().unwrap_or(Timing::Now)
}

/// An order is booked while it has claims and is wanted. What may have been booked already is booked for certain, and
/// canceled in the ERP afterwards.
fn booking(app: &Inner, process: &OrderProcess, untouched: bool) -> Timing {
    if process.accepted {
        Timing::Now
    } else if process.lacks_claims() {
        Timing::Later("claims lapsed meanwhile")
    } else if untouched && word_may_be_on_its_way(app, process) {
        Timing::Later("claims may have lapsed meanwhile")
    } else if untouched && !process.anything_open() && !app.meets(Defect::CanceledOrderBooked) {
        Timing::Never
    } else {
        Timing::Now
    }
}

/// Whether claims may have been given up so shortly before, or before this middleware was heard again, that word of it is
/// still on its way.
fn word_may_be_on_its_way(app: &Inner, process: &OrderProcess) -> bool {
    let now = app.parts.clock.now();
    let expired = process.claims_expired_at(now);
    expired.is_some_and(|at| now.duration_since(at.max(app.opened_at)).unsigned_abs() < WORD_WITHIN)
}

/// Calls a partner once, when it is the task's turn, and not while the partner asks everybody for patience.
pub(super) async fn bounded_attempt(app: &Inner, task: &Task, number: u32, rank: Rank) -> Attempt {
    // The permit lasts for the call only: who waits to try again holds nobody up.
    let _permit = turn(app, task, rank).await;
    attempt(app, task, number).await
}

/// As [`bounded_attempt`], if the call is still to be made when it is its turn; none where it had no effect and nobody
/// wants it any more.
async fn attempt_if_wanted(app: &Inner, task: &Task, tries: Tries) -> Option<Attempt> {
    let _permit = turn(app, task, Rank::of(task)).await;
    match timing(app, task, tries.untouched).await {
        Timing::Now if tries.untouched => Some(first_attempt(app, task, tries.number).await),
        Timing::Now => Some(attempt(app, task, tries.number).await),
        Timing::Later(reason) => {
            Some(Attempt::Unknown { reason: reason.to_owned(), untouched: true, wait: None })
        }
        Timing::Never => None,
    }
}

/// An attempt before which none may have had an effect.
async fn first_attempt(app: &Inner, task: &Task, number: u32) -> Attempt {
    if let Err(error) = tried::begins(app, task).await {
        tracing::error!(key = task.key, %error, "that a call is made could not be kept");
        return Attempt::Unknown { reason: error.to_string(), untouched: true, wait: None };
    }
    let attempt = attempt(app, task, number).await;
    if matches!(attempt, Attempt::Unknown { untouched: true, .. }) {
        tried::was_refused(app, task).await;
    }
    attempt
}

/// Waits until the task may call its partner.
async fn turn(app: &Inner, task: &Task, rank: Rank) -> Option<Permit> {
    Some(app.gates.get(&task.partner)?.pass(rank).await)
}

/// Calls a partner; if it asks for patience, everybody has to wait.
async fn attempt(app: &Inner, task: &Task, number: u32) -> Attempt {
    let attempt = call::attempt(app, task, number).await;
    if let (Attempt::Unknown { wait: Some(wait), .. }, Some(gate)) = (&attempt, app.gates.get(&task.partner))
    {
        let now = app.parts.clock.now();
        gate.close_until(now.saturating_add(*wait).unwrap_or(now));
    }
    attempt
}

/// Tells the order what became of its task, and forgets the task with it.
async fn finish(app: &Arc<Inner>, task: &Task, number: u32, input: Input) -> Result<(), StoreError> {
    match &input {
        // It is asked for again, under the same key, once that is known.
        Input::Refused { refusal, .. } if refusal.kind == Some(ProblemKind::UnknownReference) => {
            app.asked_calls.failed(app, task, number);
        }
        _ => app.asked_calls.forget(&task.key),
    }
    let mut seal = Seal::default();
    seal.batch.delete(Keys::task(&task.key));
    // Of what was given up it is not known; a person may have it made again.
    if !matches!(input, Input::GivenUp { .. }) {
        tried::forget(&mut seal.batch, task);
    }
    if let Some(posting) = transfers::posting(task) {
        return transfers::finish(app, posting, task, input, seal).await;
    }
    take_of(app, task, input, seal).await
}

/// Tells the order something about its task.
async fn take_of(app: &Arc<Inner>, task: &Task, input: Input, seal: Seal) -> Result<(), StoreError> {
    let circumstances = Circumstances {
        chain: Chain { correlation: task.chain.correlation.clone(), causation: task.key.clone() },
        source: task.partner,
        occurred_at: app.parts.clock.now(),
    };
    app.take(&task.order_number, input, circumstances, seal).await.map(drop)
}
