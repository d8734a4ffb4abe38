@fulfillment @FUL-001
Feature: Split shipments
  Each parcel is charged, invoiced and taxed for what is in it, exactly once.

  Scenario: Two parcels from one warehouse
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" and 1 "denim jacket" in the web shop
    And the warehouse ships 2 "linen shirt"
    Then the order is partially shipped
    And the customer has paid 104.70 EUR
    When the warehouse ships 1 "denim jacket"
    Then the order is shipped
    And the customer has paid 193.70 EUR
    And the customer sees 2 parcels
    And every system agrees

  @FUL-002
  Scenario: One order from two warehouses
    Given 1 "linen shirt" is in stock at "Warehouse North"
    And 1 "denim jacket" is in stock at "Warehouse South"
    When a customer orders 1 "linen shirt" and 1 "denim jacket" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer sees 2 parcels
    And 0 "linen shirt" are left in stock at "Warehouse North"
    And 0 "denim jacket" are left in stock at "Warehouse South"
    And every system agrees

  @TAX-015
  Scenario: Units of one line in three parcels, with a promotion that does not divide evenly
    Given 5 "cotton socks" are in stock at "Warehouse North"
    And the customer uses the promotion "TENOFF"
    When a customer orders 3 "cotton socks" in the web shop
    And the warehouse ships 1 "cotton socks"
    And the warehouse ships 1 "cotton socks"
    And the warehouse ships 1 "cotton socks"
    Then the order is shipped
    And the customer has paid 18.87 EUR
    And every system agrees

  Scenario: The last units leave in two parcels
    Given 2 "silk scarf" are in stock at "Warehouse North"
    When a customer orders 2 "silk scarf" in the web shop
    And the warehouse ships 1 "silk scarf"
    And the warehouse ships 1 "silk scarf"
    Then the order is shipped
    And 0 "silk scarf" are left in stock at "Warehouse North"
    And every system agrees

  Scenario: Two orders share the last units of a warehouse
    Given 2 "silk scarf" are in stock at "Warehouse North"
    And 1 "silk scarf" is in stock at "Warehouse South"
    When a customer orders 1 "silk scarf" in the web shop
    Then the order is in fulfillment
    When a customer orders 2 "silk scarf" in the mobile app
    And "Warehouse South" ships 1 "silk scarf"
    And "Warehouse North" ships 1 "silk scarf"
    Then the order is shipped
    And 0 "silk scarf" are left in stock at "Warehouse North"
    And every system agrees
