@MDM-007
Feature: Customers are created, changed and merged in one place
  The ERP tells each change with a version; storefront, stores and customer service follow. Orders of an account that became part of
  another are found under both.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: A customer is created and moves, and everybody follows
    When the ERP creates the customer
    And the customer moves to Austria
    Then whoever meets the customer knows what the ERP knows
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees

  Scenario: Word of a change comes again after the next change
    Given the customer notice comes again 2 seconds later
    When the ERP creates the customer
    And the customer moves to France
    And the customer moves to Germany
    Then whoever meets the customer knows what the ERP knows
    When a customer orders 1 "linen shirt" in the store
    Then the order is in fulfillment
    And every system agrees

  Scenario: Customer service is down while a customer changes
    Given the customer service is down
    When the ERP creates the customer
    And the customer moves to Switzerland
    And the customer service is back
    Then whoever meets the customer knows what the ERP knows
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees

  Scenario: Two accounts become one, and the orders of both are found under either
    When the ERP creates the customer
    And the customer uses a second account
    And a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the ERP merges the second account into the first
    Then whoever meets the customer knows what the ERP knows
    When a customer of the first account brings 1 "linen shirt" without receipt and card back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When a known customer brings 1 "linen shirt" without receipt and card back to "Store 12" as new
    Then the order is returned
    And every system agrees

  Scenario: Nobody finds the orders of an account that is not merged
    When the ERP creates the customer
    And the customer uses a second account
    And a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When a customer of the first account brings 1 "linen shirt" without receipt and card back to "Store 12" as new
    Then the store finds no order
    And every system agrees

  @restart
  Scenario: The middleware is killed between the change and its announcement
    Given the storefront is down
    When the ERP creates the customer
    And the middleware is killed and started again
    And the storefront is back
    Then whoever meets the customer knows what the ERP knows
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees
