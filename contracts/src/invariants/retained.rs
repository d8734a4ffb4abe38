//! What the retailer may keep of refunds because returns broke the minimum of promotions. No law by itself: M4
//! and M6 read it.

use super::{
    books::{LineTerms, OrderBook, Span, Terms},
    law::Moment,
};
use crate::{
    model::{LineId, PromotionId},
    policy::{BrokenMinimum, Policy},
};

/// Promotions that the retailer declared to claim back.
fn claimed<'a>(terms: &'a Terms, policy: &'a Policy) -> impl Iterator<Item = &'a (PromotionId, i64)> {
    let claims = |promotion: &PromotionId| policy.broken_minimum(promotion) == BrokenMinimum::Clawback;
    terms.pricing.minimums.iter().filter(move |(promotion, _)| claims(promotion))
}

/// The most that may ever be kept: all shares of promotions that are claimed back.
pub(super) fn at_most(terms: &Terms, policy: &Policy) -> i64 {
    let share = |promotion: &PromotionId| -> i64 {
        terms.lines.values().map(|line| line.pricing.share(promotion, line.quantity).high).sum()
    };
    claimed(terms, policy).map(|(promotion, _)| share(promotion)).sum()
}

/// What must and what may be kept, by what came back. Where goods left in several parcels, nobody but the
/// implementation knows which of them it knew of when goods came back: then nothing must be kept.
pub(super) fn span(moment: &Moment<'_>, order: &OrderBook, terms: &Terms) -> Span {
    let nothing_came = terms.lines.keys().all(|line_id| order.returned(line_id).high == 0);
    if nothing_came {
        return Span::default();
    }
    let all: Span =
        claimed(terms, moment.policy).map(|(promotion, minimum)| of(order, terms, promotion, *minimum)).sum();
    // It is kept of refunds: never more than what is not kept is worth.
    let worth = |units: &dyn Fn(&LineId) -> i64| -> Span {
        let gross = |(line_id, line): (&LineId, &LineTerms)| {
            line.gross(u32::try_from(units(line_id).max(0)).unwrap_or(u32::MAX))
        };
        terms.lines.iter().map(gross).sum()
    };
    let least = worth(&|line_id| order.returned(line_id).low).low;
    let most = worth(&|line_id| order.not_kept(line_id).high).high;
    Span { low: all.low.min(least), high: all.high.min(most) }
}

fn of(order: &OrderBook, terms: &Terms, promotion: &PromotionId, minimum: i64) -> Span {
    let (mut listed, mut shares) = (Span::default(), Span::default());
    for (line_id, line) in &terms.lines {
        let returned = order.returned(line_id);
        let (ordered, shipped) = (i64::from(line.quantity), order.shipped(line_id));
        let price = |units: i64| line.pricing.listed.saturating_mul(units.max(0));
        listed = listed + Span { low: price(ordered - returned.high), high: price(ordered - returned.low) };
        let share = |units: i64| line.pricing.share(promotion, u32::try_from(units.max(0)).unwrap_or(0));
        let gone = order.not_kept(line_id);
        let kept = Span { low: share(shipped - gone.high).low, high: share(shipped - gone.low).high };
        shares = shares + kept;
    }
    let certain = listed.high < minimum && order.shipments.len() == 1;
    Span {
        low: if certain { shares.low } else { 0 },
        high: if listed.low < minimum { shares.high } else { 0 },
    }
}
