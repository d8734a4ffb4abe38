@orders
Feature: Cancellation
  Canceled units never ship, are never charged, and free their stock.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"

  @ORD-006 @PAY-005
  Scenario: The whole order before anything left
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer cancels the order
    Then the order is canceled
    And no money is held on the card
    And the customer has paid 0.00 EUR
    And 5 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @ORD-007
  Scenario: One of three units; the others ship
    When a customer orders 2 "linen shirt" and 1 "denim jacket" in the web shop
    Then the order is in fulfillment
    When the customer cancels 1 "linen shirt"
    And the warehouse ships 1 "linen shirt" and 1 "denim jacket"
    Then the order is shipped
    And the customer has paid 143.80 EUR
    And every system agrees

  @ORD-008
  Scenario: Too late: the goods have left
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer cancels the order
    Then the cancellation is refused
    And the order is shipped
    And every system agrees

  @ORD-009
  Scenario: Units that have left are named and cannot be canceled
    Given 4 "silk scarf" are in stock at "Warehouse North"
    When a customer orders 2 "silk scarf" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer cancels 1 "silk scarf"
    Then the cancellation is refused
    And the customer sees 0 units as canceled
    And every system agrees
