//! What channels were told about whether goods may come back.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    journal::{Exchange, Outcome},
    model::{Sku, System},
    protocol::{ProblemKind, middleware},
};

/// Lines and units that somebody asks about.
type Question = Vec<(String, u64)>;

/// A verdict that the last exchange told.
#[derive(Debug, Clone)]
pub(in crate::invariants) struct Verdict {
    pub(in crate::invariants) accepted: bool,
    pub(in crate::invariants) skus: Vec<Sku>,
    /// Another channel that was told the contrary since anything happened to the order, and where.
    pub(in crate::invariants) refused_to: Option<(System, u64)>,
}

/// Verdicts on returns of one order.
#[derive(Debug, Clone, Default)]
pub(in crate::invariants) struct VerdictBook {
    refused: BTreeMap<Question, (System, u64)>,
    /// The verdict that the last exchange of the order told.
    pub(in crate::invariants) latest: Option<Verdict>,
}

impl VerdictBook {
    /// Something happened to the order: what was refused before may be right now.
    pub(super) fn begin_anew(&mut self) {
        self.refused.clear();
    }

    pub(super) fn apply(&mut self, seq: u64, exchange: &Exchange) {
        self.latest = None;
        let asks = [middleware::REQUEST_RETURN.id, middleware::RECEIVE_RETURN.id];
        if !asks.contains(&exchange.operation.as_str()) {
            return;
        }
        // Other goods in exchange, who was given a gift, and what does not come back at all are other questions.
        let has = |name| exchange.request.get(name).is_some_and(|value: &Value| !value.is_null());
        let stays = matches!(text(&exchange.request, "method"), "keep_item" | "lost");
        let other = stays || has("exchange") || has("gift_recipient_ref");
        let lines = exchange.request.get("lines").and_then(Value::as_array);
        let Some(lines) = lines.filter(|_| !other) else { return };
        let question: Question = lines.iter().map(asked).collect();
        let is_refusal = exchange.response.get("type").and_then(Value::as_str)
            == Some(ProblemKind::NotReturnable.uri().as_str());
        if exchange.outcome != Outcome::Ok && !is_refusal {
            return;
        }
        let before = self.refused.get(&question).copied().filter(|(channel, _)| *channel != exchange.from);
        if is_refusal {
            self.refused.entry(question).or_insert((exchange.from, seq));
        }
        let skus = lines.iter().map(|line| Sku::new(text(line, "sku"))).collect();
        self.latest = Some(Verdict { accepted: !is_refusal, skus, refused_to: before });
    }
}

fn asked(line: &Value) -> (String, u64) {
    let quantity = line.get("quantity").and_then(Value::as_u64).unwrap_or(0);
    (text(line, "line_id").to_owned(), quantity)
}

fn text<'v>(line: &'v Value, name: &str) -> &'v str {
    line.get(name).and_then(Value::as_str).unwrap_or_default()
}
