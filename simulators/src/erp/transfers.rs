//! Transfers between places. What left one place lies at the other as goods in transit until it came or is written off.
//!
//! A posting is booked as a whole or not at all. No more comes or is written off than is on the way; that the same
//! posting is booked twice under two keys is not the ERP's to find.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{
        InventoryMovement, MovementReason, NodeId, Sku, StockCondition, TransferId, TransferLine,
        TransferPosting, TransferPostingKind,
    },
    protocol::Problem,
};

use super::{Erp, at};
use crate::kernel::Scene;

/// What is on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    from_node: NodeId,
    to_node: NodeId,
    on_the_way: BTreeMap<Sku, i64>,
}

/// All transfers that were booked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Transfers(BTreeMap<TransferId, Route>);

impl Transfers {
    /// Refuses goods that are not on the way between these places.
    fn check(&self, posting: &TransferPosting) -> Result<(), Problem> {
        let Some(route) = self.0.get(&posting.transfer_id) else {
            return Err(at("/transfer_id", format!("nothing left for transfer {}", posting.transfer_id)));
        };
        if (&route.from_node, &route.to_node) != (&posting.from_node, &posting.to_node) {
            let detail = format!("the transfer goes from {} to {}", route.from_node, route.to_node);
            return Err(at("/to_node", detail));
        }
        for (index, line) in posting.lines.iter().enumerate() {
            let there = route.on_the_way.get(&line.sku).copied().unwrap_or(0);
            if i64::from(line.quantity) > there {
                let detail = format!("{there} units of {} are on the way", line.sku);
                return Err(at(&format!("/lines/{index}/quantity"), detail));
            }
        }
        Ok(())
    }
}

impl Erp {
    /// Books that goods of a transfer left, came or are lost.
    pub(super) fn post_transfer(
        &mut self,
        posting: TransferPosting,
        scene: &mut Scene<'_>,
    ) -> Result<TransferPosting, Problem> {
        self.check_transfer(&posting)?;
        scene.commit(Effect::TransferPosted { posting: posting.clone() });
        for line in &posting.lines {
            for (node_id, condition, quantity) in moves(&posting, line) {
                let number = scene.id("transfer", posting.transfer_id.as_str());
                let written_off = posting.kind == TransferPostingKind::WrittenOff;
                let movement = InventoryMovement {
                    movement_id: number.into(),
                    order_number: None,
                    line_id: None,
                    node_id: node_id.clone(),
                    sku: line.sku.clone(),
                    condition,
                    quantity,
                    reason: if written_off { MovementReason::Adjustment } else { MovementReason::Transfer },
                    cause: posting.transfer_id.to_string(),
                };
                self.move_stock(movement, scene)?;
            }
            self.route(&posting, line);
            if posting.kind == TransferPostingKind::Received {
                self.keep_promises(scene, &posting.to_node, &line.sku);
                self.tell_stock(scene, [&line.sku]);
            }
        }
        Ok(posting)
    }

    /// Refuses what cannot be booked, before any of it is.
    fn check_transfer(&self, posting: &TransferPosting) -> Result<(), Problem> {
        if posting.from_node == posting.to_node {
            return Err(at("/to_node", "goods go from one place to another".to_owned()));
        }
        for (index, line) in posting.lines.iter().enumerate() {
            if posting.lines.iter().take(index).any(|other| other.sku == line.sku) {
                return Err(at(
                    &format!("/lines/{index}/sku"),
                    "a transfer has one line for each SKU".to_owned(),
                ));
            }
        }
        let skus = posting.lines.iter().map(|line| &line.sku);
        self.master.check_known(skus, |index| format!("/lines/{index}/sku"))?;
        self.master.check_place(&posting.from_node, "/from_node")?;
        self.master.check_place(&posting.to_node, "/to_node")?;
        if posting.kind != TransferPostingKind::Dispatched {
            return self.transfers.check(posting);
        }
        for (index, line) in posting.lines.iter().enumerate() {
            let there = self.on_hand(&line.sku, &posting.from_node);
            if i64::from(line.quantity) > there {
                let detail = format!("{there} units of {} are at {}", line.sku, posting.from_node);
                return Err(super::too_few(&format!("/lines/{index}/quantity"), detail));
            }
        }
        Ok(())
    }

    fn route(&mut self, posting: &TransferPosting, line: &TransferLine) {
        let route = self.transfers.0.entry(posting.transfer_id.clone()).or_insert_with(|| Route {
            from_node: posting.from_node.clone(),
            to_node: posting.to_node.clone(),
            on_the_way: BTreeMap::new(),
        });
        let left = posting.kind == TransferPostingKind::Dispatched;
        let quantity = if left { i64::from(line.quantity) } else { -i64::from(line.quantity) };
        *route.on_the_way.entry(line.sku.clone()).or_insert(0) += quantity;
    }
}

/// What a posting moves of a line.
fn moves<'p>(posting: &'p TransferPosting, line: &TransferLine) -> Vec<(&'p NodeId, StockCondition, i64)> {
    use StockCondition::{InTransit, Sellable};
    let units = i64::from(line.quantity);
    match posting.kind {
        TransferPostingKind::Dispatched => {
            vec![(&posting.from_node, Sellable, -units), (&posting.to_node, InTransit, units)]
        }
        TransferPostingKind::Received => {
            vec![(&posting.to_node, InTransit, -units), (&posting.to_node, Sellable, units)]
        }
        TransferPostingKind::WrittenOff => vec![(&posting.to_node, InTransit, -units)],
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use counterproof_contracts::protocol::erp as operations;

    use super::*;
    use crate::{
        erp::tests::{Answered, SHIRT, open, stage},
        test_stage::Stage,
        world::testing::call,
    };

    fn posting(id: &str, kind: TransferPostingKind, quantity: u32) -> TransferPosting {
        TransferPosting {
            posting_id: id.to_owned(),
            transfer_id: "T-1".into(),
            kind,
            from_node: "dc-north".into(),
            to_node: "store-12".into(),
            lines: vec![TransferLine { sku: SHIRT.into(), quantity }],
        }
    }

    fn post(stage: &mut Stage<Erp>, posting: &TransferPosting) -> Answered {
        call(stage, operations::POST_TRANSFER, &[], posting)
    }

    fn lie(stage: &Stage<Erp>) -> (i64, i64, i64) {
        let at = |node: &str, condition| stage.core.units(&SHIRT.into(), &node.into(), condition);
        (
            at("dc-north", StockCondition::Sellable),
            at("store-12", StockCondition::InTransit),
            at("store-12", StockCondition::Sellable),
        )
    }

    #[test]
    fn goods_leave_are_on_the_way_and_come_in_part() {
        let mut stage = stage();
        open(&mut stage, "dc-north", SHIRT, 5);
        post(&mut stage, &posting("p-1", TransferPostingKind::Dispatched, 4)).answer.unwrap();
        assert_eq!(lie(&stage), (1, 4, 0));
        assert_eq!(stage.core.unclaimed(&SHIRT.into()), 1, "what is on the way is nobody's to claim");
        post(&mut stage, &posting("p-2", TransferPostingKind::Received, 3)).answer.unwrap();
        assert_eq!(lie(&stage), (1, 1, 3));
        post(&mut stage, &posting("p-3", TransferPostingKind::WrittenOff, 1)).answer.unwrap();
        assert_eq!(lie(&stage), (1, 0, 3));
    }

    #[test]
    fn what_the_books_cannot_hold_is_refused_as_a_whole() {
        let mut stage = stage();
        open(&mut stage, "dc-north", SHIRT, 5);
        let received = posting("p-1", TransferPostingKind::Received, 1);
        assert_eq!(post(&mut stage, &received).refusal(), "business-rule");
        let too_many = posting("p-2", TransferPostingKind::Dispatched, 6);
        assert_eq!(post(&mut stage, &too_many).refusal(), "insufficient-stock");
        post(&mut stage, &posting("p-3", TransferPostingKind::Dispatched, 2)).answer.unwrap();
        let before = stage.core.clone();
        for wrong in [
            posting("p-4", TransferPostingKind::Received, 3),
            posting("p-4", TransferPostingKind::WrittenOff, 3),
            TransferPosting {
                to_node: "store-27".into(),
                ..posting("p-4", TransferPostingKind::Received, 1)
            },
            TransferPosting {
                to_node: "dc-north".into(),
                ..posting("p-4", TransferPostingKind::Dispatched, 1)
            },
            TransferPosting {
                lines: vec![TransferLine { sku: SHIRT.into(), quantity: 1 }; 2],
                ..posting("p-4", TransferPostingKind::Received, 1)
            },
        ] {
            assert_eq!(post(&mut stage, &wrong).refusal(), "business-rule", "{wrong:?}");
            assert_eq!(stage.core, before);
        }
    }
}
