@returns @RET-015
Feature: Goods that are not worth sending back
  The customer is paid back and keeps the item, up to what the retailer declared: no label, no goods, no stock, but tax and
  books. What was paid back is not returned once more.

  Background:
    Given 5 "leather belt" are in stock at "Warehouse North"
    And 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: A defective belt
    When a customer orders 1 "leather belt" and 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to keep 1 "leather belt" and be refunded because it is defective
    Then the last return stands at closed
    And the customer is refunded 34.50 EUR to the card
    And the ERP has credited 34.50 EUR in 1 credit memo
    And nobody expects the goods back
    And 4 "leather belt" are left in stock at "Warehouse North"
    And the order is shipped
    And every system agrees

  Scenario: What was paid back is not taken back
    When a customer orders 2 "leather belt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to keep 1 "leather belt" and be refunded because it is defective
    Then the customer is refunded 34.50 EUR to the card
    When the customer brings 2 "leather belt" back to "Store 12" as new
    Then the return is refused
    When the customer asks to return 2 "leather belt" because it is not wanted
    Then the request is declined
    When the customer brings 1 "leather belt" back to "Store 12" as new
    Then the customer is refunded 69.00 EUR to the card
    And 1 "leather belt" is added to the shelf at "Store 12"
    And every system agrees

  Scenario: Worth more than the retailer declared
    When a customer orders 1 "linen shirt" and 2 "leather belt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to keep 1 "linen shirt" and be refunded because it is defective
    Then the request is declined
    When the customer asks to keep 1 "leather belt" and be refunded because it is defective
    Then the customer is refunded 34.50 EUR to the card
    When the customer asks to keep 1 "leather belt" and be refunded because it is defective
    Then the request is declined
    And the customer is refunded 34.50 EUR to the card
    And nobody expects the goods back
    And every system agrees

  @PAY-015
  Scenario: Cheaper already, then paid back, before the rest is sent
    When a customer orders 2 "leather belt" in the web shop
    And the warehouse ships 1 "leather belt"
    Then the customer sees 1 parcel
    When customer service grants 10.00 EUR on "leather belt"
    Then the customer is refunded 10.00 EUR to the card
    When the customer asks to keep 1 "leather belt" and be refunded because it is defective
    Then the customer is refunded 34.50 EUR to the card
    When the warehouse ships 1 "leather belt"
    Then the order is shipped
    When the customer brings 1 "leather belt" back to "Store 12" as new
    Then the customer is refunded 69.00 EUR to the card
    And the retailer owes 0.78 EUR of tax for the order
    And every system agrees

  @RES-001
  Scenario: The payment provider and the ERP lose their answers
    Given the payment provider loses its answer to the refund
    And the ERP loses its answer to the credit memo
    When a customer orders 1 "leather belt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to keep 1 "leather belt" and be refunded because it is defective
    Then the customer is refunded 34.50 EUR to the card
    And the ERP has credited 34.50 EUR in 1 credit memo
    And every system agrees
