@orders @FUL-012 @RET-028
Feature: Sold as one, shipped as several
  A kit has a price and no stock. Its parts are picked, shipped, taxed and returned each by itself, at its share of
  what was paid.

  Background:
    Given 5 "silk scarf" are in stock at "Warehouse North"
    And 5 "leather belt" are in stock at "Warehouse North"
    And 9 "cotton socks" are in stock at "Warehouse South"

  Scenario: A kit ships from two warehouses
    When a customer orders 2 "gift set" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer sees 2 parcels
    And the customer has paid 182.90 EUR
    And 3 "silk scarf" are left in stock at "Warehouse North"
    And 3 "leather belt" are left in stock at "Warehouse North"
    And 5 "cotton socks" are left in stock at "Warehouse South"
    And every system agrees

  Scenario: One part comes back at its share of the price
    When a customer orders 1 "gift set" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "leather belt" back to "Store 12" as new
    Then the customer is refunded 27.96 EUR to the card
    And 1 "leather belt" is added to the shelf at "Store 12"
    And the order is partially returned
    And every system agrees

  Scenario: The whole kit comes back, and every cent with it
    When a customer orders 1 "gift set" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "gift set" back to "Store 12" opened
    Then the customer is refunded 89.00 EUR to the card
    And 2 "cotton socks" are added to the outlet stock at "Store 12"
    And the order is returned
    And every system agrees

  Scenario: Part by part, a promotion on top
    Given the customer uses the promotion "SUMMER10"
    When a customer orders 1 "gift set" in the web shop
    And the warehouse ships the order
    Then the customer has paid 85.00 EUR
    When the customer brings 1 "cotton socks" back to "Store 12" as new
    And the customer brings 1 "silk scarf" back to "Store 27" worn
    And the customer brings 1 "cotton socks" back to "Store 12" as new
    And the customer brings 1 "leather belt" back to "Store 12" as new
    Then the customer is refunded 80.10 EUR to the card
    And the order is returned
    And every system agrees

  Scenario: A kit is not taken apart by a cancellation
    When a customer orders 1 "gift set" and 1 "leather belt" in the web shop
    And the customer cancels 1 "silk scarf"
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 128.40 EUR
    And every system agrees

  Scenario: A kit is canceled as a whole
    When a customer orders 2 "gift set" in the web shop
    Then the order is placed
    When the customer cancels 1 "gift set"
    Then the customer sees 4 units as canceled
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 93.90 EUR
    And no money is held on the card
    And every system agrees

  Scenario: A part is missing: the order is rejected
    When a customer orders 5 "gift set" in the web shop
    Then the order is rejected
    And 5 "silk scarf" are left in stock at "Warehouse North"
    And no money is held on the card
    And every system agrees
