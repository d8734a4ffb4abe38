@MDM-001
Feature: Products are created, changed and discontinued in one place
  The ERP tells each change with a version; every channel follows, whatever the order in which versions come.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: A product changes, and every channel follows
    When the ERP creates "linen shirt"
    And the ERP changes "linen shirt"
    Then every channel shows "linen shirt" as the ERP has it
    When a customer orders 1 "linen shirt" in the marketplace
    And the warehouse ships the order
    Then the order is shipped
    And every system agrees

  Scenario: Word of a change comes again after the next change
    Given the product notice comes again 2 seconds later
    When the ERP creates "linen shirt"
    And the ERP changes "linen shirt"
    And the ERP changes "linen shirt"
    Then every channel shows "linen shirt" as the ERP has it
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees

  Scenario: A channel is down while products change
    Given the storefront is down
    When the ERP creates "linen shirt"
    And the ERP changes "linen shirt"
    And the storefront is back
    Then every channel shows "linen shirt" as the ERP has it
    When a customer orders 1 "linen shirt" in the store
    Then the order is in fulfillment
    And every system agrees

  @MDM-003
  Scenario: A discontinued product is not sold any more, and what was sold is shipped and taken back
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the ERP discontinues "linen shirt"
    Then every channel shows "linen shirt" as the ERP has it
    When the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is turned down because of "linen shirt"
    And every system agrees

  @MDM-003
  Scenario: An order names a product that the ERP does not know yet
    Given the ERP does not know "linen shirt" yet
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is placed
    And the ERP has refused what it does not know
    And no dead letter waits
    When the ERP creates "linen shirt"
    Then the order is in fulfillment
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And every system agrees

  @MDM-003
  Scenario: Two orders wait for the same product
    Given the ERP does not know "linen shirt" yet
    When a customer orders 1 "linen shirt" in the web shop
    And a customer orders 1 "linen shirt" in the marketplace
    Then the ERP has refused what it does not know
    When the ERP creates "linen shirt"
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees
