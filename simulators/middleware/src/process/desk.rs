//! Where a decision is made: what came in, the present instant, and what goes out.

use counterproof_contracts::{
    model::{FeedId, FeedItem, OrderNumber, RmaId, System, Timestamp},
    policy::Policy,
    protocol::Operation,
};
use serde::{Deserialize, Serialize};

use super::{
    master::Reference,
    notice::{Notice, Tidings},
    state::{Chain, OrderProcess, TaskStatus},
    task::{Intent, PartnerCall, Task, idempotency_key},
};
use crate::defects::{Defect, Defects};

/// Longest sentence of an audit record, in characters.
const TEXT_CHARS_MAX: usize = 1000;
/// Longest text of a timeline entry, in characters.
const HEADLINE_CHARS_MAX: usize = 4000;

/// The circumstances of an input.
#[derive(Debug, Clone)]
pub struct Context<'p> {
    /// The present instant.
    pub now: Timestamp,
    /// What the retailer declared.
    pub policy: &'p Policy,
    /// The chain that the input belongs to; its causation is the input itself.
    pub chain: Chain,
    /// Who sent it.
    pub source: System,
    /// When it happened, which may be long before it was told.
    pub occurred_at: Timestamp,
    /// Which defect is switched on; none but where the suite itself is tested.
    pub defects: &'p Defects,
}

/// What a decision asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// A partner is to be called.
    Perform(Task),
    /// A step for the audit trail.
    Record(Step),
    /// Every call that was done is to be made again, up to the last one at present.
    Replay {
        /// Tells the order's replays apart.
        number: u64,
        /// Number of the last task.
        last: u32,
    },
    /// Another order is to be told something.
    Tell(Notice),
    /// The order waits for something to be known.
    Wait(Reference),
    /// The order is to be told that the time for something is over.
    Remind(Deadline),
    /// Something that a person must decide.
    Park(Letter),
}

/// What the time may be over for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// A return's goods.
    Return(RmaId),
    /// A return authorization.
    Authorization(RmaId),
    /// A date that a customer was promised, or an answer of the customer.
    Promise,
}

/// When the time for something is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The order.
    pub order_number: OrderNumber,
    /// What for.
    pub due: Due,
    /// When.
    pub at: Timestamp,
    /// The chain that it belongs to.
    pub chain: Chain,
}

/// A step for the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Number within the order.
    pub sequence: u64,
    /// What happened, in a sentence.
    pub text: String,
    /// Whose message or decision it was.
    pub source: System,
}

/// Something for the dead letters.
#[derive(Debug, Clone, PartialEq)]
pub enum Letter {
    /// A call that was refused or given up.
    Task {
        /// The call.
        task: Box<Task>,
        /// How often it was tried.
        attempts: u32,
        /// What went wrong last.
        reason: String,
    },
    /// The event that is being taken cannot be carried out.
    Event {
        /// Why.
        reason: String,
    },
    /// An order of a marketplace's feed cannot be taken.
    Listed {
        /// The feed.
        feed: FeedId,
        /// As the feed has it.
        item: Box<FeedItem>,
        /// Why.
        reason: String,
    },
    /// Something happened that nobody but a person can put right.
    Alert {
        /// What it is about.
        subject: String,
        /// Who told it.
        partner: System,
        /// What happened.
        reason: String,
    },
}

/// Collects what a decision asks for.
#[derive(Debug)]
pub struct Desk<'c> {
    /// The circumstances.
    pub context: &'c Context<'c>,
    outputs: Vec<Output>,
    sentences: Vec<String>,
}

impl<'c> Desk<'c> {
    /// An empty desk.
    pub fn new(context: &'c Context<'c>) -> Self {
        Self { context, outputs: Vec::new(), sentences: Vec::new() }
    }

    /// Asked where a defect would make a difference: whether it is switched on.
    pub fn meets(&self, defect: Defect) -> bool {
        self.context.defects.meets(defect)
    }

    /// What was collected.
    pub fn into_outputs(self) -> Vec<Output> {
        self.outputs
    }

    /// Everything that was noted so far, in one sentence.
    pub fn headline(&self) -> String {
        self.sentences.join("; ").chars().take(HEADLINE_CHARS_MAX).collect()
    }

    /// Notes a step of the sender of the input.
    pub fn note(&mut self, process: &mut OrderProcess, text: impl AsRef<str>) {
        self.record(process, self.context.source, text.as_ref());
    }

    /// Notes a decision of the middleware.
    pub fn decide(&mut self, process: &mut OrderProcess, text: impl AsRef<str>) {
        self.record(process, System::Middleware, text.as_ref());
    }

    fn record(&mut self, process: &mut OrderProcess, source: System, text: &str) {
        let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
        process.audit_sequence += 1;
        self.sentences.push(text.clone());
        self.outputs.push(Output::Record(Step { sequence: process.audit_sequence, text, source }));
    }

    /// Asks a partner, unless the intent arose before. The call belongs to the chain of what it is about; it
    /// is caused by the present input where that belongs to the same chain, else by what started the chain.
    pub fn ask(&mut self, process: &mut OrderProcess, intent: Intent, chain: &Chain, call: PartnerCall) {
        let key = idempotency_key(&process.order.order_number, &intent);
        if process.tasks.contains_key(&key) {
            return;
        }
        process.tasks.insert(key.clone(), TaskStatus::Open);
        let Operation { system, id, .. } = call.operation;
        let current = &self.context.chain;
        let chain = if current.correlation == chain.correlation { current } else { chain };
        self.outputs.push(Output::Perform(Task {
            key,
            order_number: process.order.order_number.clone(),
            intent,
            partner: system,
            operation: id.to_owned(),
            parameters: call.parameters,
            body: call.body,
            chain: chain.clone(),
            asked_at: self.context.now,
            number: u32::try_from(process.tasks.len()).unwrap_or(u32::MAX),
        }));
    }

    /// Starts a task again as it was.
    pub fn ask_again(&mut self, process: &mut OrderProcess, task: Task) {
        process.tasks.insert(task.key.clone(), TaskStatus::Open);
        self.outputs.push(Output::Perform(task));
    }

    /// Tells another order something, in a chain that both know.
    pub fn tell(&mut self, process: &mut OrderProcess, to: &OrderNumber, chain: &Chain, tidings: Tidings) {
        process.notices += 1;
        let causation = self.context.chain.causation.clone();
        self.outputs.push(Output::Tell(Notice {
            from: process.order.order_number.clone(),
            to: to.clone(),
            number: process.notices,
            chain: Chain { correlation: chain.correlation.clone(), causation },
            tidings,
        }));
    }

    /// Starts a replay of the order.
    pub fn replay(&mut self, process: &OrderProcess) {
        let last = u32::try_from(process.tasks.len()).unwrap_or(u32::MAX);
        self.outputs.push(Output::Replay { number: process.audit_sequence, last });
    }

    /// The order waits for something to be known.
    pub fn wait_for(&mut self, reference: Reference) {
        self.outputs.push(Output::Wait(reference));
    }

    /// Has the order told when the time for something is over.
    pub fn remind(&mut self, deadline: Deadline) {
        self.outputs.push(Output::Remind(deadline));
    }

    /// Gives a task to the dead letters.
    pub fn park_task(&mut self, process: &mut OrderProcess, task: Task, attempts: u32, reason: String) {
        process.tasks.insert(task.key.clone(), TaskStatus::Dead);
        self.decide(process, format!("gave up {}.{}: {reason}", task.partner, task.operation));
        self.outputs.push(Output::Park(Letter::Task { task: Box::new(task), attempts, reason }));
    }

    /// Gives the present event to the dead letters.
    pub fn park_event(&mut self, process: &mut OrderProcess, reason: String) {
        self.decide(process, format!("parked an event: {reason}"));
        self.outputs.push(Output::Park(Letter::Event { reason }));
    }

    /// Calls a person.
    pub fn alert(&mut self, process: &mut OrderProcess, partner: System, subject: String, reason: String) {
        self.decide(process, format!("a person must look at {subject}: {reason}"));
        self.outputs.push(Output::Park(Letter::Alert { subject, partner, reason }));
    }
}
