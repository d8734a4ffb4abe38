//! Kinds of parameter that steps have.

/// A kind of parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name in expressions.
    pub name: &'static str,
    /// What it matches; exactly one group, made by the expression.
    pub pattern: &'static str,
    /// What it may be, for people.
    pub doc: &'static str,
}

/// Every kind of parameter.
pub const PARAMETERS: &[Parameter] = &[
    Parameter { name: "count", pattern: r"\d{1,6}", doc: "a number: 3" },
    Parameter { name: "product", pattern: r#""[^"]+""#, doc: "a product of the catalogue: \"linen shirt\"" },
    Parameter {
        name: "items",
        pattern: r#"\d{1,6} "[^"]+"(?:(?:, | and )\d{1,6} "[^"]+")*"#,
        doc: "units of products: 2 \"linen shirt\" and 1 \"denim jacket\"",
    },
    Parameter { name: "place", pattern: r#""[^"]+""#, doc: "a warehouse or store: \"Warehouse North\"" },
    Parameter { name: "code", pattern: r#""[^"]+""#, doc: "a promotion's code: \"SUMMER10\"" },
    Parameter {
        name: "country",
        pattern: "Germany|Austria|France|Switzerland|the United Kingdom|Norway|Japan|Kuwait|the United States|California|Oregon",
        doc: "a country that is delivered to",
    },
    Parameter {
        name: "jurisdiction",
        pattern: "Germany|France|Switzerland|Norway|Japan|Kuwait|New York State|New York City|California|San Francisco",
        doc: "who levies a tax",
    },
    Parameter { name: "money", pattern: r"\d{1,9}(?:\.\d{1,3})? [A-Z]{3}", doc: "an amount: 49.90 EUR" },
    Parameter {
        name: "channel",
        pattern: "web shop|mobile app|social shop|marketplace|store|call center",
        doc: "where an order is placed",
    },
    Parameter {
        name: "system",
        pattern: "ERP|warehouse|payment provider|carrier|tax engine|storefront|marketplace|point of sale|customer service|stored value",
        doc: "a system around the implementation",
    },
    Parameter {
        name: "status",
        pattern: "placed|accepted|rejected|in fulfillment|ready for pickup|partially shipped|shipped|delivered|partially returned|returned|canceled",
        doc: "where an order stands",
    },
    Parameter {
        name: "scan",
        pattern: "picked up|in transit|out for delivery|delivery attempted|delivered|return to sender|lost",
        doc: "what a carrier sees",
    },
    Parameter { name: "grade", pattern: "as new|opened|worn|unusable", doc: "the state of returned goods" },
    Parameter {
        name: "destination",
        pattern: "shelf|outlet stock|liquidation stock|quarantine|refurbishment|vendor returns",
        doc: "where returned goods go",
    },
    Parameter {
        name: "disposition",
        pattern: "put on the shelf|put into the outlet|liquidated|refurbished|returned to the vendor|donated|destroyed|missing",
        doc: "what becomes of goods in quarantine",
    },
    Parameter {
        name: "reason",
        pattern: "it is too small|it is too large|it is defective|it is not wanted|it came too late|it is not as described",
        doc: "why something is returned",
    },
    Parameter {
        name: "exchange",
        pattern: "asked for|waiting for the goods|released|completed|turned into a refund",
        doc: "where an exchange stands",
    },
    Parameter {
        name: "standing",
        pattern: "approved|partially received|received|closed|expired|canceled",
        doc: "where a return stands",
    },
    Parameter {
        name: "request",
        pattern: "sales order|reservation|invoice|stock movement|transfer posting|stock count|credit memo|exchange settlement|authorization|capture|refund|fulfillment order|label|tax document|store credit|gift card|gift card disablement|sales order search|fulfillment cancellation|refund look-up|order change|address change|substitution answer|reservation release|tax quote|order feed|charge again|write-off",
        doc: "something that is asked of a system",
    },
    Parameter {
        name: "message",
        pattern: "order confirmation|warehouse confirmation|packing note|shipping notice|return receipt|inspection report|disposition decision|carrier scan|refund confirmation|refund failure|short pick notice|pickup lapse notice|substitution proposal|blind return notice|refusal of the node|arrival notice|lapse notice|capture confirmation|capture failure|word of the lapse|dispute|end of the dispute|stock notice|customer notice|dispatch notice|transfer receipt|transfer loss notice|recall notice|product notice|notice of the place|posting confirmation|posting failure|feed notice",
        doc: "something that a system says by itself",
    },
    Parameter {
        name: "duration",
        pattern: r"\d{1,4} (?:seconds?|minutes?|hours?|days?)",
        doc: "a span of time: 3 hours",
    },
    Parameter {
        name: "delay",
        pattern: "units are not there yet|the node takes longer|it has not left in time|the carrier is late",
        doc: "why goods arrive later than was promised",
    },
    Parameter { name: "records", pattern: "orders|returns|counts", doc: "what the records of a file are" },
    Parameter {
        name: "drift",
        pattern: "a code of a later version|a field of a later version|an optional field missing|a number written as text",
        doc: "how a document differs from the contract",
    },
];
