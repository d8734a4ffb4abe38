//! Master data: the ERP is where products, places and customers are created, changed and closed. It tells each change with a
//! version that rises, and takes no document that names a product or place it does not know.
//!
//! Products and places that nobody has said anything about are known: they were there before anything happened.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::{
    journal::Effect,
    model::{
        Customer, CustomerChange, CustomerRef, Location, LocationChange, NodeId, Product, ProductChange,
        ProductStatus, Sku,
    },
    protocol::{EventData, FieldError, Problem, ProblemKind},
};

use super::Erp;
use crate::kernel::Scene;

/// What the ERP knows of products and places.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MasterData {
    products: BTreeMap<Sku, ProductChange>,
    /// Products that are sold somewhere and were not created here yet.
    unknown: BTreeSet<Sku>,
    locations: BTreeMap<NodeId, LocationChange>,
    customers: BTreeMap<CustomerRef, CustomerChange>,
    /// Places that are in use somewhere and were not created here yet.
    unknown_places: BTreeSet<NodeId>,
}

impl MasterData {
    /// Refuses a document that names an unknown product. `pointer` says where the n-th SKU stands.
    pub(super) fn check_known<'s>(
        &self,
        skus: impl Iterator<Item = &'s Sku>,
        pointer: impl Fn(usize) -> String,
    ) -> Result<(), Problem> {
        let mut skus = skus.enumerate();
        let Some((index, sku)) = skus.find(|(_, sku)| self.unknown.contains(*sku)) else { return Ok(()) };
        Err(unknown(&format!("product {sku}"), pointer(index)))
    }

    /// Refuses a document that names an unknown place.
    pub(super) fn check_place(&self, node_id: &NodeId, pointer: &str) -> Result<(), Problem> {
        if self.unknown_places.contains(node_id) {
            return Err(unknown(&format!("place {node_id}"), pointer.to_owned()));
        }
        Ok(())
    }
}

fn unknown(what: &str, pointer: String) -> Problem {
    let errors = vec![FieldError { pointer, detail: "is not known".to_owned() }];
    Problem { errors, ..Problem::new(ProblemKind::UnknownReference, format!("{what} is not known")) }
}

impl Erp {
    /// A product is sold somewhere before it is created here.
    pub fn forget_product(&mut self, sku: &Sku) {
        self.master.unknown.insert(sku.clone());
    }

    /// A place is in use somewhere before it is created here.
    pub fn forget_location(&mut self, node_id: &NodeId) {
        self.master.unknown_places.insert(node_id.clone());
    }

    /// A product is created, changed or discontinued; everybody is told.
    pub fn change_product(&mut self, scene: &mut Scene<'_>, product: Product, status: ProductStatus) {
        let sku = product.sku.clone();
        let version = self.master.products.get(&sku).map_or(1, |known| known.version + 1);
        let change = ProductChange { version, status, product };
        self.master.unknown.remove(&sku);
        self.master.products.insert(sku, change.clone());
        scene.commit(Effect::ProductChanged { change: change.clone() });
        scene.raise(EventData::ProductChanged(change));
    }

    /// A place opens, closes or changes; everybody is told. Its version is taken from the clock, because the same place
    /// is told of in many runs.
    pub fn change_location(&mut self, scene: &mut Scene<'_>, location: Location, open: bool) {
        let node_id = location.node_id.clone();
        let now = u64::try_from(scene.now().as_millisecond()).unwrap_or(1).max(1);
        let version = self.master.locations.get(&node_id).map_or(now, |known| now.max(known.version + 1));
        let change = LocationChange { version, open, location };
        self.master.unknown_places.remove(&node_id);
        self.master.locations.insert(node_id, change.clone());
        scene.commit(Effect::LocationChanged { change: change.clone() });
        scene.raise(EventData::LocationChanged(change));
    }

    /// A customer is created or changed, or becomes part of another account; everybody is told.
    pub fn change_customer(
        &mut self,
        scene: &mut Scene<'_>,
        customer: Customer,
        merged_into: Option<CustomerRef>,
    ) {
        let customer_ref = customer.customer_ref.clone();
        let version = self.customer_version(&customer_ref) + 1;
        let change = CustomerChange { version, customer, merged_into };
        self.master.customers.insert(customer_ref, change.clone());
        scene.commit(Effect::CustomerChanged { change: change.clone() });
        scene.raise(EventData::CustomerChanged(change));
    }

    /// The version of a customer; 0 if it never changed.
    pub fn customer_version(&self, customer_ref: &CustomerRef) -> u64 {
        self.master.customers.get(customer_ref).map_or(0, |known| known.version)
    }

    /// The version of a product; 0 if it never changed.
    pub fn product_version(&self, sku: &Sku) -> u64 {
        self.master.products.get(sku).map_or(0, |known| known.version)
    }

    /// The version of a place; 0 if it never changed.
    pub fn location_version(&self, node_id: &NodeId) -> u64 {
        self.master.locations.get(node_id).map_or(0, |known| known.version)
    }
}
