@payments @PAY-015
Feature: The customer keeps the goods and gets money back
  Customer service lowers what was paid for goods, or for shipping, after they left (appeasement). The money goes back to
  where it came from, tax and books follow at the rates of the sale, no goods move. Nobody gets back more than was paid.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "rain coat" are in stock at "Warehouse North"

  Scenario: An amount on a line
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    When customer service grants 20.00 EUR on "linen shirt"
    Then customer service is promised 20.00 EUR for the customer
    And the customer is refunded 20.00 EUR to the card
    And the retailer owes 13.53 EUR of tax for the order
    And the ERP has credited 20.00 EUR in 1 credit memo
    And 3 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  Scenario: A percentage, granted twice over
    When a customer orders 1 "linen shirt" and 1 "rain coat" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 10 percent on "linen shirt"
    Then the customer is refunded 4.99 EUR to the card
    When customer service grants the same again
    Then customer service is promised 4.99 EUR for the customer
    And the ERP has credited 4.99 EUR in 1 credit memo
    When customer service grants 50 percent on "linen shirt"
    Then the customer is refunded 29.94 EUR to the card
    And the ERP has credited 29.94 EUR in 2 credit memos
    And every system agrees

  Scenario: A unit that comes back later gives back the rest
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 15.01 EUR on "linen shirt"
    Then the customer is refunded 15.01 EUR to the card
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the store promises the customer 42.39 EUR
    And the customer is refunded 57.40 EUR to the card
    When the customer brings 1 "linen shirt" back to "Store 27" as new
    Then the customer is refunded 99.80 EUR to the card
    And the retailer owes 0.78 EUR of tax for the order
    And every system agrees

  Scenario: More than is left is refused, and nothing of it is granted
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 40.00 EUR on "linen shirt"
    Then the customer is refunded 40.00 EUR to the card
    When customer service grants 9.91 EUR on "linen shirt"
    Then the price adjustment is refused
    And the customer is refunded 40.00 EUR to the card
    When customer service grants 9.90 EUR on "linen shirt"
    Then the customer is refunded 49.90 EUR to the card
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the order is returned
    And the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: Goods that came back, or never left, are worth nothing more
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When customer service grants 10 percent on "linen shirt"
    Then the price adjustment is refused
    When the warehouse ships the order
    Then the order is shipped
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 99.80 EUR to the card
    When customer service grants 1.00 EUR on "linen shirt"
    Then the price adjustment is refused
    And every system agrees

  @RET-011
  Scenario: What waits for a clerk is the customer's still
    When a customer orders 4 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 1 "linen shirt" because it is not wanted
    Then the return is approved
    When the returned 2 "linen shirt" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 49.90 EUR to the card
    And 1 "linen shirt" waits for a clerk at "Warehouse North"
    When customer service grants 50 percent on "linen shirt"
    Then customer service is promised 74.85 EUR for the customer
    When a clerk assigns the held 1 "linen shirt" to the order
    And the dock grades what the clerk assigned as new
    Then the customer is refunded 149.70 EUR to the card
    And every system agrees

  @race
  Scenario: It is granted at the moment at which a dock grades more than was announced
    When a customer orders 4 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 1 "linen shirt" because it is not wanted
    Then the return is approved
    When the returned 2 "linen shirt" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    And customer service grants 50 percent on "linen shirt"
    Then every system agrees

  @race
  Scenario: It is granted before the middleware hears that goods are at a dock
    Given the return receipt comes 5 seconds late
    When a customer orders 4 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 1 "linen shirt" because it is not wanted
    Then the return is approved
    When the returned 1 "linen shirt" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    And customer service grants 50 percent on "linen shirt"
    Then every system agrees

  @race
  Scenario: It is granted before the middleware hears that a dock rejects goods
    Given the inspection report comes 5 seconds late
    When a customer orders 4 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 2 "linen shirt" because it is not wanted
    Then the return is approved
    When the returned 2 "linen shirt" arrive at "Warehouse North"
    And the dock rejects 1 "linen shirt" and grades the rest as new
    And customer service grants 50 percent on "linen shirt"
    Then every system agrees

  Scenario: Each of two parcels, and a promotion
    Given the customer uses the promotion "SUMMER10"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the customer sees 1 parcel
    When customer service grants 10 percent on "linen shirt"
    Then the customer is refunded 4.49 EUR to the card
    When the warehouse ships 1 "linen shirt"
    Then the order is shipped
    When customer service grants 10 percent on "linen shirt"
    Then the customer is refunded 13.47 EUR to the card
    And every system agrees

  @PAY-012
  Scenario: The tenders get it back in the retailer's order
    Given the customer pays 30.00 EUR by gift card and the rest by card
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 30.00 EUR on "linen shirt"
    Then the customer is refunded 24.80 EUR to the card
    And the gift card is worth 5.20 EUR
    And every system agrees

  @OMN-003
  Scenario: The marketplace pays what was granted
    When a customer orders 1 "linen shirt" in the marketplace
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 20 percent on "linen shirt"
    Then the marketplace refunds the customer 9.98 EUR
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @OMN-003 @PAY-019
  Scenario: Shipping is granted before the marketplace has taken the customer's money
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    Given the marketplace is down
    When the warehouse ships the order
    Then the ERP has posted 1 invoice and 0 credit memos
    When customer service grants 100 percent on shipping
    Then customer service is promised 4.90 EUR for the customer
    Given the marketplace is back
    Then the marketplace refunds the customer 4.90 EUR
    And no dead letter waits
    And every system agrees

  @TAX-002
  Scenario: Taxes on top, of three jurisdictions
    Given the order goes to the United States
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the tax engine reports 4.59 USD for New York State
    When customer service grants 50 percent on "linen shirt"
    Then the customer is refunded 59.77 USD to the card
    And the tax engine reports 2.40 USD for New York State
    And every system agrees

  @TAX-019
  Scenario: Settled in another currency
    Given the order goes to Norway
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 33 percent on "linen shirt"
    Then the customer is refunded 273.52 NOK to the card
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the order is returned
    And the ERP has credited 828.86 NOK in 2 credit memos
    And every system agrees

  @PAY-019 @TAX-013
  Scenario: Shipping is given back as it was paid, with its tax
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the retailer owes 8.75 EUR of tax for the order
    When customer service grants 2.00 EUR on shipping
    Then the customer is refunded 2.00 EUR to the card
    And the retailer owes 8.44 EUR of tax for the order
    When customer service grants 100 percent on shipping
    Then the price adjustment is refused
    When customer service grants 2.90 EUR on shipping
    Then the customer is refunded 4.90 EUR to the card
    And the retailer owes 7.97 EUR of tax for the order
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 54.80 EUR to the card
    And the retailer owes 0.00 EUR of tax for the order
    And every system agrees

  @PAY-019
  Scenario: A parcel is lost after something was granted on it
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 15.01 EUR on "linen shirt"
    Then the customer is refunded 15.01 EUR to the card
    When customer service grants 2.00 EUR on shipping
    Then the customer is refunded 17.01 EUR to the card
    When the carrier scans every parcel as lost
    Then the customer is refunded 104.70 EUR to the card
    And the ERP has credited 104.70 EUR in 3 credit memos
    And the retailer owes 0.00 EUR of tax for the order
    When customer service grants 1.00 EUR on shipping
    Then the price adjustment is refused
    And every system agrees

  Scenario: Shipping that nobody paid is not given back
    Given the customer uses the promotion "SHIPFREE"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 1.00 EUR on shipping
    Then the price adjustment is refused
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @RET-026
  Scenario: What is to be exchanged keeps its worth
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to exchange 1 "linen shirt" for 1 "rain coat" because it is too small
    Then the return is approved
    When customer service grants 5.00 EUR on "linen shirt"
    Then the price adjustment is refused
    And every system agrees

  @PAY-010
  Scenario: What was granted cannot be paid to the card, and becomes store credit
    Given the first 2 attempts at a refund fail
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 10.00 EUR on "linen shirt"
    Then the customer receives 10.00 EUR as store credit
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @RES-001
  Scenario: The payment provider, the ERP and the tax engine lose their answers
    Given the payment provider loses its answer to the refund
    And the ERP loses its answer to the credit memo
    And the tax engine loses its answer to the tax document
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 10.00 EUR on "linen shirt"
    Then the customer is refunded 10.00 EUR to the card
    And the ERP has credited 10.00 EUR in 1 credit memo
    And every system agrees

  @restart @RES-005
  Scenario: The middleware dies while money goes back
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 10.00 EUR on "linen shirt"
    And the middleware is killed and started again
    Then the customer is refunded 10.00 EUR to the card
    And every system agrees

  @TAX-002
  Scenario: In several jurisdictions, each of which rounds for itself
    Given 2 "sample sale dress" are in stock at "Warehouse South"
    And the order goes to the United States
    When a customer orders 1 "sample sale dress" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 10 percent on "sample sale dress"
    Then the customer is refunded 4.79 USD to the card
    And every system agrees
