//! The world that scenarios take place in: products, nodes, destinations, taxes, promotions, customers.
//!
//! It is read from `world.toml`, which is part of the binary, once. It holds master data only: what happens
//! in the world (stock, orders, documents) belongs to the simulators. [`pricing`] is the arithmetic of a
//! channel's checkout on these data, [`rating`] the arithmetic of taxes, shared with the tax engine.

mod file;
pub mod pricing;
pub mod rating;
#[cfg(test)]
pub(crate) mod testing;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use counterproof_contracts::model::{
    Address, Currency, Customer, Location, Money, NodeId, PromotionFunding, PromotionScope, SettlementTerms,
    Sku, TaxScheme, TaxType,
};
use serde::Deserialize;

pub use file::WorldError;

/// How the tax engine rates a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxCategory {
    /// The jurisdiction's standard rate.
    Standard,
    /// Its reduced rate.
    Reduced,
    /// No tax.
    Exempt,
}

impl TaxCategory {
    /// Every category.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Reduced, Self::Exempt];

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Reduced => "reduced",
            Self::Exempt => "exempt",
        }
    }
}

/// Something that is sold, in every scenario under its own SKU (see [`World::sku_for`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The name that a customer sees; one unit of it in a sentence.
    pub name: String,
    /// Several units of it in a sentence.
    pub plural: String,
    /// List price of one unit in minor units, by currency.
    pub prices: BTreeMap<Currency, i64>,
    /// How it is taxed.
    pub tax_category: TaxCategory,
    /// Sold without right of return.
    pub final_sale: bool,
    /// Each unit has a serial number, which is scanned when it is packed and when it comes back.
    pub serialized: bool,
    /// The country that it is sent from, where that is not the retailer's; ISO 3166-1 alpha-2.
    pub ships_from: Option<String>,
    /// It is a gift card: there are no goods, and it costs what it is worth.
    pub gift_card: bool,
}

impl Product {
    /// The name as the first part of a SKU: lower case, words joined by hyphens.
    pub fn slug(&self) -> String {
        slug(&self.name)
    }

    /// List price of one unit; `None` where it is not sold in the currency.
    pub fn price(&self, currency: Currency) -> Option<Money> {
        self.prices.get(&currency).map(|amount| Money::new(*amount, currency))
    }

    /// As a document of the contract, under a SKU; `None` where it is not sold in the currency.
    pub fn document(&self, sku: Sku, currency: Currency) -> Option<counterproof_contracts::model::Product> {
        Some(counterproof_contracts::model::Product {
            sku,
            name: self.name.clone(),
            price: self.price(currency)?,
            tax_category: self.tax_category.name().to_owned(),
            final_sale: self.final_sale,
        })
    }
}

/// Several products that are sold as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KitRule {
    /// The name that a customer sees; one of it in a sentence.
    pub name: String,
    /// Several of it in a sentence.
    pub plural: String,
    /// Price of one in minor units, by currency: at most what its parts cost.
    pub prices: BTreeMap<Currency, i64>,
    /// Products by name, and units of each in one kit.
    pub parts: Vec<(String, u32)>,
}

impl KitRule {
    /// The name as the first part of a SKU.
    pub fn slug(&self) -> String {
        slug(&self.name)
    }
}

fn slug(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join("-")
}

/// A place that holds goods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Identifier, name, kind, and whether it takes returned goods.
    pub location: Location,
    /// Whether the ERP may claim its stock for orders.
    pub ships_orders: bool,
}

/// A country, or a part of one, that is delivered to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// ISO 3166-1 alpha-2 of the country, or ISO 3166-2 of its part: `FR`, `US-CA`.
    pub code: String,
    /// Under which rules orders to it are taxed.
    pub scheme: TaxScheme,
    /// Currency that its customers pay in.
    pub currency: Currency,
    /// Charge for shipping in minor units; contains the tax where the jurisdiction's prices do.
    pub shipping_charge: i64,
    /// An address there, with the country.
    pub address: Address,
}

/// Who levies a tax, and how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jurisdiction {
    /// For example `DE` or `US-NY`.
    pub code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Beginnings of the postal codes that it covers; empty: the whole country.
    pub postal_prefixes: Vec<String>,
    /// Kind of tax.
    pub tax_type: TaxType,
    /// Whether prices contain the tax.
    pub included: bool,
    /// Rates in parts per million; one for each category.
    pub rates_ppm: BTreeMap<TaxCategory, u32>,
    /// Whether shipping is taxed as goods are.
    pub taxes_shipping: bool,
    /// Whether marketplaces must collect and remit the tax on what they sell for others.
    pub marketplace_collects: bool,
}

/// How much a promotion takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// A part of what is still to pay, in parts per million.
    PercentPpm(u32),
    /// Minor units, at most what is still to pay.
    Amount(i64),
}

/// A promotion that a customer can enter a code for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotionRule {
    /// The code, which is also the promotion's identifier.
    pub code: String,
    /// What it applies to.
    pub scope: PromotionScope,
    /// Who pays for it.
    pub funding: PromotionFunding,
    /// How much it takes off.
    pub reduction: Reduction,
    /// The product whose lines it applies to, where its scope is a line.
    pub product: Option<String>,
    /// Minor units that the goods must be worth before promotions.
    pub minimum: Option<i64>,
}

/// A customer of the scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name in sentences.
    pub name: String,
    /// What the systems know of the customer.
    pub customer: Customer,
}

/// The world's master data. Everything in it was checked when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// What is sold.
    pub products: Vec<Product>,
    /// What is sold as one of them and ships as several.
    pub kits: Vec<KitRule>,
    /// From where, in the order in which the ERP looks for stock.
    pub nodes: Vec<Node>,
    /// Where to.
    pub destinations: Vec<Destination>,
    /// Taxes.
    pub jurisdictions: Vec<Jurisdiction>,
    /// Promotions.
    pub promotions: Vec<PromotionRule>,
    /// To whom.
    pub people: Vec<Person>,
    /// What foreign currencies are worth in the retailer's own.
    pub exchange_rates: Vec<ExchangeRate>,
}

/// What a foreign currency is worth in the retailer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeRate {
    /// The foreign currency.
    pub currency: Currency,
    /// The rate, to the retailer's currency.
    pub terms: SettlementTerms,
}

/// The currency that the retailer keeps its books in.
pub const HOME_CURRENCY: Currency = Currency::EUR;

static EMBEDDED: LazyLock<Result<Arc<World>, WorldError>> =
    LazyLock::new(|| World::parse(include_str!("../../world.toml")).map(Arc::new));

impl World {
    /// The world that is part of the binary; parsed and checked the first time.
    ///
    /// ```
    /// use counterproof_simulators::world::World;
    /// # fn main() -> Result<(), counterproof_simulators::world::WorldError> {
    /// let world = World::embedded()?;
    /// let shirt = world.product_by_name("linen shirts").map(|product| World::sku_for(product, "a1b2"));
    /// assert_eq!(shirt.as_ref().map(|sku| sku.as_str()), Some("linen-shirt-a1b2"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn embedded() -> Result<Arc<Self>, WorldError> {
        EMBEDDED.clone()
    }

    /// The product that a sentence names, in singular or plural, in any case.
    pub fn product_by_name(&self, name: &str) -> Option<&Product> {
        self.products
            .iter()
            .find(|product| same_words(&product.name, name) || same_words(&product.plural, name))
    }

    /// The kit that a sentence names, in singular or plural, in any case.
    pub fn kit_by_name(&self, name: &str) -> Option<&KitRule> {
        self.kits.iter().find(|kit| same_words(&kit.name, name) || same_words(&kit.plural, name))
    }

    /// Items with kits taken apart into their products, in the order of the items.
    pub fn taken_apart(&self, items: &[(String, u32)]) -> Vec<(String, u32)> {
        let parts = |(name, quantity): &(String, u32)| match self.kit_by_name(name) {
            None => vec![(name.clone(), *quantity)],
            Some(kit) => {
                let part = |(part, units): &(String, u32)| (part.clone(), units.saturating_mul(*quantity));
                kit.parts.iter().map(part).collect()
            }
        };
        items.iter().flat_map(parts).collect()
    }

    /// A product's SKU in the scenario with this tag, so that scenarios do not share stock.
    pub fn sku_for(product: &Product, tag: &str) -> Sku {
        let slug = product.slug();
        if tag.is_empty() { Sku::new(slug) } else { Sku::new(format!("{slug}-{tag}")) }
    }

    /// The product that a SKU stands for, whatever the scenario; the longest name that fits.
    pub fn product_of(&self, sku: &Sku) -> Option<&Product> {
        self.products
            .iter()
            .filter(|product| {
                sku.as_str()
                    .strip_prefix(&product.slug())
                    .is_some_and(|tag| tag.is_empty() || tag.starts_with('-'))
            })
            .max_by_key(|product| product.name.len())
    }

    /// The node with this name or identifier, in any case.
    pub fn node_by_name(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| {
            same_words(&node.location.name, name) || same_words(node.location.node_id.as_str(), name)
        })
    }

    /// The node with this identifier.
    pub fn node(&self, node_id: &NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.location.node_id == *node_id)
    }

    /// What is known of a place that is delivered to, by its code.
    pub fn destination(&self, code: &str) -> Option<&Destination> {
        self.destinations.iter().find(|destination| destination.code == code)
    }

    /// The destination that an address belongs to; another of the same country where there is none so near.
    pub fn destination_of(&self, country: &str, postal_code: &str) -> Option<&Destination> {
        let there = |destination: &&Destination| destination.address.country == country;
        let near = |destination: &&Destination| {
            self.jurisdictions(country, postal_code)
                == self.jurisdictions(country, &destination.address.postal_code)
        };
        self.destinations.iter().filter(there).find(near).or_else(|| self.destinations.iter().find(there))
    }

    /// Everybody who levies a tax on goods that go there, in the order of the world file.
    pub fn jurisdictions(&self, country: &str, postal_code: &str) -> Vec<&Jurisdiction> {
        self.jurisdictions
            .iter()
            .filter(|jurisdiction| jurisdiction.country == country && jurisdiction.covers(postal_code))
            .collect()
    }

    /// How amounts of a currency are settled; `None` for the retailer's own, or where no rate is known.
    pub fn settlement(&self, currency: Currency) -> Option<SettlementTerms> {
        self.exchange_rates.iter().find(|rate| rate.currency == currency).map(|rate| rate.terms)
    }

    /// The promotion with this code.
    pub fn promotion(&self, code: &str) -> Option<&PromotionRule> {
        self.promotions.iter().find(|promotion| promotion.code == code)
    }

    /// The customer with this name, in any case.
    pub fn person_by_name(&self, name: &str) -> Option<&Person> {
        self.people.iter().find(|person| same_words(&person.name, name))
    }
}

impl Jurisdiction {
    fn covers(&self, postal_code: &str) -> bool {
        self.postal_prefixes.is_empty()
            || self.postal_prefixes.iter().any(|prefix| postal_code.starts_with(prefix.as_str()))
    }
}

fn same_words(one: &str, other: &str) -> bool {
    one.split_whitespace().map(str::to_lowercase).eq(other.split_whitespace().map(str::to_lowercase))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    #[test]
    fn finds_products_by_name_plural_and_sku() {
        let world = World::embedded().unwrap();
        for product in &world.products {
            for name in [&product.name, &product.plural, &product.name.to_uppercase()] {
                assert_eq!(world.product_by_name(name), Some(product), "{name}");
            }
            for tag in ["", "s7", "black-friday-2"] {
                let sku = World::sku_for(product, tag);
                assert_eq!(world.product_of(&sku), Some(product), "{sku}");
            }
        }
        assert_eq!(world.product_by_name("linen"), None);
        assert_eq!(world.product_of(&Sku::new("linen-shirts-1")), None);
        assert_eq!(world.product_of(&Sku::new("")), None);
    }

    #[test]
    fn finds_nodes_by_name_and_identifier() {
        let world = World::embedded().unwrap();
        let pairs = [
            ("Warehouse North", "dc-north"),
            ("warehouse south", "dc-south"),
            ("Store 12", "store-12"),
            ("store-27", "store-27"),
            ("Outlet 3", "outlet-3"),
        ];
        for (name, node_id) in pairs {
            let node = world.node_by_name(name).unwrap();
            assert_eq!(node.location.node_id, NodeId::new(node_id));
            assert_eq!(world.node(&NodeId::new(node_id)), Some(node));
        }
        assert_eq!(world.node_by_name("Store 13"), None);
    }

    #[test]
    fn knows_who_levies_tax() {
        let world = World::embedded().unwrap();
        let codes = |country, postal| -> Vec<&str> {
            world.jurisdictions(country, postal).iter().map(|found| found.code.as_str()).collect()
        };
        assert_eq!(codes("DE", "20095"), ["DE"]);
        assert_eq!(codes("FR", "75001"), ["FR"]);
        assert_eq!(codes("US", "10007"), ["US-NY", "US-NY-NYC", "US-NY-MCTD"]);
        assert_eq!(codes("US", "94103"), ["US-CA", "US-CA-SF"]);
        assert_eq!(codes("US", "99501"), [""; 0]);
        assert_eq!(codes("GB", "SW1A 1AA"), [""; 0]);
        assert_eq!(world.destination_of("US", "94103").map(|found| found.code.as_str()), Some("US-CA"));
        assert_eq!(world.destination_of("US", "10007").map(|found| found.code.as_str()), Some("US"));
    }
}
