//! The middleware as a whole: what stands behind its doors, the orders it knows, the tasks it performs.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use counterproof_contracts::{
    model::{OrderNumber, System, Timestamp},
    policy::Policy,
    protocol::{AuditRecord, Problem, Tokens, signature::Secret},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::sync::{OwnedMutexGuard, mpsc, watch};

use super::{
    admission,
    answers::AnswerSlot,
    asking::AskedCalls,
    cells::Cells,
    dead_letters::{self, EventInHand},
    gate::Gate,
    keys::Keys,
    master,
    replay::Replay,
    runner::{self, Job},
};
use crate::{
    defects::{Defect, Defects},
    door::{
        chance::Chance,
        clock::Clock,
        network::Network,
        store::{Batch, Store, StoreError},
        tasks::{Outcome, Tasks},
    },
    process::{self, Chain, Context, Deadline, Input, Letter, OrderProcess, Output, Task},
};

/// Most calls to one partner at the same time, unless configured otherwise.
pub const CALLS_PER_PARTNER_MAX: usize = 64;

/// What a middleware is made of.
pub struct Parts {
    /// Where orders and tasks are kept.
    pub store: Arc<dyn Store>,
    /// How partners are reached.
    pub network: Network,
    /// The time.
    pub clock: Clock,
    /// Chance, for the pauses between attempts.
    pub chance: Chance,
    /// What the retailer declared.
    pub policy: Policy,
    /// With which events are signed.
    pub secret: Secret,
    /// With which callers prove who they are.
    pub tokens: Tokens,
    /// Base URL of each partner, without a slash at its end.
    pub partners: BTreeMap<System, String>,
    /// How long a call is tried before it becomes a dead letter.
    pub give_up_after: Duration,
    /// Most calls to one partner at the same time; of those that wait the most urgent go first. How fast they go, the
    /// policy says.
    pub calls_per_partner_max: usize,
    /// Defects that are switched on: none, but where a suite is to be shown to fail.
    pub defects: Defects,
}

/// Why a middleware could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store holds something that this version cannot read.
    #[error("store entry {key:?} cannot be read: {source}")]
    Unreadable {
        /// Key in the store.
        key: String,
        /// Why.
        source: serde_json::Error,
    },
}

/// A middleware. Clones are the same middleware.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{collections::BTreeMap, sync::Arc};
/// use counterproof_contracts::{policy::Policy, protocol::{Tokens, signature::Secret}};
/// use counterproof_middleware::{App, CALLS_PER_PARTNER_MAX, Defects, GIVE_UP_AFTER, Parts, door};
/// use tower::{ServiceExt as _, util::BoxCloneSyncService};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(async {
/// let app = App::open(Parts {
///     store: Arc::new(door::store::MemoryStore::default()),
///     network: BoxCloneSyncService::new(tower::service_fn(|_| async {
///         Err(door::network::CallError::Timeout)
///     })),
///     clock: door::clock::Clock::starting_at("2026-11-27T08:00:00Z".parse()?),
///     chance: door::chance::Chance::seeded(1),
///     policy: Policy::default(),
///     secret: Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?,
///     tokens: Tokens::default(),
///     partners: BTreeMap::new(),
///     give_up_after: GIVE_UP_AFTER,
///     calls_per_partner_max: CALLS_PER_PARTNER_MAX,
///     defects: Defects::default(),
/// })?;
/// app.start();
/// let request = http::Request::get("/healthz").body(axum::body::Body::empty())?;
/// assert_eq!(app.router().oneshot(request).await?.status(), 200);
/// app.shutdown().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })
/// # }
/// ```
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    pub(crate) parts: Parts,
    pub(super) gates: BTreeMap<System, Arc<Gate>>,
    cells: Cells<Option<OrderProcess>>,
    held_keys: Cells<()>,
    commands: Mutex<BTreeSet<String>>,
    queue: mpsc::UnboundedSender<Job>,
    /// Since when partners are heard again.
    pub(super) opened_at: Timestamp,
    /// How much work is under way or waits.
    open_work: AtomicUsize,
    /// Calls that failed and are repeated, by key.
    failing: Mutex<BTreeMap<String, (System, OrderNumber)>>,
    /// Calls that are repeated by whoever waits for them.
    pub(crate) asked_calls: AskedCalls,
    waiting: Mutex<Option<mpsc::UnboundedReceiver<Job>>>,
    runner: Mutex<Option<Outcome<()>>>,
    pub(crate) tasks: Tasks,
    stop: watch::Sender<bool>,
    closed: AtomicBool,
}

/// Where an input comes from.
#[derive(Debug, Clone)]
pub(crate) struct Circumstances {
    /// The chain that it belongs to; its causation is the input itself.
    pub chain: Chain,
    /// Who sent it.
    pub source: System,
    /// When it happened.
    pub occurred_at: Timestamp,
}

/// What is committed together with an input.
#[derive(Debug, Default)]
pub(crate) struct Seal {
    /// Committed whatever is decided.
    pub batch: Batch,
    /// Committed if the input is not refused.
    pub on_success: Batch,
    /// Where the answer is kept.
    pub answer: Option<AnswerSlot>,
    /// The event that the input comes from.
    pub event: Option<EventInHand>,
}

impl App {
    /// Opens a middleware over what its store holds: tasks that were under way are performed again, under the
    /// same keys, once it is started.
    pub fn open(parts: Parts) -> Result<Self, AppError> {
        let (queue, waiting) = mpsc::unbounded_channel();
        for (key, bytes) in parts.store.scan(Keys::TASKS)? {
            let task: Task = read(&key, &bytes)?;
            // The receiver is at hand: nothing is lost.
            let _ = queue.send(Job::Task(Box::new(task)));
        }
        for (key, _) in parts.store.scan(Keys::NOTICES)? {
            let _ = queue.send(Job::Notice(key));
        }
        for (key, _) in parts.store.scan(Keys::REPLAYS)? {
            let _ = queue.send(Job::Replay(key));
        }
        for (key, _) in parts.store.scan(Keys::PUBLICATIONS)? {
            let _ = queue.send(Job::Publication(key));
        }
        for (key, bytes) in parts.store.scan(Keys::DEADLINES)? {
            let deadline: Deadline = read(&key, &bytes)?;
            if !parts.defects.meets(Defect::DeadlinesForgotten) {
                let _ = queue.send(Job::Wait { key, until: deadline.at });
            }
        }
        for (key, _) in parts.store.scan(Keys::WAITING)? {
            let _ = queue.send(Job::Known(key));
        }
        for (key, _) in parts.store.scan(Keys::FEEDS_DUE)? {
            let _ = queue.send(Job::Feed(key));
        }
        let gates = System::PARTNERS
            .into_iter()
            .map(|partner| {
                let rate = parts.policy.rates.get(&partner).copied();
                (partner, Gate::new(parts.calls_per_partner_max, rate, parts.clock))
            })
            .collect();
        let opened_at = parts.clock.now();
        Ok(Self {
            inner: Arc::new(Inner {
                parts,
                opened_at,
                gates,
                cells: Cells::default(),
                held_keys: Cells::default(),
                commands: Mutex::default(),
                queue,
                open_work: AtomicUsize::new(0),
                failing: Mutex::default(),
                asked_calls: AskedCalls::default(),
                waiting: Mutex::new(Some(waiting)),
                runner: Mutex::default(),
                tasks: Tasks::default(),
                stop: watch::Sender::new(false),
                closed: AtomicBool::new(false),
            }),
        })
    }

    /// Starts to perform tasks, on the present runtime. A second start does nothing.
    pub fn start(&self) {
        let waiting = self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiting) = waiting {
            for gate in self.inner.gates.values() {
                drop(self.inner.tasks.spawn(Arc::clone(gate).keep_pace()));
            }
            let work = runner::run(Arc::clone(&self.inner), waiting, self.inner.stop.subscribe());
            let runner = self.inner.tasks.spawn(work);
            *self.inner.runner.lock().unwrap_or_else(PoisonError::into_inner) = Some(runner);
        }
    }

    /// The HTTP interface, to be served over sockets or called in process.
    pub fn router(&self) -> axum::Router {
        crate::http::router(&self.inner)
    }

    /// Takes no new orders any more; they are asked to come again later.
    pub(crate) fn close(&self) {
        self.inner.closed.store(true, Ordering::Relaxed);
    }

    /// Stops performing tasks. Calls that are under way are left; they are repeated after the next opening.
    pub async fn shutdown(&self) {
        self.close();
        self.inner.stop.send_replace(true);
        let runner = self.inner.runner.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runner) = runner {
            let _ = runner.await;
        }
    }

    /// What `kill -9` does to a process, for virtual time: everything that this middleware has under way is
    /// dropped at the await point at which it is; nothing is committed and nobody is called any more, even where
    /// a partner in the same process kills it in the middle of a call. Its callers get an answer that breaks
    /// off. Only the store survives; another middleware that is opened over it carries on. On a runtime with
    /// several threads a commit that is being made may still succeed.
    pub fn kill(&self) {
        self.inner.tasks.kill();
    }
}

fn read<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, AppError> {
    serde_json::from_slice(bytes).map_err(|source| AppError::Unreadable { key: key.to_owned(), source })
}

/// The documents kept are structures with text keys, for which serialization does not fail.
pub(super) fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

type Held = OwnedMutexGuard<Option<Option<OrderProcess>>>;

impl Inner {
    /// Asked where a defect would make a difference: whether it is switched on.
    pub(crate) fn meets(&self, defect: Defect) -> bool {
        self.parts.defects.meets(defect)
    }

    /// Reads a document from the store.
    pub(crate) fn load<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let Some(bytes) = self.parts.store.get(key)? else { return Ok(None) };
        read(key, &bytes).map(Some).map_err(|error| StoreError::Medium(error.to_string()))
    }

    /// Reads all documents under a prefix, in the order of their keys.
    pub(crate) fn load_all<T: DeserializeOwned>(&self, prefix: &str) -> Result<Vec<T>, StoreError> {
        let entries = self.parts.store.scan(prefix)?;
        entries
            .iter()
            .map(|(key, bytes)| read(key, bytes).map_err(|error| StoreError::Medium(error.to_string())))
            .collect()
    }

    /// Commits a batch; everything that is kept goes through here.
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        self.alive().await;
        self.parts.store.commit(batch).await
    }

    /// Returns at once, and never in a middleware that was killed: whatever asks is about to be dropped.
    pub(super) async fn alive(&self) {
        if self.tasks.killed() {
            std::future::pending::<()>().await;
        }
    }

    async fn hold(&self, order: &OrderNumber) -> Result<(Held, Option<OrderProcess>), StoreError> {
        let mut held = self.cells.hold(order.as_str()).await;
        let process = match held.take() {
            Some(process) => process,
            None => self.load(&Keys::order(order))?,
        };
        Ok((held, process))
    }

    /// Looks at an order; `None` if it is not known.
    pub(crate) async fn look<R>(
        &self,
        order: &OrderNumber,
        look: impl FnOnce(&OrderProcess) -> R,
    ) -> Result<Option<R>, StoreError> {
        let (mut held, process) = self.hold(order).await?;
        let seen = process.as_ref().map(look);
        *held = Some(process);
        Ok(seen)
    }

    /// The calls that an input would lead to now, if it were not refused.
    pub(crate) async fn foresee(
        &self,
        order: &OrderNumber,
        input: Input,
        chain: &Chain,
        source: System,
    ) -> Result<Vec<Task>, StoreError> {
        let now = self.parts.clock.now();
        let (policy, defects) = (&self.parts.policy, &self.parts.defects);
        let context = Context { now, policy, chain: chain.clone(), source, occurred_at: now, defects };
        let known = self.look(order, Clone::clone).await?;
        let decision = process::decide(&mut known.clone(), input, &context);
        let outputs = decision.answer.map_or_else(|_| Vec::new(), |_| decision.outputs).into_iter();
        Ok(outputs
            .filter_map(|output| match output {
                Output::Perform(task) => Some(task),
                _ => None,
            })
            .collect())
    }

    /// Takes an input of an order: decides, commits everything that follows from it, then starts the tasks.
    /// The caller must not drop the future half-way: it runs in a task of its own.
    pub(crate) async fn take(
        &self,
        order: &OrderNumber,
        input: Input,
        circumstances: Circumstances,
        seal: Seal,
    ) -> Result<Result<Value, Problem>, StoreError> {
        let (mut held, mut process) = self.hold(order).await?;
        let is_new = process.is_none();
        let waited = process.as_ref().is_some_and(OrderProcess::waits_to_be_booked);
        let now = self.parts.clock.now();
        let Circumstances { chain, source, occurred_at } = circumstances;
        let (policy, defects) = (&self.parts.policy, &self.parts.defects);
        let context = Context { now, policy, chain, source, occurred_at, defects };
        let decision = process::decide(&mut process, input, &context);
        let (mut tasks, mut jobs) = (Vec::new(), Vec::new());
        let mut batch = seal.batch;
        if let Some(slot) = &seal.answer {
            batch.put(&slot.key, json(&slot.fill(&decision.answer)));
        }
        if decision.answer.is_ok() {
            batch.append(seal.on_success);
            for output in decision.outputs {
                match output {
                    Output::Perform(task) => tasks.push(task),
                    Output::Record(step) => {
                        let mut record = audit_record(order, step, &context);
                        if self.meets(Defect::AuditRecordSkipped) && record.sequence > 2 {
                            record.sequence += 1;
                        }
                        if self.meets(Defect::AuditForeignChain) && record.sequence > 1 {
                            record.correlation_id = format!("audit-{}", record.sequence);
                        }
                        batch.put(Keys::audit(order, record.sequence), json(&record));
                    }
                    Output::Replay { number, last } => {
                        let chain = context.chain.clone();
                        let order_number = order.clone();
                        let replay = Replay { order_number, number, next: 1, last, chain };
                        batch.put(replay.key(), json(&replay));
                        jobs.push(Job::Replay(replay.key()));
                    }
                    Output::Tell(notice) => {
                        let key = Keys::notice(&notice.from, notice.number);
                        batch.put(&key, json(&notice));
                        jobs.push(Job::Notice(key));
                    }
                    Output::Remind(deadline) => {
                        let key = Keys::deadline(&deadline);
                        batch.put(&key, json(&deadline));
                        jobs.push(Job::Wait { key, until: deadline.at });
                    }
                    Output::Wait(reference) => jobs.push(master::wait(&mut batch, order, reference)),
                    Output::Park(letter) => self.park(&mut batch, Some(order), letter, seal.event.as_ref()),
                }
            }
            if let Some(process) = &process {
                keep(&mut batch, order, process, &tasks);
                admission::count(&mut batch, order, waited, process);
                if is_new {
                    index(&mut batch, order, process);
                }
            }
        } else if let (None, Some(event)) = (&process, &seal.event) {
            let reason = "the order is not known".to_owned();
            self.park(&mut batch, Some(order), Letter::Event { reason }, Some(event));
        }
        let committed = self.commit(batch).await;
        if committed.is_ok() {
            *held = Some(process);
        }
        drop(held);
        for job in jobs.into_iter().chain(tasks.into_iter().map(|task| Job::Task(Box::new(task)))) {
            // Whether a failed commit kept the task is unknown: the runner looks into the store.
            self.enqueue(job);
        }
        committed.map(|()| decision.answer)
    }

    /// Has a job performed that is in the store. If the runner has stopped, the next opening finds it.
    pub(super) fn enqueue(&self, job: Job) {
        let _ = self.queue.send(job);
    }

    /// Whether no new orders are taken any more.
    pub(crate) fn is_stopping(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Says how much work is under way or waits.
    pub(super) fn count_open_work(&self, open: usize) {
        self.open_work.store(open, Ordering::Relaxed);
    }

    /// How much work is under way or waits.
    pub(super) fn open_work(&self) -> usize {
        self.open_work.load(Ordering::Relaxed)
    }

    /// A call failed and will be repeated.
    pub(super) fn fails(&self, task: &Task) {
        self.failing().insert(task.key.clone(), (task.partner, task.order_number.clone()));
    }

    /// A call is not repeated any more.
    pub(super) fn fails_no_more(&self, task: &Task) {
        self.failing().remove(&task.key);
    }

    /// How many calls of a partner fail.
    pub(super) fn failing_calls(&self, partner: System) -> u64 {
        self.failing().values().map(|(failing, _)| u64::from(*failing == partner)).sum()
    }

    /// A partner of which a call about one of these orders fails.
    pub(super) fn failing_partner(&self, orders: &[OrderNumber]) -> Option<System> {
        let failing = self.failing();
        failing.values().find(|(_, order)| orders.contains(order)).map(|(partner, _)| *partner)
    }

    fn failing(&self) -> MutexGuard<'_, BTreeMap<String, (System, OrderNumber)>> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something among the dead letters.
    pub(crate) fn park(
        &self,
        batch: &mut Batch,
        order: Option<&OrderNumber>,
        letter: Letter,
        event: Option<&EventInHand>,
    ) {
        let stored = dead_letters::letter(order, letter, event, self.parts.clock.now());
        let id = &stored.letter.dead_letter_id;
        tracing::warn!(id, reason = stored.letter.reason, "dead letter");
        batch.put(Keys::dead(id), json(&stored));
        batch.delete(Keys::replayed(id));
    }

    /// Claims a command's key while it is worked on; `None` if somebody else does.
    pub(crate) fn begin(self: &Arc<Self>, key: &str) -> Option<InFlight> {
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        commands.insert(key.to_owned()).then(|| InFlight { app: Arc::clone(self), key: key.to_owned() })
    }

    /// Whether something that began then, and would pause for so long, is given up instead.
    pub(super) fn has_waited_too_long(&self, began: Timestamp, pause: Duration) -> bool {
        self.parts.clock.now().duration_since(began).unsigned_abs() + pause > self.parts.give_up_after
    }

    /// Holds a key of the store, so that what is looked up under it stays true until it is committed.
    pub(crate) async fn hold_key(&self, key: &str) -> OwnedMutexGuard<Option<()>> {
        self.held_keys.hold(key).await
    }
}

/// Puts an order and its new tasks into a batch, with what finds the order.
fn keep(batch: &mut Batch, order: &OrderNumber, process: &OrderProcess, tasks: &[Task]) {
    batch.put(Keys::order(order), json(process));
    for task in tasks {
        let written = json(task);
        if task.number <= process::REPLAYED_MAX {
            batch.put(Keys::asked(order, task.number), written.clone());
        }
        batch.put(Keys::task(&task.key), written);
    }
    for authorization in &process.returns {
        batch.put(Keys::rma(&authorization.rma_id), json(order));
    }
}

/// Puts into a batch what finds a new order without its number: who bought, which card paid, what was bought.
fn index(batch: &mut Batch, order: &OrderNumber, process: &OrderProcess) {
    let placed = &process.order;
    let cards = placed.tenders.iter().filter_map(|tender| tender.payment_token.as_deref()).map(Keys::of_card);
    let goods = placed.lines.iter().map(|line| Keys::of_sku(&line.sku));
    for prefix in cards.chain(goods).chain([Keys::of_customer(&placed.customer_ref)]) {
        batch.put(Keys::found_by(&prefix, order), json(order));
    }
}

fn audit_record(order: &OrderNumber, step: process::Step, context: &Context<'_>) -> AuditRecord {
    AuditRecord {
        sequence: step.sequence,
        order_number: order.clone(),
        text: step.text,
        source_system: step.source,
        correlation_id: context.chain.correlation.to_string(),
        causation_id: context.chain.causation.clone(),
        // A partner whose clock is fast tells of what is yet to come.
        occurred_at: context.occurred_at.min(context.now),
        recorded_at: context.now,
    }
}

/// A command that is being worked on.
pub(crate) struct InFlight {
    app: Arc<Inner>,
    key: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.app.commands.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
