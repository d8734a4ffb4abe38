//! How a channel is told: by a call, or, where its store takes part in no calls, by a file with one record.

use counterproof_contracts::{
    batch::{self, Filed, Record},
    model::{BatchFormat, BatchKind, OrderStatusUpdate, RefundNotice},
    protocol::{channel, pos},
};

use super::{
    state::{Chain, OrderProcess},
    task::PartnerCall,
};

/// Tells where the order stands.
pub(super) fn status(process: &OrderProcess, update: &OrderStatusUpdate, chain: &Chain) -> PartnerCall {
    let name = format!("status-{}-{}", update.order_number, update.sequence);
    in_file(process, &name, chain, Record::Status(Box::new(update.clone()))).unwrap_or_else(|| {
        let operation = channel::update_order_status(process.order.sales_channel.system());
        PartnerCall::new(operation, &[update.order_number.as_str()], update)
    })
}

/// Tells of a refund; a marketplace pays it.
pub(super) fn refund(process: &OrderProcess, notice: &RefundNotice, chain: &Chain) -> PartnerCall {
    let name = format!("refund-{}", notice.refund.refund_id);
    in_file(process, &name, chain, Record::Refund(Box::new(notice.clone()))).unwrap_or_else(|| {
        let operation = channel::notify_refund(process.order.sales_channel.system());
        PartnerCall::new(operation, &[notice.order_number.as_str()], notice)
    })
}

fn in_file(process: &OrderProcess, name: &str, chain: &Chain, record: Record) -> Option<PartnerCall> {
    let partner = process.files_for.as_ref()?;
    let filed = Filed { record, correlation: chain.correlation.clone() };
    // Every record has a form in JSON lines.
    let file = batch::write(name, partner, BatchFormat::Jsonl, BatchKind::Statuses, &[filed]).ok()?;
    Some(PartnerCall::new(pos::DELIVER_BATCH, &[], &file))
}
