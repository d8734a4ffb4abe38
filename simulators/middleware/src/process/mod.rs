//! The order process: a state machine for one order with its payments, parcels, cancellations and returns.
//!
//! [`decide`] takes one input and says what follows: tasks for partners, steps for the audit trail, letters
//! for a person. It is pure: no I/O, no clock, no chance. An input changes facts; then every rule looks at
//! all facts and asks for what they now allow, each intent once. The order in which messages arrive
//! therefore does not matter: what comes too early waits as a fact, what comes twice changes none.

mod acceptance;
mod adjustment;
mod advance_refund;
mod answer;
mod authorization;
mod availability;
mod booking;
mod cancellation;
mod capture;
mod change;
mod clawback;
mod credit;
mod desk;
mod dispute;
mod document;
mod eligibility;
mod exceptions;
mod exchange;
mod exchange_state;
mod gift_card;
mod grant_state;
mod ids;
mod intake;
mod master;
mod notice;
mod payment;
mod promise;
mod quarantine;
mod recall;
mod receipt;
mod refund;
mod release;
mod replacement;
mod reservation;
mod return_state;
mod returns;
mod serials;
mod shipping;
mod shortage;
pub mod state;
mod status;
mod task;
mod telling;
mod tracking;
mod transfer;
mod undelivered;
mod view;

#[cfg(test)]
pub(crate) mod tests;

pub use acceptance::known_sale;
pub use answer::{PartnerAnswer, Refusal};
pub use availability::{Stock, StockNotice, adjusted, availability_view, publication};
use counterproof_contracts::{
    model::{
        DelayConsent, NodeId, Order, OrderChange, PriceAdjustment, Recall, RefundStatus, ReturnCancellation,
        ReturnReceipt, ReturnRequest,
    },
    protocol::{CancellationRequest, EventData, OrderReplay, Problem, ProblemKind, ReplayRequest},
};
pub use desk::{Context, Deadline, Desk, Due, Letter, Output, Step};
pub use intake::{order_errors, same_order};
pub use master::{
    Change, Known, MasterRecord, Reference, WaitingTask, accounts_of, announcement, objection_to_order,
    objection_to_return,
};
pub use notice::{Notice, Tidings};
use serde_json::Value;
pub use state::{Chain, OrderProcess};
pub(crate) use task::hex;
pub use task::{Intent, PartnerCall, Task, idempotency_key};
pub use transfer::{TransferInput, TransferProcess, take_transfer};
pub use view::{authorization_view, order_view};

pub use state::TaskStatus;

/// Most calls of an order that a replay makes again.
pub const REPLAYED_MAX: u32 = 1000;

/// What an order can be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A channel submits it.
    Submit(Box<Order>),
    /// A store that takes part in no calls took it, and says so in a file.
    SubmitInFile {
        /// The order.
        order: Box<Order>,
        /// The store.
        partner: NodeId,
    },
    /// A channel asks to cancel units.
    Cancel(CancellationRequest),
    /// A channel asks to change the order.
    Change(Box<OrderChange>),
    /// A customer agrees to wait for what arrives late.
    AcceptDelay(DelayConsent),
    /// Customer service lowers what a customer paid.
    AdjustPrice(PriceAdjustment),
    /// A channel asks for a return.
    RequestReturn(ReturnRequest),
    /// A customer takes a return back.
    CancelReturn(ReturnCancellation),
    /// A store has returned goods in its hands.
    ReceiveReturn(Box<ReturnReceipt>),
    /// Goods of it are called back.
    Recalled(Box<Recall>),
    /// Another order tells what happened.
    Told(Box<Notice>),
    /// A partner tells what happened.
    Event(Box<EventData>),
    /// A partner did what it was asked.
    Answered {
        /// The call.
        task: Box<Task>,
        /// Its answer.
        answer: Box<PartnerAnswer>,
    },
    /// A partner definitely refused what it was asked.
    Refused {
        /// The call.
        task: Box<Task>,
        /// Why.
        refusal: Refusal,
    },
    /// A call's outcome stayed unknown for so long that a person must look at it.
    GivenUp {
        /// The call.
        task: Box<Task>,
        /// How often it was tried.
        attempts: u32,
        /// What went wrong last.
        reason: String,
    },
    /// A call was not made, nor earlier with any effect, because nobody wants it any more, or not now.
    Withdrawn {
        /// The call.
        task: Box<Task>,
    },
    /// A partner has not answered a call in time; the call goes on.
    Overdue {
        /// The call.
        task: Box<Task>,
    },
    /// The time for something is over.
    Due(Due),
    /// Something is known that calls may wait for.
    Known(Reference),
    /// A person did something by hand, and said why.
    ByHand {
        /// What, in a sentence.
        what: String,
    },
    /// A person wants a call tried again.
    Replay(Box<Task>),
    /// A person wants every call made again that was done.
    ReplayOrder(ReplayRequest),
    /// A call that was done could not be made again.
    NotReplayed {
        /// The call.
        task: Box<Task>,
        /// Why.
        reason: String,
    },
}

/// What an input leads to.
#[derive(Debug)]
pub struct Decision {
    /// What a command is answered; null for other inputs. A problem leaves the process as it was.
    pub answer: Result<Value, Problem>,
    /// What is to be done.
    pub outputs: Vec<Output>,
}

/// Takes an input: changes the facts, then asks for everything that they allow.
pub fn decide(process: &mut Option<OrderProcess>, input: Input, context: &Context<'_>) -> Decision {
    let mut desk = Desk::new(context);
    let answer = apply(process, input, &mut desk);
    if answer.is_ok()
        && let Some(process) = process
    {
        advance(process, &mut desk);
    }
    Decision { answer, outputs: desk.into_outputs() }
}

fn apply(process: &mut Option<OrderProcess>, input: Input, desk: &mut Desk<'_>) -> Result<Value, Problem> {
    let input = match input {
        Input::Submit(order) => return acceptance::submit(process, *order, desk),
        Input::SubmitInFile { order, partner } => {
            let answer = acceptance::submit(process, *order, desk)?;
            if let Some(process) = process {
                process.files_for = Some(partner);
            }
            return Ok(answer);
        }
        Input::Told(notice) => {
            told(process, *notice, desk);
            return Ok(Value::Null);
        }
        input => input,
    };
    let Some(process) = process else {
        return Err(unknown_order());
    };
    match input {
        Input::Submit(_) | Input::SubmitInFile { .. } | Input::Told(_) => Ok(Value::Null),
        Input::Cancel(request) => cancellation::request(process, request, desk),
        Input::Change(request) => change::request(process, *request, desk),
        Input::AcceptDelay(consent) => promise::accept(process, &consent, desk),
        Input::AdjustPrice(adjustment) => adjustment::request(process, adjustment, desk),
        Input::RequestReturn(request) => returns::request(process, request, desk),
        Input::CancelReturn(wish) => exceptions::cancel(process, &wish, desk),
        Input::ReceiveReturn(receipt) => receipt::in_store(process, *receipt, desk),
        Input::Due(due) => {
            match due {
                Due::Return(rma_id) => advance_refund::due(process, &rma_id, desk),
                Due::Authorization(rma_id) => returns::lapsed(process, &rma_id, desk),
                Due::Promise => promise::due(process, desk),
            }
            Ok(Value::Null)
        }
        Input::Known(reference) => {
            master::known(process, &reference, desk);
            Ok(Value::Null)
        }
        Input::Recalled(told) => {
            recall::told(process, &told, desk);
            Ok(Value::Null)
        }
        Input::ByHand { what } => {
            desk.note(process, what);
            Ok(Value::Null)
        }
        Input::ReplayOrder(request) => Ok(replay(process, &request, desk)),
        Input::NotReplayed { task, reason } => {
            desk.alert(process, task.partner, format!("replay of {}", task.key), reason);
            Ok(Value::Null)
        }
        Input::Event(event) => {
            if let Err(reason) = event_happened(process, *event, desk) {
                desk.park_event(process, reason);
            }
            Ok(Value::Null)
        }
        task_input => {
            task_ended(process, task_input, desk);
            Ok(Value::Null)
        }
    }
}

/// What a command about an order that nobody submitted is answered.
pub(crate) fn unknown_order() -> Problem {
    Problem::new(ProblemKind::NotFound, "the order is not known")
}

fn told(process: &mut Option<OrderProcess>, notice: Notice, desk: &mut Desk<'_>) {
    match (notice.tidings, process) {
        (Tidings::Wanted { order, ahead }, process) => {
            replacement::wanted(process, &notice.from, (*order, ahead), desk);
        }
        (Tidings::Credited { amount }, Some(process)) => replacement::credited(process, amount, desk),
        (Tidings::TakenBack { cause }, Some(process)) => refund::taken_back(process, &cause),
        (tidings, Some(process)) => exchange::told(process, &notice.from, tidings, desk),
        (_, None) => {}
    }
}

/// Makes every call again that was done; the order stays as it is.
fn replay(process: &mut OrderProcess, request: &ReplayRequest, desk: &mut Desk<'_>) -> Value {
    let done = process.tasks.values().filter(|status| **status == TaskStatus::Done).count();
    desk.note(process, format!("wants {done} calls made again: {}", request.reason));
    desk.replay(process);
    let calls = u32::try_from(done).unwrap_or(u32::MAX).min(REPLAYED_MAX);
    let answer = OrderReplay { order_number: process.order.order_number.clone(), calls };
    serde_json::to_value(answer).unwrap_or_default()
}

fn event_happened(process: &mut OrderProcess, event: EventData, desk: &mut Desk<'_>) -> Result<(), String> {
    match event {
        EventData::SalesOrderAcknowledged(told) => acceptance::acknowledged(process, &told, desk),
        EventData::FulfillmentOrderAccepted(told) => release::accepted(process, &told, desk),
        EventData::ShipmentPacked(told) => shipping::packed(process, told, desk),
        EventData::ShipmentShipped(told) => shipping::shipped(process, told, desk),
        EventData::ReturnReceived(told) => receipt::at_dock(process, told, desk),
        EventData::ReturnInspected(told) => receipt::inspected(process, told, desk),
        EventData::ReturnDispositioned(told) => quarantine::decided(process, told, desk),
        EventData::ReturnReceivedBlind(_) => Err("goods came of which nobody knows the order".to_owned()),
        EventData::CarrierScanRecorded(told) => {
            tracking::scanned(process, &told, desk);
            Ok(())
        }
        EventData::FulfillmentOrderShortPicked(told)
        | EventData::FulfillmentOrderRejected(told)
        | EventData::PickupExpired(told) => shortage::given_back(process, &told, desk),
        EventData::SubstitutionProposed(told) => {
            release::refuse_substitute(process, &told, desk);
            Ok(())
        }
        EventData::InventoryReceived(told) => {
            reservation::came(process, told, desk);
            Ok(())
        }
        EventData::ReservationExpired(told) => {
            reservation::lapsed(process, told, desk);
            Ok(())
        }
        EventData::RefundSucceeded(told) => refund::told(process, &told, RefundStatus::Succeeded, desk),
        EventData::RefundFailed(told) => refund::told(process, &told, RefundStatus::Failed, desk),
        EventData::PaymentCaptured(told) => capture::told(process, &told, true, desk),
        EventData::PaymentCaptureFailed(told) => capture::told(process, &told, false, desk),
        EventData::PaymentAuthorizationExpired(told) => authorization::expired(process, &told, desk),
        EventData::PaymentDisputed(told) | EventData::PaymentDisputeClosed(told) => {
            dispute::told(process, told, desk)
        }
        EventData::DocumentPosted(told) => document::told(process, &told, true, desk),
        EventData::DocumentNotPosted(told) => document::told(process, &told, false, desk),
        EventData::ProductChanged(_) | EventData::LocationChanged(_) | EventData::CustomerChanged(_) => {
            Err("it is about master data, not about an order".to_owned())
        }
        EventData::ProductRecalled(told) => {
            recall::told(process, &told, desk);
            Ok(())
        }
        EventData::TransferDispatched(_) | EventData::TransferReceived(_) | EventData::TransferLost(_) => {
            Err("it is about a transfer, not about an order".to_owned())
        }
        EventData::MarketplaceFeedChanged(told) => {
            Err(format!("it is about feed {}, not about an order", told.feed))
        }
        EventData::InventoryAdjusted(told) => {
            Err(format!("it is about SKU {}, not about an order", told.sku))
        }
    }
}

fn task_ended(process: &mut OrderProcess, input: Input, desk: &mut Desk<'_>) {
    match input {
        Input::Replay(task) if process.tasks.get(&task.key) == Some(&TaskStatus::Dead) => {
            desk.decide(process, format!("tries {}.{} again", task.partner, task.operation));
            desk.ask_again(process, *task);
        }
        Input::Answered { task, answer } if is_open(process, &task) => {
            process.tasks.insert(task.key.clone(), TaskStatus::Done);
            desk.note(process, format!("{} did {}", task.partner.title(), task.operation));
            if let Err(reason) = answered(process, &task.intent, *answer, desk) {
                desk.park_task(process, *task, 1, reason);
            }
        }
        Input::Refused { task, refusal } if is_open(process, &task) => {
            desk.note(
                process,
                format!("{} refused {}: {}", task.partner.title(), task.operation, refusal.reason()),
            );
            if master::wait(process, &task, &refusal, desk) {
                return;
            }
            if refused(process, &task.intent, &refusal, desk) {
                process.tasks.insert(task.key.clone(), TaskStatus::Refused);
            } else {
                desk.park_task(process, *task, 1, refusal.reason());
            }
        }
        Input::Overdue { task } if is_open(process, &task) && task.intent == Intent::QuoteTax => {
            acceptance::quote_overdue(process, desk);
        }
        Input::Withdrawn { task } if is_open(process, &task) => {
            process.tasks.remove(&task.key);
            let (partner, operation) = (task.partner.title(), &task.operation);
            desk.note(process, format!("does not ask the {partner} for {operation}: it is not wanted now"));
        }
        Input::GivenUp { task, attempts, reason } if is_open(process, &task) => {
            desk.park_task(process, *task, attempts, reason);
        }
        _ => {}
    }
}

fn is_open(process: &OrderProcess, task: &Task) -> bool {
    process.tasks.get(&task.key) == Some(&TaskStatus::Open)
}

/// Takes what a partner answered. An error says why the answer cannot be used.
fn answered(
    process: &mut OrderProcess,
    intent: &Intent,
    answer: PartnerAnswer,
    desk: &mut Desk<'_>,
) -> Result<(), String> {
    match (intent, answer) {
        (Intent::QuoteTax, PartnerAnswer::Quoted(quote)) => acceptance::quoted(process, &quote, desk),
        (Intent::Authorize { tender, .. }, PartnerAnswer::Authorized(told)) => {
            authorization::held(process, tender, told, desk);
        }
        (Intent::Debit { tender }, _) => payment::held(process, tender),
        (Intent::Reserve, PartnerAnswer::Reserved(reservation)) => {
            reservation::reserved(process, reservation, desk);
        }
        (Intent::ReserveAgain { cause }, PartnerAnswer::Reserved(reservation)) => {
            shortage::found(process, cause, reservation, desk);
        }
        (Intent::QuoteChange { change }, PartnerAnswer::Quoted(quote)) => {
            change::quoted(process, change, &quote, desk);
        }
        (Intent::Readdress { change, .. }, _) => change::agreed(process, change),
        (Intent::Book, PartnerAnswer::Booked(sales_order)) => {
            let number = sales_order.erp_document.ok_or("the sales order has no number")?;
            process.erp_document = Some(number);
        }
        (Intent::Label { shipment }, PartnerAnswer::Labeled(label)) => {
            shipping::labeled(process, shipment, label);
        }
        (Intent::Capture { shipment, tender, attempt }, PartnerAnswer::Captured(told)) => {
            capture::answered(process, shipment, tender, *attempt, &told, desk);
        }
        (Intent::ActivateCard { delivery }, PartnerAnswer::Activated(card)) => {
            gift_card::activated(process, delivery, card, desk);
        }
        (Intent::Stop { cancellation, fulfillment_order }, PartnerAnswer::Stopped(result)) => {
            cancellation::stopped(process, cancellation, fulfillment_order, &result.canceled);
        }
        (Intent::ReturnLabel { rma }, PartnerAnswer::Labeled(label)) => {
            returns::labeled(process, rma, label.tracking_number);
        }
        (Intent::LabelRejected { receipt }, PartnerAnswer::Labeled(label)) => {
            exceptions::labeled(process, receipt, label.tracking_number);
        }
        (Intent::Invoice { .. } | Intent::CreditMemo { .. }, answer) => {
            document::answered(process, intent, &answer, desk);
        }
        (Intent::Recharge { refund, .. }, _) => advance_refund::recharged(process, refund, desk),
        (Intent::Refund { refund, .. } | Intent::NotifyRefund { refund }, answer) => {
            refund::answered(process, intent, refund, &answer, desk);
        }
        _ => {}
    }
    Ok(())
}

/// Takes a definite refusal. Says whether the order can live with it; else a person must look at it.
fn refused(process: &mut OrderProcess, intent: &Intent, refusal: &Refusal, desk: &mut Desk<'_>) -> bool {
    match intent {
        Intent::Authorize { tender, round } if *round > 0 => {
            authorization::declined(process, tender, *round, refusal, desk)
        }
        Intent::Authorize { tender, .. } | Intent::Debit { tender } => {
            payment::declined(process, tender, refusal, desk)
        }
        Intent::Void { .. } => authorization::void_refused(refusal),
        Intent::Capture { shipment, tender, .. } => {
            capture::refused(process, shipment, tender, refusal, desk)
        }
        Intent::Refund { refund, .. } => refund::refused(process, refund, refusal, desk),
        Intent::Recharge { refund, .. } => advance_refund::declined(process, refund, refusal, desk),
        Intent::Invoice { .. } | Intent::CreditMemo { .. } => document::refused(process, intent, refusal),
        Intent::QuoteTax => acceptance::not_rated(process, refusal, desk),
        Intent::Reserve => acceptance::no_stock(process, refusal, desk),
        Intent::ReserveAgain { cause } => shortage::nobody_has(process, cause, refusal, desk),
        Intent::Readdress { change, .. } => change::node_refused(process, change, refusal, desk),
        Intent::Stop { cancellation, fulfillment_order } => {
            cancellation::stop_refused(process, cancellation, fulfillment_order, refusal)
        }
        _ => false,
    }
}

/// Every rule looks at the facts and asks for what they allow.
fn advance(process: &mut OrderProcess, desk: &mut Desk<'_>) {
    authorization::advance(process, desk);
    acceptance::advance(process, desk);
    payment::undo(process, desk);
    cancellation::finish(process, desk);
    reservation::give_back(process, desk);
    shortage::advance(process, desk);
    change::advance(process, desk);
    reservation::give_back(process, desk);
    replacement::advance(process, desk);
    release::advance(process, desk);
    cancellation::advance(process, desk);
    shipping::advance(process, desk);
    gift_card::advance(process, desk);
    capture::advance(process, desk);
    booking::advance(process, desk);
    payment::settle_rest(process, desk);
    undelivered::advance(process, desk);
    returns::advance(process, desk);
    exchange::advance(process, desk);
    exceptions::advance(process, desk);
    credit::advance(process, desk);
    adjustment::advance(process, desk);
    quarantine::advance(process, desk);
    advance_refund::advance(process, desk);
    refund::advance(process, desk);
    promise::advance(process, desk);
    status::advance(process, desk);
}
