@returns @virtual @RET-007
Feature: How long goods may be returned depends on where and when they were bought
  What was bought in a store may be returned for two weeks; what leaves in December before the holidays, up to the end
  of January.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: Bought in a store, on the last day
    When a customer orders 1 "linen shirt" in the store
    And the warehouse ships the order
    Then the order is shipped
    When 335 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: Bought in a store, an hour too late
    When a customer orders 1 "linen shirt" in the store
    And the warehouse ships the order
    Then the order is shipped
    When 337 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the return is refused
    When customer service asks to return 1 "linen shirt" because it is not wanted
    Then the request is declined
    And every system agrees

  Scenario: A present that left in December comes back at the end of January
    When 120 hours pass
    And a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When 1400 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When 80 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the return is refused
    And every system agrees

  Scenario: A return that was asked for in time arrives after the window
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When 700 hours pass
    And the customer asks to return 1 "linen shirt" because it is not wanted
    Then the return is approved
    When 100 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees
