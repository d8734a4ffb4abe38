//! Serial numbers: scanned when goods leave, and again when they come back. A unit comes back only if it left on
//! this order and is not back yet; of lines without serial numbers nothing is asked.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::model::{LineId, ReceiptId, ReturnReceipt, SerializedUnit, Shipment};

use super::state::{OrderProcess, SerialState};

fn count<'s>(units: impl Iterator<Item = &'s SerializedUnit>) -> BTreeMap<&'s LineId, u32> {
    let mut counts = BTreeMap::new();
    for unit in units {
        *counts.entry(&unit.line_id).or_default() += 1;
    }
    counts
}

/// Whether the serial numbers of a parcel fit its units, and none of them left before without coming back.
pub(super) fn check_parcel(process: &OrderProcess, told: &Shipment) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for unit in &told.serials {
        let is_out = process.serials.get(&unit.serial).is_some_and(|known| known.returned.is_none());
        if is_out || !seen.insert(&unit.serial) {
            return Err(format!("serial {} is with the customer already", unit.serial));
        }
    }
    for (line, scanned) in count(told.serials.iter()) {
        let packed: u32 =
            told.lines.iter().filter(|packed| packed.line_id == *line).map(|packed| packed.quantity).sum();
        if scanned != packed {
            return Err(format!(
                "parcel {} has {scanned} serials for {packed} units of line {line}",
                told.shipment_id
            ));
        }
    }
    Ok(())
}

/// Units left.
pub(super) fn left(process: &mut OrderProcess, scanned: &[SerializedUnit]) {
    for unit in scanned {
        let state = SerialState { line_id: unit.line_id.clone(), returned: None };
        process.serials.insert(unit.serial.clone(), state);
    }
}

/// Whether returned units are those that left: of each line with serial numbers one for each unit.
pub(super) fn check_return(
    process: &OrderProcess,
    told: &ReturnReceipt,
    units: &BTreeMap<LineId, u32>,
) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for unit in &told.serials {
        let known = process.serials.get(&unit.serial).filter(|known| known.line_id == unit.line_id);
        let Some(known) = known else {
            return Err(format!("serial {} did not leave on line {}", unit.serial, unit.line_id));
        };
        if known.returned.is_some() || !seen.insert(&unit.serial) {
            return Err(format!("serial {} came back before", unit.serial));
        }
    }
    let scanned = count(told.serials.iter());
    for (line, quantity) in units {
        let has_serials = process.serials.values().any(|known| known.line_id == *line);
        let scanned = scanned.get(line).copied().unwrap_or(0);
        if has_serials && scanned != *quantity {
            return Err(format!("{scanned} serials for {quantity} units of line {line}"));
        }
    }
    Ok(())
}

/// Serial numbers of units that are taken back: of each line those that were scanned first. The others wait with their
/// units, and are told again once a clerk assigned them.
pub(super) fn of_units(scanned: &[SerializedUnit], units: &BTreeMap<LineId, u32>) -> Vec<SerializedUnit> {
    let mut left = units.clone();
    let mut taken = |unit: &&SerializedUnit| match left.get_mut(&unit.line_id) {
        Some(left) if *left > 0 => {
            *left -= 1;
            true
        }
        _ => false,
    };
    scanned.iter().filter(|unit| taken(unit)).cloned().collect()
}

/// Units came back.
pub(super) fn came_back(process: &mut OrderProcess, scanned: &[SerializedUnit], receipt: &ReceiptId) {
    for unit in scanned {
        if let Some(known) = process.serials.get_mut(&unit.serial) {
            known.returned = Some(receipt.clone());
        }
    }
}
