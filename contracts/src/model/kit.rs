//! Kits: sold as one, shipped as several. The parts are lines of the order, so that stock, tax, parcels and returns
//! know nothing of kits; what a kit costs less than its parts is a promotion on them, spread by largest remainder.

use serde::{Deserialize, Serialize};

use super::{LineId, Money, Sku};

/// Something that was sold as one and ships as several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kit {
    /// Identifier within the order.
    pub kit_id: String,
    /// What was sold. It has no stock of its own.
    pub sku: Sku,
    /// Kits.
    pub quantity: u32,
    /// Price of one kit before further promotions.
    pub unit_price: Money,
    /// Its parts.
    pub components: Vec<KitComponent>,
}

/// A line of the order that is a part of a kit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitComponent {
    /// The line.
    pub line_id: LineId,
    /// Units of it in one kit.
    pub quantity: u32,
}

impl Kit {
    /// How many whole kits units of each line make; `None` if they make none exactly.
    pub fn whole(&self, units: impl Fn(&LineId) -> u32) -> Option<u32> {
        let mut kits = None;
        for component in &self.components {
            let units = units(&component.line_id);
            let made = units.checked_div(component.quantity)?;
            if made.checked_mul(component.quantity) != Some(units) || kits.is_some_and(|kits| kits != made) {
                return None;
            }
            kits = Some(made);
        }
        kits
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Currency;

    fn kit(parts: &[u32]) -> Kit {
        let part = |(number, quantity): (usize, &u32)| KitComponent {
            line_id: LineId::new(number.to_string()),
            quantity: *quantity,
        };
        Kit {
            kit_id: "kit-1".to_owned(),
            sku: "set".into(),
            quantity: 1,
            unit_price: Money::new(100, Currency::EUR),
            components: parts.iter().enumerate().map(part).collect(),
        }
    }

    #[test]
    fn parts_that_do_not_fit_make_no_kit() {
        let units = |of: [u32; 2]| move |line: &LineId| of[usize::from(line.as_str() == "1")];
        assert_eq!(kit(&[1, 2]).whole(units([3, 6])), Some(3));
        assert_eq!(kit(&[1, 2]).whole(units([3, 5])), None);
        assert_eq!(kit(&[1, 2]).whole(units([2, 6])), None);
        assert_eq!(kit(&[0, 2]).whole(units([2, 6])), None);
        assert_eq!(kit(&[]).whole(units([2, 6])), None);
    }

    proptest! {
        #[test]
        fn as_many_kits_as_were_taken_apart(parts in prop::collection::vec(1_u32..20, 1..6), kits in 0_u32..1_000) {
            let kit = kit(&parts);
            let units = |line: &LineId| {
                let part = kit.components.iter().find(|part| part.line_id == *line);
                part.map_or(0, |part| part.quantity * kits)
            };
            prop_assert_eq!(kit.whole(units), Some(kits));
        }
    }
}
