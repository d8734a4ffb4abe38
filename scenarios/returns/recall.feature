@returns @RET-009
Feature: Goods that are called back
  What has not left is stopped; what customers have is taken back, whenever it was bought, in full, and is never sold
  again.

  Scenario: Orders that wait are canceled, and later ones are turned down
    Given 5 "rain coat" are in stock at "Warehouse North"
    And 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "rain coat" and 1 "linen shirt" in the web shop
    Then the order is accepted
    When the maker recalls "rain coat"
    Then the customer sees 1 unit as canceled
    When the warehouse ships the order
    Then the customer has paid 54.80 EUR
    And the order is shipped
    When a customer orders 1 "rain coat" in the web shop
    Then the order is rejected
    And every system agrees

  Scenario: What was picked cannot be stopped any more, and may come back
    Given 5 "rain coat" are in stock at "Warehouse North"
    When a customer orders 1 "rain coat" in the web shop
    And the wave with the order is picked
    And the maker recalls "rain coat"
    Then the customer sees 0 units as canceled
    When the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "rain coat" back to "Store 12" as new
    Then the customer is refunded 129.50 EUR to the card
    And 1 "rain coat" is added to the quarantine at "Store 12"
    And 0 "rain coat" are added to the shelf at "Store 12"
    And every system agrees

  @virtual
  Scenario: Long after the return window, in a store
    Given 5 "rain coat" are in stock at "Warehouse North"
    When a customer orders 1 "rain coat" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When 8760 hours pass
    And the customer brings 1 "rain coat" back to "Store 12" as new
    Then the return is refused
    When the maker recalls "rain coat"
    And the customer brings 1 "rain coat" back to "Store 12" worn
    Then the customer is refunded 129.50 EUR to the card
    And 1 "rain coat" is added to the quarantine at "Store 12"
    And every system agrees

  Scenario: On final sale, by mail
    Given 5 "sample sale dress" are in stock at "Warehouse North"
    When a customer orders 1 "sample sale dress" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the maker recalls "sample sale dress"
    And the customer asks to return 1 "sample sale dress" because it is not wanted
    Then the return is approved
    When the returned 1 "sample sale dress" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 39.99 EUR to the card
    And 1 "sample sale dress" is added to the quarantine at "Warehouse North"
    And every system agrees
