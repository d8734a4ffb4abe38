//! The tax engine: quotes as the channels price, documents that add up.

use counterproof_contracts::model::{Currency, Order, ShipmentId, TaxDocumentLine, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::{
    test_stage::Stage,
    world::{
        pricing::{build_order, tests::any_draft},
        testing::{call, document, line, order, world},
    },
};

fn stage() -> Stage<TaxEngine> {
    Stage::new(TaxEngine::new(world()))
}

fn request(order: &Order) -> TaxQuoteRequest {
    TaxQuoteRequest {
        order_number: order.order_number.clone(),
        country: order.ship_to.country.clone(),
        postal_code: order.ship_to.postal_code.clone(),
        tax_date: order.placed_at,
        lines: order
            .lines
            .iter()
            .filter(|line| !line.gift_card)
            .map(|line| TaxQuoteLine {
                line_id: line.line_id.clone(),
                sku: line.sku.clone(),
                quantity: line.quantity,
                tax_included: line.tax_included,
                unit_amounts: (0..line.quantity).map(|unit| order.taxed_price(line, unit)).collect(),
            })
            .collect(),
        currency: Some(order.currency),
        tax_terms: order.tax_terms.clone(),
    }
}

fn sale(code: &str, taxes: &[i64]) -> TaxDocument {
    let eur = |amount| Money::new(amount, Currency::EUR);
    TaxDocument {
        document_code: code.into(),
        kind: TaxDocumentKind::SalesInvoice,
        order_number: "W-1".into(),
        shipment_id: Some(ShipmentId::new("sh-1")),
        original_document_code: None,
        tax_date: Timestamp::UNIX_EPOCH,
        status: TaxDocumentStatus::Committed,
        lines: taxes
            .iter()
            .enumerate()
            .map(|(index, tax)| TaxDocumentLine {
                line_id: Some(line(index + 1)),
                quantity: 1,
                jurisdiction: "DE".to_owned(),
                rate_ppm: 190_000,
                taxable_base: eur(tax * 100 / 19),
                tax: eur(*tax),
                tax_type: None,
            })
            .collect(),
        total_tax: eur(taxes.iter().sum()),
        scheme: None,
    }
}

fn give_back(code: &str, original: Option<&str>, tax: i64) -> TaxDocument {
    TaxDocument {
        kind: TaxDocumentKind::ReturnInvoice,
        shipment_id: None,
        original_document_code: original.map(Into::into),
        ..sale(code, &[tax])
    }
}

fn commit(stage: &mut Stage<TaxEngine>, document: &TaxDocument) -> String {
    call(stage, operations::COMMIT_TAX, &[], document).refusal()
}

fn void(stage: &mut Stage<TaxEngine>, code: &str, order: &str) -> String {
    let body = VoidRequest { order_number: order.into(), reason: "never shipped".to_owned() };
    call(stage, operations::VOID_TAX, &[("document_code", code)], body).refusal()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn quotes_equal_the_checkout(draft in any_draft()) {
        let Ok(order) = build_order(&world(), &draft) else { return Ok(()) };
        if order.tax_collector() == TaxCollector::Marketplace {
            let refused = call(&mut stage(), operations::QUOTE_TAX, &[], request(&order)).refusal();
            prop_assert_eq!(refused, "business-rule");
            return Ok(());
        }
        if order.lines.iter().all(|line| line.gift_card) {
            prop_assert_eq!(order.value().tax, 0);
            return Ok(());
        }
        let played = call(&mut stage(), operations::QUOTE_TAX, &[], request(&order));
        let quote: TaxQuote = document(&played);
        let goods = order.lines.iter().filter(|line| !line.gift_card);
        for (line, quoted) in goods.zip(&quote.lines) {
            prop_assert_eq!(&line.line_id, &quoted.line_id);
            prop_assert_eq!(&line.taxes, &quoted.taxes);
        }
        let goods = order.value().tax - order.shipping_value().tax;
        prop_assert_eq!(quote.total_tax, Money::new(goods, order.currency));
        let booked = Effect::TaxQuoted { quote };
        prop_assert_eq!(played.booked(), vec![&booked]);
    }
}

#[test]
fn refuses_what_it_cannot_rate() {
    let good = request(&order("W-1", &[("linen shirt", 2)]));
    let refusal = |change: fn(&mut TaxQuoteRequest)| {
        let mut request = good.clone();
        change(&mut request);
        call(&mut stage(), operations::QUOTE_TAX, &[], request).refusal()
    };
    assert_eq!(refusal(|_| ()), "");
    assert_eq!(refusal(|request| request.country = "BR".to_owned()), "business-rule");
    assert_eq!(refusal(|request| request.lines[0].sku = "unicorn-t".into()), "business-rule");
    assert_eq!(refusal(|request| request.lines[0].quantity = 3), "business-rule");
    assert_eq!(refusal(|request| request.lines.push(request.lines[0].clone())), "business-rule");
}

#[test]
fn keeps_document_codes_unique_for_good() {
    let mut stage = stage();
    let document = sale("inv-1", &[19, 38]);
    let played = call(&mut stage, operations::COMMIT_TAX, &[], &document);
    assert_eq!(played.booked(), [&Effect::TaxCommitted { document: document.clone() }]);
    assert_eq!(commit(&mut stage, &document), "illegal-state");
    assert_eq!(void(&mut stage, "inv-1", "W-1"), "");
    assert_eq!(commit(&mut stage, &document), "illegal-state");
    assert_eq!(stage.core.net_tax(&"W-1".into()), 0);
}

#[test]
fn a_return_needs_a_committed_sale_of_the_same_order() {
    let mut stage = stage();
    let refund = give_back("ret-1", Some("inv-1"), 19);
    assert_eq!(commit(&mut stage, &refund), "illegal-state");
    assert_eq!(commit(&mut stage, &sale("inv-1", &[19, 38])), "");
    assert_eq!(commit(&mut stage, &give_back("ret-1", None, 19)), "business-rule");
    let stranger = TaxDocument { order_number: "W-2".into(), ..refund.clone() };
    assert_eq!(commit(&mut stage, &stranger), "business-rule");
    assert_eq!(commit(&mut stage, &refund), "");
    assert_eq!(stage.core.net_tax(&"W-1".into()), 38);
    assert_eq!(commit(&mut stage, &give_back("ret-2", Some("ret-1"), 19)), "illegal-state");
    assert_eq!(void(&mut stage, "inv-1", "W-1"), "");
    assert_eq!(commit(&mut stage, &give_back("ret-3", Some("inv-1"), 1)), "illegal-state");
}

#[test]
fn a_return_that_comes_before_its_sale_is_committed_is_to_come_again() {
    let mut stage = stage();
    stage.core.commit_late(&"W-1".into(), SignedDuration::from_secs(2));
    assert_eq!(commit(&mut stage, &sale("inv-1", &[19])), "");
    let refund = give_back("ret-1", Some("inv-1"), 19);
    assert_eq!(commit(&mut stage, &refund), "concurrent-request");
    stage.now += SignedDuration::from_secs(2);
    assert_eq!(commit(&mut stage, &refund), "");
    assert_eq!(stage.core.net_tax(&"W-1".into()), 0);
}

#[test]
fn the_total_is_the_sum_of_the_lines() {
    let mut wrong = sale("inv-1", &[19, 38]);
    wrong.total_tax.amount = 58;
    assert_eq!(commit(&mut stage(), &wrong), "business-rule");
    let mut dollars = sale("inv-1", &[19, 38]);
    dollars.lines[0].tax.currency = Currency::USD;
    assert_eq!(commit(&mut stage(), &dollars), "business-rule");
    let nowhere = TaxDocument { shipment_id: None, ..sale("inv-1", &[19]) };
    assert_eq!(commit(&mut stage(), &nowhere), "business-rule");
    // Its schema refuses this one already.
    let voided = TaxDocument { status: TaxDocumentStatus::Voided, ..sale("inv-1", &[19]) };
    assert_eq!(stage().call(operations::COMMIT_TAX, &[], voided).refusal(), "business-rule");
}

#[test]
fn a_filed_document_cannot_be_withdrawn() {
    let mut stage = stage();
    assert_eq!(void(&mut stage, "inv-1", "W-1"), "not-found");
    assert_eq!(commit(&mut stage, &sale("inv-1", &[19])), "");
    assert_eq!(void(&mut stage, "inv-1", "W-2"), "business-rule");
    assert_eq!(stage.core.file(&"W-1".into()), 1);
    assert_eq!(void(&mut stage, "inv-1", "W-1"), "illegal-state");
    assert_eq!(commit(&mut stage, &give_back("ret-1", Some("inv-1"), 19)), "");
    assert_eq!(void(&mut stage, "ret-1", "W-1"), "");
    assert_eq!(void(&mut stage, "ret-1", "W-1"), "illegal-state");
}
