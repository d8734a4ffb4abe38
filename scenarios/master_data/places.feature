@MDM-004
Feature: Places open, close and stop taking returns
  The ERP tells it, and everybody holds to it from then on.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: A store that takes no returns any more
    Given "Store 41" is open and takes returns
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When "Store 41" takes no returns any more
    Then storefront and stores know "Store 41" as the ERP has it
    When the customer brings 1 "linen shirt" back to "Store 41" as new
    Then the return is refused
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When "Store 41" is open and takes returns
    Then storefront and stores know "Store 41" as the ERP has it
    When the customer brings 1 "linen shirt" back to "Store 41" as new
    Then the order is returned
    And every system agrees

  Scenario: A store that is closed
    Given "Store 42" is closed for good
    Then storefront and stores know "Store 42" as the ERP has it
    When the customer will collect the order at "Store 42"
    And a customer orders 1 "linen shirt" in the web shop
    Then the order is turned down because of the place of pickup
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees
