//! Dead letters: calls and events that wait for a person, with all that is needed to try them again.

use counterproof_contracts::{
    model::{FeedId, FeedItem, OrderNumber, System, Timestamp},
    protocol::{DeadLetter, marketplace::LIST_ORDERS},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::process::{Letter, Task};

/// A dead letter with its content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredLetter {
    /// What a person sees.
    pub letter: DeadLetter,
    /// What is tried again.
    pub content: Content,
}

/// What is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "content", rename_all = "snake_case")]
pub(crate) enum Content {
    /// A call: under the same idempotency key.
    Task {
        /// The call.
        task: Box<Task>,
    },
    /// An event: taken again as if it came for the first time.
    Event {
        /// As it came.
        event: Value,
    },
    /// An order of a marketplace's feed: taken again as if it had just been read.
    Listed {
        /// The feed.
        feed: FeedId,
        /// As the feed has it.
        item: Box<FeedItem>,
    },
    /// Nothing: a person acts outside, and the letter is closed.
    Alert,
}

/// Builds a letter. Its identifier depends on what it is about only, so that giving up twice makes one letter.
pub(super) fn letter(
    order: Option<&OrderNumber>,
    letter: Letter,
    event: Option<&EventInHand>,
    now: Timestamp,
) -> StoredLetter {
    let (id, partner, operation, attempts, reason, content) = match letter {
        Letter::Task { task, attempts, reason } => {
            let id = format!("dl-{}", task.key);
            let (partner, operation) = (task.partner, task.operation.clone());
            (id, partner, operation, attempts, reason, Content::Task { task })
        }
        Letter::Event { reason } => match event {
            Some(event) => {
                let content = Content::Event { event: event.value.clone() };
                (event.letter_id(), event.partner(), event.event_type.clone(), 1, reason, content)
            }
            None => {
                ("dl-event".to_owned(), System::Middleware, "event".to_owned(), 1, reason, Content::Alert)
            }
        },
        Letter::Listed { feed, item, reason } => {
            let id = format!("dl-{feed}-{}", item.order_number);
            let content = Content::Listed { feed, item };
            (id, System::Marketplace, LIST_ORDERS.id.to_owned(), 1, reason, content)
        }
        Letter::Alert { subject, partner, reason } => {
            let owner = order.map_or("", OrderNumber::as_str);
            (format!("dl-{owner}-{}", subject.replace(' ', "-")), partner, subject, 1, reason, Content::Alert)
        }
    };
    let letter = DeadLetter {
        dead_letter_id: id,
        order_number: order.cloned(),
        partner,
        operation: operation.chars().take(256).collect(),
        attempts,
        reason: reason.chars().take(4000).collect(),
        recorded_at: now,
    };
    StoredLetter { letter, content }
}

/// The event that is being taken.
#[derive(Debug, Clone)]
pub(crate) struct EventInHand {
    /// As it came.
    pub value: Value,
    /// `source` attribute.
    pub source: String,
    /// `id` attribute.
    pub id: String,
    /// `type` attribute.
    pub event_type: String,
}

impl EventInHand {
    fn letter_id(&self) -> String {
        format!("dl-{}-{}", self.source.trim_start_matches('/'), self.id)
    }

    fn partner(&self) -> System {
        self.source.trim_start_matches('/').parse().unwrap_or(System::Middleware)
    }
}
