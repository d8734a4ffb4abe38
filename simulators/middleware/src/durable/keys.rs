//! Under which key what is kept.

use counterproof_contracts::{
    model::{
        ChannelOrderId, CustomerRef, FeedId, NodeId, OrderNumber, RmaId, SalesChannel, Sku, System,
        TransferId,
    },
    protocol::percent_encode,
};
use sha2::{Digest as _, Sha256};

use crate::process::{Deadline, Due, hex};

use crate::process::Reference;

/// Builds the store's keys. Every part is encoded, so that no part can contain a separator.
#[derive(Debug)]
pub(crate) struct Keys;

impl Keys {
    /// Prefix of all tasks.
    pub(crate) const TASKS: &'static str = "task/";
    /// Prefix of all dead letters.
    pub(crate) const DEAD: &'static str = "dead/";

    /// The process of an order.
    pub(crate) fn order(order: &OrderNumber) -> String {
        format!("order/{}", percent_encode(order.as_str()))
    }

    /// The order number of a channel's order.
    pub(crate) fn channel_order(channel: SalesChannel, id: &ChannelOrderId) -> String {
        format!("channel-order/{channel:?}/{}", percent_encode(id.as_str()))
    }

    /// The order number of a sale that a till made without a line.
    pub(crate) fn till(reference: &str) -> String {
        format!("till/{}", percent_encode(reference))
    }

    /// An order of who bought, or that a card paid. Which card, a digest says.
    pub(crate) fn found_by(prefix: &str, order: &OrderNumber) -> String {
        format!("{prefix}{}", percent_encode(order.as_str()))
    }

    /// Prefix of the orders of a SKU.
    pub(crate) fn of_sku(sku: &Sku) -> String {
        format!("of-sku/{}/", percent_encode(sku.as_str()))
    }

    /// Prefix of the orders of a SKU that wait to be booked.
    pub(crate) fn unbooked_of(sku: &Sku) -> String {
        format!("unbooked/{}/", percent_encode(sku.as_str()))
    }

    /// Prefix of the orders of a customer.
    pub(crate) fn of_customer(customer: &CustomerRef) -> String {
        format!("of-customer/{}/", percent_encode(customer.as_str()))
    }

    /// Prefix of the accounts that were told to become part of an account.
    pub(crate) fn merged_into(customer: &CustomerRef) -> String {
        format!("merged-into/{}/", percent_encode(customer.as_str()))
    }

    /// Prefix of the orders that a card paid.
    pub(crate) fn of_card(token: &str) -> String {
        format!("of-card/{}/", hex(&Sha256::digest(token.as_bytes())))
    }

    /// The order number of a return authorization.
    pub(crate) fn rma(rma: &RmaId) -> String {
        format!("rma/{}", percent_encode(rma.as_str()))
    }

    /// Prefix of everything that is waited for until a deadline.
    pub(crate) const DEADLINES: &'static str = "deadline/";

    /// That an order is to be told when the time for something is over.
    pub(crate) fn deadline(deadline: &Deadline) -> String {
        let of = percent_encode(deadline.order_number.as_str());
        match &deadline.due {
            Due::Return(rma) => format!("{}return/{}", Self::DEADLINES, percent_encode(rma.as_str())),
            Due::Authorization(rma) => {
                format!("{}authorization/{}", Self::DEADLINES, percent_encode(rma.as_str()))
            }
            Due::Promise => format!("{}promise/{of}/{}", Self::DEADLINES, deadline.at.as_millisecond()),
        }
    }

    /// The file that a booked count came in.
    pub(crate) fn count(id: &str) -> String {
        format!("count/{}", percent_encode(id))
    }

    /// That a record was taken from a file.
    pub(crate) fn filed(partner: &NodeId, file: &str, line: u32) -> String {
        format!("filed/{}/{}/{line}", percent_encode(partner.as_str()), percent_encode(file))
    }

    /// That an event was taken.
    pub(crate) fn inbox(source: &str, id: &str) -> String {
        format!("inbox/{}/{}", percent_encode(source), percent_encode(id))
    }

    /// The answer that a command got.
    pub(crate) fn answer(operation: &str, key: &str) -> String {
        format!("answer/{operation}/{}", percent_encode(key))
    }

    /// A task that is under way.
    pub(crate) fn task(key: &str) -> String {
        format!("{}{}", Self::TASKS, percent_encode(key))
    }

    /// That an attempt of a task may have had an effect.
    pub(crate) fn tried(key: &str) -> String {
        format!("tried/{}", percent_encode(key))
    }

    /// A dead letter.
    pub(crate) fn dead(id: &str) -> String {
        format!("{}{}", Self::DEAD, percent_encode(id))
    }

    /// A dead letter that was tried again.
    pub(crate) fn replayed(id: &str) -> String {
        format!("replayed/{}", percent_encode(id))
    }

    /// Prefix of all replays of orders that are under way.
    pub(crate) const REPLAYS: &'static str = "replay/";

    /// A replay of an order that is under way.
    pub(crate) fn replay(order: &OrderNumber, number: u64) -> String {
        format!("{}{}/{number:012}", Self::REPLAYS, percent_encode(order.as_str()))
    }

    /// Prefix of all notices between orders that were not taken yet.
    pub(crate) const NOTICES: &'static str = "notice/";

    /// What one order tells another.
    pub(crate) fn notice(from: &OrderNumber, number: u64) -> String {
        format!("{}{}/{number:012}", Self::NOTICES, percent_encode(from.as_str()))
    }

    /// What is known of a SKU.
    pub(crate) fn stock(sku: &Sku) -> String {
        format!("stock/{}", percent_encode(sku.as_str()))
    }

    /// What is known of a transfer between places.
    pub(crate) fn transfer(transfer_id: &TransferId) -> String {
        format!("transfer/{}", percent_encode(transfer_id.as_str()))
    }

    /// Prefix of all publications of stock that are under way.
    pub(crate) const PUBLICATIONS: &'static str = "publication/";

    /// That a channel is to be told of a SKU.
    pub(crate) fn publication(sku: &Sku, channel: System) -> String {
        format!("{}{}/{channel}", Self::PUBLICATIONS, percent_encode(sku.as_str()))
    }

    /// What is known of a product or place.
    pub(crate) fn master(reference: &Reference) -> String {
        format!("master/{}", Self::reference(reference))
    }

    /// That a channel is to be told of a product or place; among the publications.
    pub(crate) fn announcement(reference: &Reference, channel: System) -> String {
        format!("{}{}/{channel}", Self::PUBLICATIONS, Self::reference(reference))
    }

    /// Prefix of all orders that wait for something to be known.
    pub(crate) const WAITING: &'static str = "waiting/";

    /// Prefix of the orders that wait for a product or place.
    pub(crate) fn waiting_for(reference: &Reference) -> String {
        format!("{}{}/", Self::WAITING, Self::reference(reference))
    }

    /// That an order waits for a product or place.
    pub(crate) fn waiting(reference: &Reference, order: &OrderNumber) -> String {
        format!("{}{}", Self::waiting_for(reference), percent_encode(order.as_str()))
    }

    fn reference(reference: &Reference) -> String {
        match reference {
            Reference::Product(sku) => format!("product/{}", percent_encode(sku.as_str())),
            Reference::Customer(customer) => format!("customer/{}", percent_encode(customer.as_str())),
            Reference::Location(node_id) => format!("location/{}", percent_encode(node_id.as_str())),
        }
    }

    /// Prefix of all feeds that are to be read.
    pub(crate) const FEEDS_DUE: &'static str = "feed-due/";

    /// That a feed is to be read.
    pub(crate) fn feed_due(feed: &FeedId) -> String {
        format!("{}{}", Self::FEEDS_DUE, percent_encode(feed.as_str()))
    }

    /// How far a feed was read.
    pub(crate) fn feed(feed: &FeedId) -> String {
        format!("feed/{}", percent_encode(feed.as_str()))
    }

    /// Prefix of the orders of a feed that were read and not taken yet.
    pub(crate) fn read_of(feed: &FeedId) -> String {
        format!("read/{}/", percent_encode(feed.as_str()))
    }

    /// An order of a feed that was read and not taken yet.
    pub(crate) fn read(feed: &FeedId, number: u64) -> String {
        format!("{}{number:012}", Self::read_of(feed))
    }

    /// A task that an order ever led to.
    pub(crate) fn asked(order: &OrderNumber, number: u32) -> String {
        format!("{}{number:06}", Self::all_asked(order))
    }

    /// Prefix of the tasks that an order ever led to.
    pub(crate) fn all_asked(order: &OrderNumber) -> String {
        format!("asked/{}/", percent_encode(order.as_str()))
    }

    /// An audit record.
    pub(crate) fn audit(order: &OrderNumber, sequence: u64) -> String {
        format!("{}{sequence:012}", Self::audit_trail(order))
    }

    /// Prefix of an order's audit records.
    pub(crate) fn audit_trail(order: &OrderNumber) -> String {
        format!("audit/{}/", percent_encode(order.as_str()))
    }
}
