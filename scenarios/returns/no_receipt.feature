@returns @RET-004
Feature: Goods come back to a store without a receipt
  The store finds the order by the card that paid, or by the customer; without an order nothing is paid.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: Found by the card that paid
    When the customer brings 1 "linen shirt" without a receipt back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And 1 "linen shirt" is added to the shelf at "Store 12"
    And every system agrees

  Scenario: Found by the customer
    When a known customer brings 1 "linen shirt" without receipt and card back to "Store 12" opened
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: The newest order that has such goods out pays what was paid there
    Given the customer uses the promotion "SUMMER10"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" without a receipt back to "Store 12" as new
    Then the customer is refunded 44.91 EUR to the card
    When the customer brings 2 "linen shirt" without a receipt back to "Store 12" as new
    Then the customer is refunded 99.80 EUR to the card
    And every system agrees

  Scenario: Nobody finds an order that another card paid
    When a stranger brings 1 "linen shirt" without a receipt back to "Store 12" as new
    Then the store finds no order
    And the customer is refunded 0.00 EUR to the card
    And every system agrees
