@omnichannel
Feature: Stores that ship
  A store ships from its shelf as a warehouse does, with its own courier.

  @OMN-008
  Scenario: A store ships an order from its shelf
    Given 2 "silk scarf" are in stock at "Store 12"
    When a customer orders 1 "silk scarf" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And a parcel left "Store 12"
    And 1 "silk scarf" is left in stock at "Store 12"
    And every system agrees

  @FUL-003
  Scenario: One order from a warehouse and a store, with two carriers
    Given 1 "silk scarf" is in stock at "Store 12"
    And 1 "rain coat" is in stock at "Warehouse North"
    When a customer orders 1 "silk scarf" and 1 "rain coat" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer sees 2 parcels
    And the parcels travel with 2 carriers
    When the carrier delivers every parcel
    Then the order is delivered
    And every system agrees
