//! Reading and checking `world.toml`. A world that was read holds what its types promise.

use std::collections::{BTreeMap, BTreeSet};

use counterproof_contracts::model::{
    Address, Currency, Customer, CustomerRef, Location, NodeId, NodeKind, PromotionFunding, PromotionScope,
    SettlementTerms, TaxScheme, TaxType,
};
use serde::Deserialize;

use super::{
    Destination, ExchangeRate, HOME_CURRENCY, Jurisdiction, KitRule, Node, Person, Product, PromotionRule,
    Reduction, TaxCategory, World,
};

/// Why a world was refused. Reads after "failed to read the world:".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// The text is no TOML, or fields are missing, unknown or of the wrong type.
    #[error("world file does not parse: {0}")]
    Syntax(String),
    /// Two entries have the same name.
    #[error("{kind} {name:?} stands twice in the world file")]
    Duplicate {
        /// `product`, `node`, …
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// An entry does not make sense.
    #[error("{kind} {name:?}: {problem}")]
    Entry {
        /// `product`, `node`, …
        kind: &'static str,
        /// The name.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

fn entry(kind: &'static str, name: &str, problem: impl Into<String>) -> WorldError {
    WorldError::Entry { kind, name: name.to_owned(), problem: problem.into() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldFile {
    product: Vec<ProductEntry>,
    node: Vec<NodeEntry>,
    destination: Vec<DestinationEntry>,
    jurisdiction: Vec<JurisdictionEntry>,
    #[serde(default)]
    kit: Vec<KitEntry>,
    #[serde(default)]
    promotion: Vec<PromotionEntry>,
    #[serde(default)]
    customer: Vec<CustomerEntry>,
    #[serde(default)]
    exchange_rate: Vec<ExchangeRateEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeRateEntry {
    currency: Currency,
    presentment_units: i64,
    settlement_units: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductEntry {
    name: String,
    plural: String,
    prices: BTreeMap<String, i64>,
    tax_category: TaxCategory,
    #[serde(default)]
    final_sale: bool,
    #[serde(default)]
    ships_from: Option<String>,
    #[serde(default)]
    serialized: bool,
    #[serde(default)]
    gift_card: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KitEntry {
    name: String,
    plural: String,
    prices: BTreeMap<String, i64>,
    parts: Vec<PartEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartEntry {
    product: String,
    quantity: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeEntry {
    id: NodeId,
    name: String,
    kind: NodeKind,
    accepts_returns: bool,
    ships_orders: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DestinationEntry {
    #[serde(default)]
    code: Option<String>,
    country: String,
    #[serde(default)]
    scheme: TaxScheme,
    currency: Currency,
    shipping_charge: i64,
    address: AddressEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddressEntry {
    name: String,
    street: String,
    city: String,
    postal_code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JurisdictionEntry {
    code: String,
    country: String,
    #[serde(default)]
    postal_prefixes: Vec<String>,
    tax_type: TaxType,
    included: bool,
    rates_ppm: BTreeMap<TaxCategory, u32>,
    #[serde(default = "yes")]
    taxes_shipping: bool,
    #[serde(default)]
    marketplace_collects: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PromotionEntry {
    code: String,
    scope: PromotionScope,
    funding: PromotionFunding,
    reduction: Reduction,
    #[serde(default)]
    product: Option<String>,
    #[serde(default)]
    minimum: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerEntry {
    name: String,
    customer_ref: CustomerRef,
    country: String,
}

impl World {
    /// Reads and checks a world.
    pub fn parse(text: &str) -> Result<Self, WorldError> {
        let file: WorldFile =
            toml::from_str(text).map_err(|error| WorldError::Syntax(error.to_string().trim().to_owned()))?;
        let world = Self {
            products: file.product.into_iter().map(product).collect::<Result<_, _>>()?,
            kits: file.kit.into_iter().map(kit).collect::<Result<_, _>>()?,
            nodes: file.node.into_iter().map(node).collect(),
            destinations: file.destination.into_iter().map(destination).collect::<Result<_, _>>()?,
            jurisdictions: file.jurisdiction.into_iter().map(jurisdiction).collect::<Result<_, _>>()?,
            promotions: file.promotion.into_iter().map(promotion).collect::<Result<_, _>>()?,
            people: file.customer.into_iter().map(person).collect(),
            exchange_rates: file.exchange_rate.iter().map(exchange_rate).collect::<Result<_, _>>()?,
        };
        world.check_names()?;
        world.check_references()?;
        Ok(world)
    }

    fn check_names(&self) -> Result<(), WorldError> {
        let kits = self.kits.iter().map(super::KitRule::slug);
        unique("product", self.products.iter().map(super::Product::slug).chain(kits))?;
        unique("node", self.nodes.iter().map(|node| node.location.node_id.to_string()))?;
        unique("node", self.nodes.iter().map(|node| node.location.name.to_lowercase()))?;
        unique("destination", self.destinations.iter().map(|place| place.code.clone()))?;
        let levies = self.jurisdictions.iter().map(|place| format!("{} {:?}", place.code, place.tax_type));
        unique("jurisdiction", levies)?;
        unique("exchange rate", self.exchange_rates.iter().map(|rate| rate.currency.to_string()))?;
        unique("promotion", self.promotions.iter().map(|promotion| promotion.code.clone()))?;
        unique("customer", self.people.iter().map(|person| person.name.to_lowercase()))
    }

    /// Every product has a price in the retailer's currency, every destination a tax or none by its scheme,
    /// every customer a destination, every promotion of a line its product.
    fn check_references(&self) -> Result<(), WorldError> {
        self.destinations.iter().try_for_each(|destination| self.check_destination(destination))?;
        if let Some(product) = self.products.iter().find(|product| product.price(HOME_CURRENCY).is_none()) {
            return Err(entry("product", &product.name, format!("has no price in {HOME_CURRENCY}")));
        }
        for promotion in &self.promotions {
            let known = promotion.product.as_ref().is_none_or(|name| self.product_by_name(name).is_some());
            if !known || promotion.product.is_some() != (promotion.scope == PromotionScope::Line) {
                let problem = "a promotion on a line names a product of the world, and no other does";
                return Err(entry("promotion", &promotion.code, problem));
            }
        }
        self.check_kits()?;
        for person in &self.people {
            if self.destination(&person.customer.country).is_none() {
                let problem = format!("lives in {:?}, which is no destination", person.customer.country);
                return Err(entry("customer", &person.name, problem));
            }
        }
        Ok(())
    }

    /// Every kit has a price in the retailer's currency, parts that are sold, and costs no more than they do.
    fn check_kits(&self) -> Result<(), WorldError> {
        for kit in &self.kits {
            let sum = |currency: Currency| -> Option<i64> {
                let price = |(part, quantity): &(String, u32)| {
                    let product = self.product_by_name(part)?.price(currency)?;
                    Some(product.amount * i64::from(*quantity))
                };
                kit.parts.iter().map(price).sum()
            };
            let sound =
                |(currency, price): (&Currency, &i64)| sum(*currency).is_some_and(|sum| *price <= sum);
            let sold = kit.prices.contains_key(&HOME_CURRENCY) && !kit.parts.is_empty();
            if !sold || !kit.prices.iter().all(sound) {
                return Err(entry("kit", &kit.name, "has no price, or parts that are not sold or cost less"));
            }
        }
        Ok(())
    }

    fn check_destination(&self, destination: &Destination) -> Result<(), WorldError> {
        let levies = self.jurisdictions(&destination.address.country, &destination.address.postal_code);
        let Some(first) = levies.first() else {
            return if destination.scheme == TaxScheme::Dap {
                Ok(())
            } else {
                Err(entry("destination", &destination.code, "no jurisdiction levies tax there"))
            };
        };
        if levies.iter().any(|levy| levy.included != first.included) {
            let problem = "prices contain some of its taxes and others not";
            return Err(entry("destination", &destination.code, problem));
        }
        Ok(())
    }
}

fn unique(kind: &'static str, names: impl Iterator<Item = String>) -> Result<(), WorldError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.clone()) {
            return Err(WorldError::Duplicate { kind, name });
        }
    }
    Ok(())
}

fn product(given: ProductEntry) -> Result<Product, WorldError> {
    let wrong = |problem: String| entry("product", &given.name, problem);
    let letters = given.name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ');
    if given.name.trim().is_empty() || !letters {
        return Err(wrong("a name is made of words of letters and digits".to_owned()));
    }
    let prices = prices(&given.prices).map_err(wrong)?;
    Ok(Product {
        name: given.name,
        plural: given.plural,
        prices,
        tax_category: given.tax_category,
        final_sale: given.final_sale,
        serialized: given.serialized,
        ships_from: given.ships_from,
        gift_card: given.gift_card,
    })
}

fn prices(given: &BTreeMap<String, i64>) -> Result<BTreeMap<Currency, i64>, String> {
    let mut prices = BTreeMap::new();
    for (code, amount) in given {
        let currency: Currency = code.parse().map_err(|error| format!("{error}"))?;
        if *amount <= 0 {
            return Err(format!("price {amount} {currency} is not positive"));
        }
        prices.insert(currency, *amount);
    }
    Ok(prices)
}

fn kit(given: KitEntry) -> Result<KitRule, WorldError> {
    let prices = prices(&given.prices).map_err(|problem| entry("kit", &given.name, problem))?;
    if given.parts.iter().any(|part| part.quantity == 0) {
        return Err(entry("kit", &given.name, "has a part without units"));
    }
    let parts = given.parts.into_iter().map(|part| (part.product, part.quantity)).collect();
    Ok(KitRule { name: given.name, plural: given.plural, prices, parts })
}

fn node(given: NodeEntry) -> Node {
    Node {
        location: Location {
            node_id: given.id,
            name: given.name,
            kind: given.kind,
            accepts_returns: given.accepts_returns,
        },
        ships_orders: given.ships_orders,
    }
}

fn destination(given: DestinationEntry) -> Result<Destination, WorldError> {
    if given.shipping_charge < 0 {
        return Err(entry("destination", &given.country, "shipping charge is negative"));
    }
    Ok(Destination {
        code: given.code.unwrap_or_else(|| given.country.clone()),
        scheme: given.scheme,
        currency: given.currency,
        shipping_charge: given.shipping_charge,
        address: Address {
            name: given.address.name,
            street: given.address.street,
            city: given.address.city,
            postal_code: given.address.postal_code,
            country: given.country,
            address_id: None,
        },
    })
}

fn jurisdiction(given: JurisdictionEntry) -> Result<Jurisdiction, WorldError> {
    for category in TaxCategory::ALL {
        match given.rates_ppm.get(&category) {
            None => return Err(entry("jurisdiction", &given.code, format!("no {} rate", category.name()))),
            Some(1_000_001..) => {
                let problem = format!("the {} rate is above 100 %", category.name());
                return Err(entry("jurisdiction", &given.code, problem));
            }
            Some(_) => {}
        }
    }
    Ok(Jurisdiction {
        code: given.code,
        country: given.country,
        postal_prefixes: given.postal_prefixes,
        tax_type: given.tax_type,
        included: given.included,
        rates_ppm: given.rates_ppm,
        taxes_shipping: given.taxes_shipping,
        marketplace_collects: given.marketplace_collects,
    })
}

fn exchange_rate(given: &ExchangeRateEntry) -> Result<ExchangeRate, WorldError> {
    let sound = (1..=1_000_000_000).contains(&given.presentment_units)
        && (1..=1_000_000_000).contains(&given.settlement_units)
        && given.currency != HOME_CURRENCY;
    if !sound {
        let problem = "is between a foreign currency and the retailer's, and both sides are positive";
        return Err(entry("exchange rate", given.currency.as_str(), problem));
    }
    let terms = SettlementTerms {
        currency: HOME_CURRENCY,
        presentment_units: given.presentment_units,
        settlement_units: given.settlement_units,
    };
    Ok(ExchangeRate { currency: given.currency, terms })
}

fn promotion(given: PromotionEntry) -> Result<PromotionRule, WorldError> {
    let wrong = |problem: &str| Err(entry("promotion", &given.code, problem));
    if given.minimum.is_some_and(|minimum| minimum <= 0) {
        return wrong("the minimum is not positive");
    }
    match given.reduction {
        Reduction::PercentPpm(1..=1_000_000) | Reduction::Amount(1..) => {}
        _ => return wrong("the reduction is not positive, or above 100 %"),
    }
    Ok(PromotionRule {
        code: given.code,
        scope: given.scope,
        funding: given.funding,
        reduction: given.reduction,
        product: given.product,
        minimum: given.minimum,
    })
}

fn person(given: CustomerEntry) -> Person {
    Person {
        name: given.name,
        customer: Customer { customer_ref: given.customer_ref, country: given.country },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test")]
    use super::*;

    const TEXT: &str = include_str!("../../world.toml");

    fn refused(find: &str, replace: &str) -> String {
        assert!(TEXT.contains(find), "{find}");
        World::parse(&TEXT.replacen(find, replace, 1)).unwrap_err().to_string()
    }

    #[test]
    fn the_embedded_world_is_sound() {
        let world = World::parse(TEXT).unwrap();
        assert!(world.products.len() >= 12);
        assert!(world.products.iter().any(|product| product.final_sale));
        assert!(world.nodes.len() >= 5);
        for currency in ["USD", "CHF", "GBP", "JPY", "KWD"] {
            let currency = currency.parse().unwrap();
            assert!(world.settlement(currency).is_some(), "{currency}");
            assert!(world.products.iter().any(|product| product.price(currency).is_some()), "{currency}");
        }
    }

    #[test]
    fn refuses_what_makes_no_sense_and_says_where() {
        assert!(refused("plural", "plurals").contains("plurals"));
        assert_eq!(
            refused("name = \"denim jacket\"", "name = \"linen shirt\""),
            "product \"linen-shirt\" stands twice in the world file"
        );
        assert_eq!(refused("EUR = 4990, ", ""), "product \"linen shirt\": has no price in EUR");
        assert_eq!(refused("EUR = 4990", "EUR = 0"), "product \"linen shirt\": price 0 EUR is not positive");
        assert!(refused("EUR = 4990", "eur = 4990").contains("ISO 4217"));
        assert_eq!(refused("reduced = 70000, ", ""), "jurisdiction \"DE\": no reduced rate");
        assert_eq!(
            refused("postal_code = \"10007\"", "postal_code = \"99501\""),
            "destination \"US\": no jurisdiction levies tax there"
        );
        assert!(refused("product = \"denim jacket\"", "product = \"unicorn\"").contains("names a product"));
        assert!(refused("minimum = 10000", "minimum = 0").contains("minimum is not positive"));
        assert!(
            refused("settlement_units = 617", "settlement_units = 0").contains("both sides are positive")
        );
        assert!(refused("percent_ppm = 100000", "percent_ppm = 0").contains("not positive"));
        assert!(
            refused("country = \"AT\"\n\n[[customer]]", "country = \"BR\"\n\n[[customer]]")
                .contains("which is no destination")
        );
    }
}
