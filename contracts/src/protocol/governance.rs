//! What the published files declare of each operation and event beside its shape: who owns it, whose truth it
//! is about, who may call it, how soon an answer is owed, how much of it there is, and how urgent it is.
//!
//! The files are the only source (`x-governance` in OpenAPI and AsyncAPI). Nothing is decided here: a middleware
//! orders its work by [`Operation::criticality`] and admits by [`Operation::callers`], an operator looks up owners.

use serde::Deserialize;

use super::{EventType, Operation};
use crate::{model::System, shape};

/// Which operations go first when more waits for a system than it can take. After an outage, or at a peak,
/// whatever waits is carried out by class, and by age within a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Criticality {
    /// Order acceptance, payment confirmation, inventory reservation, release and cancellation of shipments,
    /// receipt of returns, refunds.
    Critical,
    /// Bookkeeping that follows: stock movements, invoices, taxes, notices.
    Normal,
    /// What tells where things stand, and reads.
    Low,
}

/// How soon an answer is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Latency {
    /// A person waits at a screen or a counter: within a second, synchronously.
    Interactive,
    /// Work on a floor waits: within seconds.
    Prompt,
    /// Nobody waits: minutes do no harm.
    Deferred,
}

/// How much of it there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Volume {
    /// Several for each order, or one with each change of stock or scan of a parcel.
    High,
    /// About one for each order or parcel.
    Medium,
    /// Less than one for ten orders: returns, cancellations, work by hand.
    Low,
}

/// Who keeps an interface, releases its versions and is called when it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// Orders across channels: the middleware.
    OrderManagement,
    /// Warehouses and 3PLs.
    Fulfillment,
    /// Carriers and labels.
    Logistics,
    /// The ERP.
    Finance,
    /// Payment provider and stored value.
    Payments,
    /// Tax engine.
    Tax,
    /// Web shop, app and social selling.
    Commerce,
    /// Marketplaces.
    Marketplaces,
    /// Points of sale.
    Stores,
    /// Customer service.
    CustomerCare,
    /// Products, places and codes.
    MasterData,
}

macro_rules! named {
    ($($kind:ty { $($variant:ident $name:literal),+ $(,)? })+) => {$(
        impl $kind {
            /// As the files write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    )+};
}

named! {
    Criticality { Critical "critical", Normal "normal", Low "low" }
    Latency { Interactive "interactive", Prompt "prompt", Deferred "deferred" }
    Volume { High "high", Medium "medium", Low "low" }
    Owner {
        OrderManagement "order-management", Fulfillment "fulfillment", Logistics "logistics",
        Finance "finance", Payments "payments", Tax "tax", Commerce "commerce",
        Marketplaces "marketplaces", Stores "stores", CustomerCare "customer-care", MasterData "master-data",
    }
}

/// `x-governance` of an operation or event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Governance {
    /// Who keeps it.
    pub owner: Owner,
    /// Whose books are right where systems differ about what it is about.
    pub system_of_record: System,
    /// Who calls it; empty for events, whose source tells them.
    #[serde(default)]
    pub callers: Vec<System>,
    /// Callers that reach orders of their own channel only.
    #[serde(default)]
    pub own_orders: Vec<System>,
    /// How soon an answer is owed.
    pub latency: Latency,
    /// How much of it there is.
    pub volume: Volume,
    /// How urgent it is.
    pub criticality: Criticality,
}

/// What a published file says of an operation or event in words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declaration {
    /// What it does, or what happened.
    pub summary: String,
    /// `x-governance`; absent where the file lacks it, which a test forbids.
    pub governance: Option<Governance>,
    /// Problem types that it may answer with; none for events.
    pub problem_types: Vec<String>,
    /// Whether its caller must prove with a token who it is (`security`).
    pub needs_token: bool,
}

impl Operation {
    /// What its file says of it; `None` if no file has it.
    pub fn declaration(self) -> Option<&'static Declaration> {
        shape::operation_declaration(self)
    }

    /// How urgent it is, as its file says.
    ///
    /// ```
    /// use counterproof_contracts::protocol::{Criticality, erp};
    /// assert!(erp::CREATE_RESERVATION.criticality() < erp::POST_INVOICE.criticality());
    /// ```
    pub fn criticality(self) -> Criticality {
        self.governance().map_or(Criticality::Low, |governance| governance.criticality)
    }
}

impl Operation {
    fn governance(self) -> Option<&'static Governance> {
        self.declaration()?.governance.as_ref()
    }

    /// Who calls it.
    ///
    /// ```
    /// use counterproof_contracts::{model::System, protocol::middleware};
    /// assert_eq!(middleware::RECEIVE_RETURN.callers(), [System::Pos]);
    /// assert!(middleware::CANCEL_ORDER.own_orders().contains(&System::Marketplace));
    /// ```
    pub fn callers(self) -> &'static [System] {
        self.governance().map_or(&[], |governance| &governance.callers)
    }

    /// Callers that reach orders of their own channel only.
    pub fn own_orders(self) -> &'static [System] {
        self.governance().map_or(&[], |governance| &governance.own_orders)
    }

    /// Whether its caller must prove with a token who it is.
    pub fn needs_token(self) -> bool {
        self.declaration().is_some_and(|declared| declared.needs_token)
    }
}

impl EventType {
    /// What the file says of it; `None` if no file has it.
    pub fn declaration(self) -> Option<&'static Declaration> {
        shape::event_declaration(self.name())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;
    use crate::protocol::{Method, OPERATIONS, Tokens};

    fn governance(
        declaration: Option<&'static Declaration>,
        of: &dyn std::fmt::Display,
    ) -> &'static Governance {
        let declared = declaration.and_then(|declared| declared.governance.as_ref());
        declared.unwrap_or_else(|| {
            panic!(
                "{of} says not who governs it: add \"x-governance\" beside its summary with owner, \
                 system-of-record, callers (operations only), latency, volume and criticality; \
                 contracts/README.md lists the values"
            )
        })
    }

    #[test]
    fn every_operation_says_who_governs_it_and_who_calls_it() {
        for operation in OPERATIONS {
            let governance = governance(operation.declaration(), operation);
            let partner = operation.system != System::Middleware;
            let called_by_middleware = governance.callers == [System::Middleware];
            assert!(!governance.callers.is_empty(), "{operation} names no callers");
            assert_eq!(partner, called_by_middleware, "{operation} is called by {:?}", governance.callers);
        }
    }

    #[test]
    fn who_calls_the_middleware_has_a_token_and_nobody_reaches_orders_without_calling() {
        for operation in OPERATIONS {
            let middleware = operation.system == System::Middleware;
            let open = ["readHealth", "receiveEvent"].contains(&operation.id);
            assert_eq!(operation.needs_token(), middleware && !open, "{operation}");
            assert!(
                operation.own_orders().iter().all(|own| operation.callers().contains(own)),
                "{operation}"
            );
            if operation.needs_token() {
                let have = |caller: &System| Tokens::CALLERS.contains(caller);
                assert!(operation.callers().iter().all(have), "{operation}: {:?}", operation.callers());
            }
        }
    }

    #[test]
    fn every_event_says_who_governs_it() {
        for kind in EventType::ALL {
            let governance = governance(kind.declaration(), &kind.name());
            assert!(governance.callers.is_empty(), "the source of {} tells who says it", kind.name());
        }
    }

    #[test]
    fn where_an_answer_is_owed_a_person_waits_and_what_is_low_moves_nothing() {
        for operation in OPERATIONS.iter().filter(|operation| operation.criticality() == Criticality::Low) {
            let telling = [
                "updateOrderStatus",
                "notifyRefund",
                "deliverBatch",
                "addTimelineEntry",
                "publishStock",
                "putProduct",
                "putLocation",
                "putCustomer",
            ];
            assert!(
                operation.method == Method::Get
                    || telling.contains(&operation.id)
                    || operation.id.starts_with("replay"),
                "{operation} changes something, so it is normal or critical"
            );
        }
    }

    #[test]
    fn names_are_those_of_the_files() {
        let read = |text: &str| serde_json::from_str::<Owner>(&format!("{text:?}")).unwrap();
        assert_eq!(read(Owner::CustomerCare.name()), Owner::CustomerCare);
        assert!(serde_json::from_str::<Criticality>("\"urgent\"").is_err());
        let more = r#"{"owner":"tax","system-of-record":"tax","latency":"prompt","volume":"low","criticality":"low","sla":1}"#;
        assert!(serde_json::from_str::<Governance>(more).is_err(), "an unknown field is refused");
    }
}
