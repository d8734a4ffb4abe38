//! The laws, and the judge that folds a journal through them.
//!
//! Each law is one file: the law in plain words and where it comes from, its checks, and histories that keep
//! and break it. The table `CHECKS` lists them; help and documents are made from it. A check is a pure
//! function over the books, which keep exactly what simulators committed; what the implementation says of
//! itself is evidence only where a law asks for it.
//!
//! Laws do not know HTTP, time-outs or retries; they know what was committed and what was answered. What
//! cannot be known (a refund that failed, goods that were not graded yet) is a span from what is certain to
//! what is possible, and only what lies outside is a violation.

use serde::{Deserialize, Serialize};

use crate::model::{OrderNumber, System};

mod a1_traceable;
mod a2_audit_only_grows;
mod a3_steps_are_documented;
mod a4_refund_is_documented;
mod a5_parcel_has_its_label;
mod a6_no_more_than_needed;
mod a8_only_who_may;
mod advanced;
mod books;
mod d1_master_data_agrees;
mod e10_pauses_grow;
mod e11_told_after_it_happened;
mod e12_replay_is_silent;
mod e13_nothing_stays_lost;
mod e14_success_stays;
mod e1_one_effect;
mod e2_no_lost_event;
mod e5_forged_is_refused;
mod e6_key_of_one_intent;
mod e7_same_key_on_retry;
mod e8_valid_messages;
mod e9_retry_after;
mod granted;
mod i10_published_stock;
mod i11_serial_in_one_place;
mod i12_transfers_are_conserved;
mod i13_exchange_moves_both_goods;
mod i14_prices_move_no_stock;
mod i1_claims_are_covered;
mod i2_no_oversell;
mod i3_reservation_ends_once;
mod i4_no_negative_stock;
mod i5_claim_within_order;
mod i6_movement_has_a_cause;
mod i8_issued_where_shipped;
mod i9_restock_follows_grade;
mod judge;
mod l8_promise_updated;
mod law;
mod m10_money_has_an_order;
mod m11_stored_value;
mod m12_gift_cards;
mod m13_gift_return;
mod m14_exchange_charges_or_refunds;
mod m15_no_refund_of_what_is_disputed;
mod m16_books_equal_money;
mod m17_posted_once;
mod m18_refund_status;
mod m19_marketplace_tender;
mod m1_capture_within_authorization;
mod m20_shipping_as_paid;
mod m21_funded_promotions;
mod m22_settled_at_the_rate;
mod m23_business_date;
mod m2_taken_within_order;
mod m3_refund_within_capture;
mod m4_customer_pays_for_what_is_kept;
mod m5_one_effect_per_intent;
mod m6_refund_value;
mod m7_one_currency;
mod m8_capture_of_live_authorization;
mod m9_canceled_order_is_free;
mod o10_canceled_never_ships;
mod o11_no_lost_update;
mod o12_sums_add_up;
mod o13_erp_has_the_order_s_sums;
mod o14_released_units;
mod o15_newest_address;
mod o1_one_sales_order;
mod o3_no_phantom_order;
mod o4_units_add_up;
mod o5_systems_agree;
mod o6_price_of_a_version;
mod o7_legal_transitions;
mod o8_never_back;
mod o9_status_follows_lines;
mod r11_no_more_than_announced;
mod r13_lost_or_returned;
mod r1_returned_within_shipped;
mod r2_booked_as_received;
mod r3_one_final_disposition;
mod r4_refund_after_acceptance;
mod r5_reason_as_given;
mod r7_same_verdict;
mod r8_closed_return;
mod r9_one_replacement;
#[cfg(test)]
mod redacted;
mod report;
mod retained;
mod steps;
mod t1_tax_of_what_shipped;
mod t2_original_rate;
mod t3_tax_in_books;
mod t4_tax_of_parcels_only;
mod t5_taxable_base;
mod t6_across_borders;
mod t8_gift_cards;
#[cfg(test)]
mod testing;

pub use judge::{BrokenCheck, Judge};
pub use report::{JudgeReport, ScenarioReport, judge_journal};

/// Every law: what customers feel first, then what the systems owe each other.
static CHECKS: [law::Check; 88] = [
    m1_capture_within_authorization::CHECK,
    m2_taken_within_order::CHECK,
    m3_refund_within_capture::CHECK,
    m4_customer_pays_for_what_is_kept::CHECK,
    m5_one_effect_per_intent::CHECK,
    m6_refund_value::CHECK,
    m7_one_currency::CHECK,
    m8_capture_of_live_authorization::CHECK,
    m9_canceled_order_is_free::CHECK,
    m10_money_has_an_order::CHECK,
    m11_stored_value::CHECK,
    m12_gift_cards::CHECK,
    m14_exchange_charges_or_refunds::CHECK,
    i1_claims_are_covered::CHECK,
    m13_gift_return::CHECK,
    m15_no_refund_of_what_is_disputed::CHECK,
    m16_books_equal_money::CHECK,
    m17_posted_once::CHECK,
    m18_refund_status::CHECK,
    m19_marketplace_tender::CHECK,
    m20_shipping_as_paid::CHECK,
    m21_funded_promotions::CHECK,
    m22_settled_at_the_rate::CHECK,
    m23_business_date::CHECK,
    i2_no_oversell::CHECK,
    i3_reservation_ends_once::CHECK,
    i4_no_negative_stock::CHECK,
    i5_claim_within_order::CHECK,
    i6_movement_has_a_cause::CHECK,
    i8_issued_where_shipped::CHECK,
    i9_restock_follows_grade::CHECK,
    i14_prices_move_no_stock::CHECK,
    i11_serial_in_one_place::CHECK,
    i12_transfers_are_conserved::CHECK,
    i13_exchange_moves_both_goods::CHECK,
    r3_one_final_disposition::CHECK,
    r9_one_replacement::CHECK,
    i10_published_stock::CHECK,
    d1_master_data_agrees::CHECK,
    o1_one_sales_order::CHECK,
    o3_no_phantom_order::CHECK,
    o4_units_add_up::CHECK,
    o5_systems_agree::CHECK,
    o6_price_of_a_version::CHECK,
    o7_legal_transitions::CHECK,
    o8_never_back::CHECK,
    o9_status_follows_lines::CHECK,
    o10_canceled_never_ships::CHECK,
    o12_sums_add_up::CHECK,
    o11_no_lost_update::CHECK,
    o15_newest_address::CHECK,
    o13_erp_has_the_order_s_sums::CHECK,
    o14_released_units::CHECK,
    r1_returned_within_shipped::CHECK,
    r2_booked_as_received::CHECK,
    r4_refund_after_acceptance::CHECK,
    r5_reason_as_given::CHECK,
    r7_same_verdict::CHECK,
    r8_closed_return::CHECK,
    r11_no_more_than_announced::CHECK,
    r13_lost_or_returned::CHECK,
    l8_promise_updated::CHECK,
    e1_one_effect::CHECK,
    e2_no_lost_event::CHECK,
    e5_forged_is_refused::CHECK,
    e6_key_of_one_intent::CHECK,
    e7_same_key_on_retry::CHECK,
    e8_valid_messages::CHECK,
    e9_retry_after::CHECK,
    e10_pauses_grow::CHECK,
    e11_told_after_it_happened::CHECK,
    e12_replay_is_silent::CHECK,
    e13_nothing_stays_lost::CHECK,
    e14_success_stays::CHECK,
    t1_tax_of_what_shipped::CHECK,
    t2_original_rate::CHECK,
    t3_tax_in_books::CHECK,
    t4_tax_of_parcels_only::CHECK,
    t5_taxable_base::CHECK,
    t6_across_borders::CHECK,
    t8_gift_cards::CHECK,
    a1_traceable::CHECK,
    a2_audit_only_grows::CHECK,
    a3_steps_are_documented::CHECK,
    a4_refund_is_documented::CHECK,
    a5_parcel_has_its_label::CHECK,
    a6_no_more_than_needed::CHECK,
    a8_only_who_may::CHECK,
];

/// A law that was broken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Identifier of the law, for example `M5`.
    pub invariant: String,
    /// The scenario.
    pub scenario: Option<String>,
    /// The order.
    pub order: Option<OrderNumber>,
    /// Which order, what is wrong, by how much: a sentence for a business person.
    pub sentence: String,
    /// Line of the journal at which the law was broken; for laws at rest the `settled` line.
    pub seq: u64,
    /// Lines of the journal that show how it came about, in order.
    pub evidence: Vec<u64>,
    /// What each system says, where systems disagree.
    pub systems: Vec<Position>,
}

/// What a system says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Who.
    pub system: System,
    /// What.
    pub says: String,
    /// Whether it is at odds with the others.
    pub odd: bool,
}

/// What a law says and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Law {
    /// Identifier.
    pub id: &'static str,
    /// Short name.
    pub name: &'static str,
    /// The law in plain words.
    pub text: &'static str,
    /// Standard, document or bug reports that it comes from.
    pub source: &'static str,
}
