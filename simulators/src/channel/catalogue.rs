//! What a channel knows of products, places and customers: the newest version that it was told.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{CustomerChange, CustomerRef, LocationChange, NodeId, ProductChange, Sku},
    protocol::{Problem, ProblemKind},
};

use super::Channel;
use crate::kernel::Scene;

/// Products, places and customers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Catalogue {
    products: BTreeMap<Sku, ProductChange>,
    locations: BTreeMap<NodeId, LocationChange>,
    customers: BTreeMap<CustomerRef, CustomerChange>,
}

impl Catalogue {
    /// Nothing is known.
    pub(super) const fn new() -> Self {
        Self { products: BTreeMap::new(), locations: BTreeMap::new(), customers: BTreeMap::new() }
    }
}

/// Path and body must name the same.
fn check_path(what: &str, path: &str, body: &str) -> Result<(), Problem> {
    if path == body {
        return Ok(());
    }
    let detail = format!("path names {what} {path}, body names {body}");
    Err(Problem::new(ProblemKind::BusinessRule, detail))
}

impl Channel {
    /// The version of a product that customers see; `None` if the channel was never told.
    pub fn product_version(&self, sku: &Sku) -> Option<u64> {
        self.catalogue.products.get(sku).map(|known| known.version)
    }

    /// The version of a place that is known here; `None` if the channel was never told.
    pub fn location_version(&self, node_id: &NodeId) -> Option<u64> {
        self.catalogue.locations.get(node_id).map(|known| known.version)
    }

    pub(super) fn put_product(
        &mut self,
        path: &str,
        change: ProductChange,
        scene: &mut Scene<'_>,
    ) -> Result<ProductChange, Problem> {
        let sku = change.product.sku.clone();
        check_path("product", path, sku.as_str())?;
        if let Some(known) = self.catalogue.products.get(&sku).filter(|known| known.version >= change.version)
        {
            return Ok(known.clone());
        }
        self.catalogue.products.insert(sku, change.clone());
        scene.commit(Effect::ProductShown { change: change.clone() });
        Ok(change)
    }

    pub(super) fn put_location(
        &mut self,
        path: &str,
        change: LocationChange,
        scene: &mut Scene<'_>,
    ) -> Result<LocationChange, Problem> {
        let node_id = change.location.node_id.clone();
        check_path("place", path, node_id.as_str())?;
        if let Some(known) =
            self.catalogue.locations.get(&node_id).filter(|known| known.version >= change.version)
        {
            return Ok(known.clone());
        }
        self.catalogue.locations.insert(node_id, change.clone());
        scene.commit(Effect::LocationShown { change: change.clone() });
        Ok(change)
    }

    /// The version of a customer that is known here; `None` if the channel was never told.
    pub fn customer_version(&self, customer_ref: &CustomerRef) -> Option<u64> {
        self.catalogue.customers.get(customer_ref).map(|known| known.version)
    }

    pub(super) fn put_customer(
        &mut self,
        path: &str,
        change: CustomerChange,
        scene: &mut Scene<'_>,
    ) -> Result<CustomerChange, Problem> {
        let customer_ref = change.customer.customer_ref.clone();
        check_path("customer", path, customer_ref.as_str())?;
        let known = self.catalogue.customers.get(&customer_ref);
        if let Some(known) = known.filter(|known| known.version >= change.version) {
            return Ok(known.clone());
        }
        self.catalogue.customers.insert(customer_ref, change.clone());
        scene.commit(Effect::CustomerShown { change: change.clone() });
        Ok(change)
    }
}
