//! Who takes part.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A system of the landscape. The middleware is the implementation under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum System {
    /// Books: sales orders, reservations, stock per node, invoices, credit memos.
    Erp,
    /// Warehouse or 3PL: picks, packs, ships, receives and inspects returns.
    Wms,
    /// Payment service provider.
    Psp,
    /// Parcel carrier.
    Carrier,
    /// Tax engine.
    Tax,
    /// Web shop, mobile and social selling.
    Storefront,
    /// A marketplace that collects the customer's money itself.
    Marketplace,
    /// The stores' point of sale.
    Pos,
    /// Customer service.
    CustomerService,
    /// Gift cards and store credit.
    StoredValue,
    /// The integration that is judged.
    Middleware,
}

/// A name that is no system's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown system {0:?}")]
pub struct UnknownSystem(pub String);

impl System {
    /// Every system that is played around the implementation, in the order of their ports.
    pub const PARTNERS: [Self; 10] = [
        Self::Erp,
        Self::Wms,
        Self::Psp,
        Self::Carrier,
        Self::Tax,
        Self::Storefront,
        Self::Marketplace,
        Self::Pos,
        Self::CustomerService,
        Self::StoredValue,
    ];

    /// The name on the command line, in files and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Erp => "erp",
            Self::Wms => "wms",
            Self::Psp => "psp",
            Self::Carrier => "carrier",
            Self::Tax => "tax",
            Self::Storefront => "storefront",
            Self::Marketplace => "marketplace",
            Self::Pos => "pos",
            Self::CustomerService => "customer_service",
            Self::StoredValue => "stored_value",
            Self::Middleware => "middleware",
        }
    }

    /// The name in a sentence.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Erp => "ERP",
            Self::Wms => "warehouse",
            Self::Psp => "payment provider",
            Self::Carrier => "carrier",
            Self::Tax => "tax engine",
            Self::Storefront => "storefront",
            Self::Marketplace => "marketplace",
            Self::Pos => "point of sale",
            Self::CustomerService => "customer service",
            Self::StoredValue => "stored value",
            Self::Middleware => "middleware",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for System {
    type Err = UnknownSystem;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::PARTNERS
            .into_iter()
            .chain([Self::Middleware])
            .find(|system| system.name() == text.replace('-', "_"))
            .ok_or_else(|| UnknownSystem(text.to_owned()))
    }
}
