//! Transfers: goods that one place sends to another. The warehouse system of all places tells what left, what came and
//! what will not come any more.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{CorrelationId, NodeId, Sku, Transfer, TransferId, TransferLine, TransferLoss, TransferReceipt},
    protocol::EventData,
};

use super::{ActionError, Wms, tell};
use crate::kernel::Scene;

/// A transfer that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sent {
    transfer: Transfer,
    /// Units that neither came nor were given up.
    open: BTreeMap<Sku, u32>,
    correlation: CorrelationId,
}

impl Wms {
    /// A place sends goods to another; they have left.
    pub fn send_transfer(
        &mut self,
        scene: &mut Scene<'_>,
        transfer_id: &TransferId,
        (from, to): (&NodeId, &NodeId),
        items: &[(Sku, u32)],
    ) -> Result<(), ActionError> {
        for node_id in [from, to] {
            self.check_node(node_id).map_err(|problem| ActionError::Impossible(problem.to_string()))?;
        }
        let known = self.transfers.contains_key(transfer_id);
        let twice = items
            .iter()
            .enumerate()
            .any(|(index, (sku, _))| items[..index].iter().any(|other| other.0 == *sku));
        if from == to || known || twice || items.is_empty() || items.iter().any(|(_, units)| *units == 0) {
            return Err(ActionError::Impossible(format!("transfer {transfer_id} makes no sense")));
        }
        let transfer = Transfer {
            transfer_id: transfer_id.clone(),
            from_node: from.clone(),
            to_node: to.clone(),
            lines: lines(items),
            dispatched_at: scene.now(),
        };
        let correlation = scene.correlation().clone();
        scene.commit(Effect::TransferDispatched { transfer: transfer.clone() });
        tell(scene, &correlation, None, EventData::TransferDispatched(transfer.clone()));
        let open = items.iter().cloned().collect();
        self.transfers.insert(transfer_id.clone(), Sent { transfer, open, correlation });
        Ok(())
    }

    /// Goods of a transfer came, all of them or some.
    pub fn receive_transfer(
        &mut self,
        scene: &mut Scene<'_>,
        transfer_id: &TransferId,
        items: &[(Sku, u32)],
    ) -> Result<(), ActionError> {
        let sent = self.sent(transfer_id)?;
        for (sku, units) in items {
            let open = sent.open.get(sku).copied().unwrap_or(0);
            if *units == 0 || *units > open {
                return Err(ActionError::Impossible(format!("{open} units of {sku} are on the way")));
            }
        }
        for (sku, units) in items {
            sent.open.entry(sku.clone()).and_modify(|open| *open -= units);
        }
        let receipt = TransferReceipt {
            receipt_id: scene.id("dock", transfer_id.as_str()),
            transfer_id: transfer_id.clone(),
            node_id: sent.transfer.to_node.clone(),
            lines: lines(items),
            received_at: scene.now(),
        };
        scene.commit(Effect::TransferReceived { receipt: receipt.clone() });
        tell(scene, &sent.correlation, None, EventData::TransferReceived(receipt));
        Ok(())
    }

    /// What did not come of a transfer is given up.
    pub fn lose_transfer(
        &mut self,
        scene: &mut Scene<'_>,
        transfer_id: &TransferId,
    ) -> Result<(), ActionError> {
        let sent = self.sent(transfer_id)?;
        let missing: Vec<(Sku, u32)> =
            std::mem::take(&mut sent.open).into_iter().filter(|(_, units)| *units > 0).collect();
        if missing.is_empty() {
            return Err(ActionError::Impossible(format!("all of transfer {transfer_id} came")));
        }
        let loss = TransferLoss {
            loss_id: scene.id("loss", transfer_id.as_str()),
            transfer_id: transfer_id.clone(),
            lines: lines(&missing),
            lost_at: scene.now(),
        };
        scene.commit(Effect::TransferLost { loss: loss.clone() });
        tell(scene, &sent.correlation, None, EventData::TransferLost(loss));
        Ok(())
    }

    fn sent(&mut self, transfer_id: &TransferId) -> Result<&mut Sent, ActionError> {
        let missing = || ActionError::Impossible(format!("no transfer {transfer_id}"));
        self.transfers.get_mut(transfer_id).ok_or_else(missing)
    }
}

fn lines(items: &[(Sku, u32)]) -> Vec<TransferLine> {
    items.iter().map(|(sku, quantity)| TransferLine { sku: sku.clone(), quantity: *quantity }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wms::tests::{SHIRT, SOCKS, stage};

    fn item(sku: &str, units: u32) -> (Sku, u32) {
        (sku.into(), units)
    }

    #[test]
    fn what_left_comes_in_parts_and_the_rest_is_given_up_once() {
        let mut stage = stage();
        let (id, from, to) = (TransferId::new("T-1"), NodeId::new("store-12"), NodeId::new("dc-north"));
        let sent = [item(SHIRT, 3), item(SOCKS, 2)];
        let played = stage.act(|wms, scene| wms.send_transfer(scene, &id, (&from, &to), &sent));
        assert_eq!((played.answer, played.events.len()), (Ok(()), 1));
        let came = [item(SHIRT, 2)];
        let played = stage.act(|wms, scene| wms.receive_transfer(scene, &id, &came));
        assert!(matches!(&played.events[0].data, EventData::TransferReceived(told) if told.node_id == to));
        let played = stage.act(|wms, scene| wms.receive_transfer(scene, &id, &came));
        assert!(matches!(played.answer, Err(ActionError::Impossible(_))), "one shirt is on the way");
        let played = stage.act(|wms, scene| wms.lose_transfer(scene, &id));
        let Effect::TransferLost { loss } = &played.effects[0].effect else { panic!("{:?}", played.effects) };
        assert_eq!(loss.lines, lines(&[item(SOCKS, 2), item(SHIRT, 1)]));
        let played = stage.act(|wms, scene| wms.lose_transfer(scene, &id));
        assert!(played.answer.is_err());
    }

    #[test]
    fn a_transfer_without_sense_is_refused() {
        let mut stage = stage();
        let (id, here, nowhere) = (TransferId::new("T-1"), NodeId::new("store-12"), NodeId::new("moon"));
        let north = NodeId::new("dc-north");
        for (to, items) in [
            (&here, vec![item(SHIRT, 1)]),
            (&nowhere, vec![item(SHIRT, 1)]),
            (&north, vec![]),
            (&north, vec![item(SHIRT, 0)]),
            (&north, vec![item(SHIRT, 1), item(SHIRT, 2)]),
        ] {
            let played = stage.act(|wms, scene| wms.send_transfer(scene, &id, (&here, to), &items));
            assert!(played.answer.is_err() && played.effects.is_empty(), "{to} {items:?}");
        }
    }
}
