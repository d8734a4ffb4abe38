//! The catalogue of misfortunes: what can happen to a message.

use serde::{Deserialize, Serialize};

use super::{Direction, is_default};

/// What goes wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Misfortune {
    /// Call: an error is answered; without effect, or instead of the answer after it.
    ErrorAnswer {
        /// HTTP status: 408, 429, 500, 502, 503 or 504.
        status: u16,
        /// Seconds in `Retry-After`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u32>,
        /// What the answer holds.
        #[serde(default, skip_serializing_if = "is_default")]
        body: ErrorBody,
        /// Whether the call has its effect nevertheless.
        #[serde(default, skip_serializing_if = "is_default")]
        after_effect: bool,
    },
    /// Both: the message is lost on its way. It has no effect.
    LoseRequest {
        /// What its sender notices.
        #[serde(default, skip_serializing_if = "is_default")]
        ending: Ending,
    },
    /// Both: the message has its effect, and the answer is lost.
    LoseAnswer {
        /// What its sender notices.
        #[serde(default, skip_serializing_if = "is_default")]
        ending: Ending,
    },
    /// Both: the message waits; later ones pass by. A call that waits has its effect even if its caller has gone.
    Delay {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Call: the effect comes at once and the answer late.
    LateAnswer {
        /// How late, in milliseconds.
        ms: u64,
    },
    /// Call: the effect comes at once, and the answer breaks off or drips on its way over the wire.
    BrokenAnswer {
        /// In which way.
        how: Break,
        /// How long a drip takes, in milliseconds. Of no meaning for the others.
        #[serde(default = "one_second", skip_serializing_if = "is_one_second")]
        ms: u64,
    },
    /// Delivery: the message breaks off or drips on its way over the wire; half a message has no effect.
    BrokenRequest {
        /// In which way.
        how: Break,
        /// How long a drip takes, in milliseconds. Of no meaning for the others.
        #[serde(default = "one_second", skip_serializing_if = "is_one_second")]
        ms: u64,
    },
    /// Call: 200 is answered with an error in the body. Without effect.
    FalseSuccess,
    /// Call: 202 is answered, and nothing ever happens.
    AcceptAndNever,
    /// Call: a repetition of a call that was carried out is told that the call is being worked on (409).
    ConflictOnReplay,
    /// Call: a reading is answered from an earlier state of the order.
    StaleRead {
        /// How old the state is, in milliseconds; without it, the state before the order's last change.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        behind_ms: Option<u64>,
    },
    /// Both: the message waits until the fault is released, or its window closes; later ones pass by.
    Hold {
        /// Whether held deliveries go out newest first. Of no meaning for calls.
        #[serde(default, skip_serializing_if = "is_default")]
        reverse: bool,
    },
    /// Call: the caller's credentials have expired (401, to be tried again). Without effect.
    CredentialsExpired,
    /// Both: the answer or event is of another version of its schema.
    Drift {
        /// What is different.
        change: DriftChange,
        /// JSON Pointer to the place; without it the first place that fits.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// Both: the implementation is killed and started again, once.
    Crash {
        /// When.
        point: CrashPoint,
    },
    /// Delivery: the message is repeated after it was accepted.
    Duplicate {
        /// How many more times.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        times: u32,
        /// Whether each repetition is another message with the same content.
        #[serde(default, skip_serializing_if = "is_default")]
        new_id: bool,
        /// How long after, in milliseconds.
        #[serde(default, skip_serializing_if = "is_default")]
        after_ms: u64,
    },
    /// Delivery: the message goes out after the next message of the same order, whoever sends that.
    Overtaken {
        /// How long it waits for that, in milliseconds.
        #[serde(default = "half_a_minute", skip_serializing_if = "is_half_a_minute")]
        within_ms: u64,
    },
    /// Delivery: an event is signed with a key that is no longer in use.
    OldSignature {
        /// Whether it is signed with the present key as well, as during a rotation of keys.
        #[serde(default, skip_serializing_if = "is_default")]
        with_new: bool,
    },
    /// Delivery: a call does not prove who its caller is.
    WrongToken {
        /// Whether it bears a token that nobody has; else it bears none.
        #[serde(default, skip_serializing_if = "is_default")]
        unknown: bool,
    },
    /// Delivery: the signature of an event is too old.
    StaleTimestamp {
        /// By how many seconds its timestamp is back.
        #[serde(default = "ten_minutes", skip_serializing_if = "is_ten_minutes")]
        by_s: u32,
    },
    /// Delivery: the system's clock is wrong: what it dates, its events and its signatures.
    ClockSkew {
        /// By how many seconds it is fast; below zero slow.
        seconds: i32,
    },
    /// Delivery: what the system says never arrives, and nobody tries again.
    CutOff,
    /// Both: the message waits until one message of each fault with the same barrier has come; then all go at
    /// once, in an order drawn from the seed.
    Barrier {
        /// Name of the barrier.
        barrier: String,
        /// How long it waits for the others, in milliseconds.
        #[serde(default = "half_a_minute", skip_serializing_if = "is_half_a_minute")]
        within_ms: u64,
    },
    /// Call: before the call, the system fails over to what it was a while ago, once, in virtual time: what it was
    /// called for since is lost. What was done in it by itself is not, and nothing before that.
    Restored {
        /// How long ago, in milliseconds.
        ms: u64,
    },
    /// Both: small misfortunes, drawn from the seed for each attempt.
    Chaos {
        /// 1: duplicates and delays; 2: also losses and errors; 3: also disorder, later and longer.
        level: u8,
    },
}

/// What a sender notices of a loss.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The connection ends.
    #[default]
    Reset,
    /// Nothing, until it gives up.
    Silence,
}

/// What happens to bytes on their way over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Break {
    /// Fewer bytes come than were announced, and the connection ends in good order.
    Truncated,
    /// A few bytes come at a time, and all of them in the end.
    Drip,
    /// The connection is reset in the middle.
    Reset,
    /// The writing side is shut and nothing more is written, while the connection stays: of an answer after its
    /// half, of a request after all of it.
    HalfClosed,
}

/// What the answer of an error holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// Problem details.
    #[default]
    Problem,
    /// A page of some proxy.
    Html,
    /// Nothing.
    Empty,
}

/// What is different in a document of another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftChange {
    /// A code that a list does not have yet.
    NewCode,
    /// A field that nobody knows.
    ExtraField,
    /// An optional field is absent.
    MissingField,
    /// A number is written as a text.
    NumberAsText,
}

/// When the implementation dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrashPoint {
    /// Its call has arrived, and nothing is done.
    BeforeEffect,
    /// Its call is carried out, and it was not told.
    AfterEffect,
    /// It has answered a delivery, and the sender has not heard of it.
    BeforeAcknowledgment,
}

/// When in the life of a message a misfortune acts. At each moment one fault at the most does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the system looks at the message.
    Restore,
    /// Before anything is done: the message goes no further.
    Arrival,
    /// When an answer is kept for it.
    Replay,
    /// Before it goes on.
    Wait,
    /// While its document is written.
    Content,
    /// While it is signed.
    Signing,
    /// Whenever the system looks at its clock.
    Clock,
    /// After its effect.
    Answer,
    /// After it was accepted.
    Repetition,
}

/// A kind of misfortune: its name, its fields and where it may be planned.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The tag.
    pub name: &'static str,
    /// Its fields beside the tag.
    pub fields: &'static [&'static str],
    /// Whether it can happen to calls.
    pub calls: bool,
    /// Whether it can happen to deliveries.
    pub deliveries: bool,
}

const fn kind(name: &'static str, fields: &'static [&'static str], calls: bool, deliveries: bool) -> Kind {
    Kind { name, fields, calls, deliveries }
}

/// Every kind.
pub const KINDS: &[Kind] = &[
    kind("error_answer", &["status", "retry_after_s", "body", "after_effect"], true, false),
    kind("lose_request", &["ending"], true, true),
    kind("lose_answer", &["ending"], true, true),
    kind("delay", &["ms"], true, true),
    kind("late_answer", &["ms"], true, false),
    kind("broken_answer", &["how", "ms"], true, false),
    kind("broken_request", &["how", "ms"], false, true),
    kind("false_success", &[], true, false),
    kind("accept_and_never", &[], true, false),
    kind("conflict_on_replay", &[], true, false),
    kind("stale_read", &["behind_ms"], true, false),
    kind("hold", &["reverse"], true, true),
    kind("credentials_expired", &[], true, false),
    kind("drift", &["change", "at"], true, true),
    kind("crash", &["point"], true, true),
    kind("duplicate", &["times", "new_id", "after_ms"], false, true),
    kind("overtaken", &["within_ms"], false, true),
    kind("old_signature", &["with_new"], false, true),
    kind("wrong_token", &["unknown"], false, true),
    kind("stale_timestamp", &["by_s"], false, true),
    kind("clock_skew", &["seconds"], false, true),
    kind("cut_off", &[], false, true),
    kind("barrier", &["barrier", "within_ms"], true, true),
    kind("restored", &["ms"], true, false),
    kind("chaos", &["level"], true, true),
];

impl Misfortune {
    /// An outage: 503, nothing more.
    pub const fn unavailable() -> Self {
        Self::error(503)
    }

    /// An error without effect, as problem details.
    pub const fn error(status: u16) -> Self {
        Self::ErrorAnswer { status, retry_after_s: None, body: ErrorBody::Problem, after_effect: false }
    }

    /// An answer that breaks on its way; a drip takes a second.
    pub const fn broken_answer(how: Break) -> Self {
        Self::BrokenAnswer { how, ms: one_second() }
    }

    /// A message that breaks on its way; a drip takes a second.
    pub const fn broken_request(how: Break) -> Self {
        Self::BrokenRequest { how, ms: one_second() }
    }

    /// The name of the kind, as it stands in plans.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ErrorAnswer { .. } => "error_answer",
            Self::LoseRequest { .. } => "lose_request",
            Self::LoseAnswer { .. } => "lose_answer",
            Self::Delay { .. } => "delay",
            Self::LateAnswer { .. } => "late_answer",
            Self::BrokenAnswer { .. } => "broken_answer",
            Self::BrokenRequest { .. } => "broken_request",
            Self::FalseSuccess => "false_success",
            Self::AcceptAndNever => "accept_and_never",
            Self::ConflictOnReplay => "conflict_on_replay",
            Self::StaleRead { .. } => "stale_read",
            Self::Hold { .. } => "hold",
            Self::CredentialsExpired => "credentials_expired",
            Self::Drift { .. } => "drift",
            Self::Crash { .. } => "crash",
            Self::Duplicate { .. } => "duplicate",
            Self::Overtaken { .. } => "overtaken",
            Self::OldSignature { .. } => "old_signature",
            Self::WrongToken { .. } => "wrong_token",
            Self::StaleTimestamp { .. } => "stale_timestamp",
            Self::ClockSkew { .. } => "clock_skew",
            Self::CutOff => "cut_off",
            Self::Barrier { .. } => "barrier",
            Self::Restored { .. } => "restored",
            Self::Chaos { .. } => "chaos",
        }
    }

    /// When it acts; chaos acts at any moment.
    pub const fn moment(&self) -> Option<Moment> {
        Some(match self {
            Self::Restored { .. } => Moment::Restore,
            Self::ErrorAnswer { after_effect: false, .. }
            | Self::LoseRequest { .. }
            | Self::BrokenRequest { .. }
            | Self::FalseSuccess
            | Self::AcceptAndNever
            | Self::CredentialsExpired
            | Self::CutOff
            | Self::Crash { point: CrashPoint::BeforeEffect } => Moment::Arrival,
            Self::ConflictOnReplay => Moment::Replay,
            Self::Delay { .. } | Self::Hold { .. } | Self::Overtaken { .. } | Self::Barrier { .. } => {
                Moment::Wait
            }
            Self::StaleRead { .. } | Self::Drift { .. } => Moment::Content,
            Self::OldSignature { .. } | Self::WrongToken { .. } | Self::StaleTimestamp { .. } => {
                Moment::Signing
            }
            Self::ClockSkew { .. } => Moment::Clock,
            Self::ErrorAnswer { .. }
            | Self::LoseAnswer { .. }
            | Self::LateAnswer { .. }
            | Self::BrokenAnswer { .. }
            | Self::Crash { point: CrashPoint::AfterEffect | CrashPoint::BeforeAcknowledgment } => {
                Moment::Answer
            }
            Self::Duplicate { .. } => Moment::Repetition,
            Self::Chaos { .. } => return None,
        })
    }

    /// Whether it can happen on a link of this direction.
    pub fn fits(&self, direction: Direction) -> bool {
        match (self, direction) {
            (Self::Crash { point: CrashPoint::BeforeAcknowledgment }, _) => direction == Direction::Delivery,
            (Self::Crash { .. }, _) => direction == Direction::Call,
            _ => KINDS.iter().any(|kind| {
                kind.name == self.name()
                    && match direction {
                        Direction::Call => kind.calls,
                        Direction::Delivery => kind.deliveries,
                    }
            }),
        }
    }
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_one(value: &u32) -> bool {
    *value == 1
}

const fn one_second() -> u64 {
    1_000
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_one_second(value: &u64) -> bool {
    *value == one_second()
}

const fn half_a_minute() -> u64 {
    30_000
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_half_a_minute(value: &u64) -> bool {
    *value == half_a_minute()
}

const fn ten_minutes() -> u32 {
    600
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_ten_minutes(value: &u32) -> bool {
    *value == ten_minutes()
}
