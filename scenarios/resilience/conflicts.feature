@resilience @race
Feature: Two want the same at the same instant
  Whoever wins, nobody is promised what another one has.

  @OMN-012 @ORD-004
  Scenario: Two channels want the last units
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And order 1 of the storefront and order 2 of the marketplace meet
    When a customer orders 3 "linen shirt" in the web shop
    And a customer orders 3 "linen shirt" in the marketplace
    Then every system agrees

  @ORD-009
  Scenario: The customer cancels while the warehouse ships
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the fulfillment cancellation at the warehouse and the shipping notice meet
    And the customer cancels the order
    And the warehouse ships the order
    Then every system agrees

  @RET-018
  Scenario: Two stores are brought the same unit
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the next 2 messages of the point of sale meet
    And 1 "linen shirt" is brought to "Store 12" and to "Store 27" at the same moment
    Then one of the two stores takes the goods
    And the customer is refunded 49.90 EUR to the card
    And every system agrees
