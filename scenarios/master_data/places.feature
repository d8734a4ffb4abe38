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

  @MDM-006
  Scenario: An order is collected at a store that the ERP does not know yet
    Given "Store 44" is in use and the ERP does not know it yet
    And 2 "denim jacket" are in stock at "Store 44"
    When the customer will collect the order at "Store 44"
    And a customer orders 1 "denim jacket" in the web shop
    Then the order is placed
    And the ERP has refused what it does not know
    And no dead letter waits
    When "Store 44" is open and takes returns
    Then the order is in fulfillment
    And storefront and stores know "Store 44" as the ERP has it
    And every system agrees

  @MDM-006
  Scenario: Goods come back to a store that the ERP does not know yet
    Given "Store 45" is in use and the ERP does not know it yet
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 45" as new
    Then the ERP has refused what it does not know
    And no dead letter waits
    When "Store 45" is open and takes returns
    Then 1 "linen shirt" is added to the shelf at "Store 45"
    And the customer is refunded 49.90 EUR to the card
    And every system agrees
