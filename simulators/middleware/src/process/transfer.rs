//! Transfers between places: what left, came or was lost is booked in the ERP, each once.
//!
//! A transfer is no order: it has a process of its own. Like an order's it is pure: what is told changes facts, then every
//! fact that may be booked is asked for once. What left is booked first, because the ERP refuses what is not on the way.

use std::collections::BTreeMap;

use counterproof_contracts::{
    model::{
        System, Timestamp, Transfer, TransferId, TransferLoss, TransferPosting, TransferPostingKind,
        TransferReceipt,
    },
    protocol::{EventData, erp},
};
use serde::{Deserialize, Serialize};

use super::{
    state::Chain,
    task::{Intent, PartnerCall, Task, idempotency_key},
};
use crate::defects::{Defect, Defects};

/// What a transfer can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferInput {
    /// Goods left.
    Dispatched(Transfer),
    /// Goods came.
    Received(TransferReceipt),
    /// Goods are lost.
    Lost(TransferLoss),
    /// The ERP booked a posting.
    Booked(String),
}

impl TransferInput {
    /// What an event tells of a transfer.
    pub fn of(data: &EventData) -> Option<(TransferId, Self)> {
        match data {
            EventData::TransferDispatched(told) => {
                Some((told.transfer_id.clone(), Self::Dispatched(told.clone())))
            }
            EventData::TransferReceived(told) => {
                Some((told.transfer_id.clone(), Self::Received(told.clone())))
            }
            EventData::TransferLost(told) => Some((told.transfer_id.clone(), Self::Lost(told.clone()))),
            _ => None,
        }
    }
}

/// Where a posting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stand {
    /// The ERP was asked.
    Asked,
    /// It booked it.
    Booked,
}

/// What is known of a transfer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferProcess {
    transfer: Option<Transfer>,
    receipts: BTreeMap<String, TransferReceipt>,
    losses: BTreeMap<String, TransferLoss>,
    postings: BTreeMap<String, Stand>,
    /// How many calls were asked for.
    asked: u32,
}

/// Takes an input: changes the facts, then asks for every posting that they allow. The same fact told again changes none.
pub fn take_transfer(
    process: &mut TransferProcess,
    input: TransferInput,
    (chain, now): (&Chain, Timestamp),
    defects: &Defects,
) -> Vec<Task> {
    match input {
        TransferInput::Dispatched(told) => {
            process.transfer.get_or_insert(told);
        }
        TransferInput::Received(told) => {
            let mut receipt_id = told.receipt_id.clone();
            if process.receipts.contains_key(&receipt_id) && defects.meets(Defect::TransferReceivedTwice) {
                receipt_id.push_str("-again");
            }
            process.receipts.entry(receipt_id).or_insert(told);
        }
        TransferInput::Lost(told) => {
            process.losses.entry(told.loss_id.clone()).or_insert(told);
        }
        TransferInput::Booked(posting_id) => {
            process.postings.insert(posting_id, Stand::Booked);
        }
    }
    let mut tasks = Vec::new();
    for posting in process.due(defects) {
        process.postings.insert(posting.posting_id.clone(), Stand::Asked);
        process.asked += 1;
        tasks.push(task(&posting, process.asked, chain, now));
    }
    tasks
}

impl TransferProcess {
    /// Postings that may be asked for and were not.
    fn due(&self, defects: &Defects) -> Vec<TransferPosting> {
        let Some(transfer) = &self.transfer else { return Vec::new() };
        let posting = |posting_id: String, kind, lines: &[_]| TransferPosting {
            posting_id,
            transfer_id: transfer.transfer_id.clone(),
            kind,
            from_node: transfer.from_node.clone(),
            to_node: transfer.to_node.clone(),
            lines: lines.to_vec(),
        };
        let left = format!("dispatch-{}", transfer.transfer_id);
        let mut wanted = Vec::new();
        if self.postings.get(&left) == Some(&Stand::Booked) {
            for (receipt_id, receipt) in &self.receipts {
                let short = receipt.lines != transfer.lines;
                let whole = short && defects.meets(Defect::ShortTransferBookedWhole);
                let lines = if whole { &transfer.lines } else { &receipt.lines };
                wanted.push(posting(receipt_id.clone(), TransferPostingKind::Received, lines));
            }
            for loss in self.losses.values() {
                wanted.push(posting(loss.loss_id.clone(), TransferPostingKind::WrittenOff, &loss.lines));
            }
        } else if !defects.meets(Defect::TransferDispatchNotBooked) {
            wanted.push(posting(left, TransferPostingKind::Dispatched, &transfer.lines));
        }
        wanted.retain(|posting| !self.postings.contains_key(&posting.posting_id));
        wanted
    }
}

/// The call that books a posting.
fn task(posting: &TransferPosting, number: u32, chain: &Chain, now: Timestamp) -> Task {
    let call = PartnerCall::new(erp::POST_TRANSFER, &[], posting);
    let intent = Intent::BookTransfer { posting: posting.posting_id.clone() };
    let about = posting.transfer_id.as_str().into();
    Task {
        key: idempotency_key(&about, &intent),
        order_number: about,
        intent,
        partner: System::Erp,
        operation: call.operation.id.to_owned(),
        parameters: call.parameters,
        body: call.body,
        chain: chain.clone(),
        asked_at: now,
        number,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use counterproof_contracts::model::TransferLine;
    use proptest::prelude::*;

    use super::*;

    fn lines(quantity: u32) -> Vec<TransferLine> {
        vec![TransferLine { sku: "SKU-A".into(), quantity }]
    }

    fn told() -> [TransferInput; 4] {
        let receipt = |id: &str, quantity| {
            TransferInput::Received(TransferReceipt {
                receipt_id: id.to_owned(),
                transfer_id: "T-1".into(),
                node_id: "dc-north".into(),
                lines: lines(quantity),
                received_at: Timestamp::UNIX_EPOCH,
            })
        };
        [
            TransferInput::Dispatched(Transfer {
                transfer_id: "T-1".into(),
                from_node: "store-12".into(),
                to_node: "dc-north".into(),
                lines: lines(5),
                dispatched_at: Timestamp::UNIX_EPOCH,
            }),
            receipt("R-1", 2),
            receipt("R-2", 1),
            TransferInput::Lost(TransferLoss {
                loss_id: "L-1".to_owned(),
                transfer_id: "T-1".into(),
                lines: lines(2),
                lost_at: Timestamp::UNIX_EPOCH,
            }),
        ]
    }

    fn posting(task: &Task) -> TransferPosting {
        serde_json::from_value(task.body.clone()).unwrap()
    }

    fn take(process: &mut TransferProcess, input: TransferInput) -> Vec<Task> {
        let chain = Chain { correlation: "c".into(), causation: "e".to_owned() };
        take_transfer(process, input, (&chain, Timestamp::UNIX_EPOCH), &Defects::default())
    }

    #[test]
    fn what_came_waits_until_it_is_booked_that_it_left() {
        let [left, came, _, lost] = told();
        let mut process = TransferProcess::default();
        assert_eq!(take(&mut process, came), []);
        assert_eq!(take(&mut process, lost), []);
        let tasks = take(&mut process, left.clone());
        let kinds: Vec<_> = tasks.iter().map(|task| posting(task).kind).collect();
        assert_eq!(kinds, [TransferPostingKind::Dispatched]);
        assert_eq!(take(&mut process, left), [], "told again");
        let booked = TransferInput::Booked(posting(&tasks[0]).posting_id);
        let tasks = take(&mut process, booked.clone());
        let kinds: Vec<_> = tasks.iter().map(|task| posting(task).kind).collect();
        assert_eq!(kinds, [TransferPostingKind::Received, TransferPostingKind::WrittenOff]);
        assert_eq!(take(&mut process, booked), []);
    }

    proptest! {
        /// Whatever the order in which it is told, and however often: each fact is booked once, what left first.
        #[test]
        fn every_fact_is_booked_once(order in proptest::collection::vec(0_usize..4, 0..30)) {
            let mut process = TransferProcess::default();
            let mut posted = Vec::new();
            for index in order.into_iter().chain(0..4) {
                let mut open = take(&mut process, told()[index].clone());
                while let Some(task) = open.pop() {
                    posted.push(posting(&task));
                    open.extend(take(&mut process, TransferInput::Booked(posting(&task).posting_id)));
                }
            }
            prop_assert_eq!(posted[0].kind, TransferPostingKind::Dispatched);
            let mut units: Vec<u32> = posted.iter().map(|posting| posting.lines[0].quantity).collect();
            units.sort_unstable();
            prop_assert_eq!(units, [1, 2, 2, 5]);
        }
    }
}
