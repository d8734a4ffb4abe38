//! What a channel knows of products and places: the newest version that it was told.

use std::collections::BTreeMap;

use counterproof_contracts::{
    journal::Effect,
    model::{LocationChange, NodeId, ProductChange, Sku},
    protocol::{Problem, ProblemKind},
};

use super::Channel;
use crate::kernel::Scene;

/// Products and places.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Catalogue {
    products: BTreeMap<Sku, ProductChange>,
    locations: BTreeMap<NodeId, LocationChange>,
}

impl Catalogue {
    /// Nothing is known.
    pub(super) const fn new() -> Self {
        Self { products: BTreeMap::new(), locations: BTreeMap::new() }
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
}
