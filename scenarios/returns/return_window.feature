@returns @virtual @RET-007
Feature: Goods come back early enough, or too late
  Days are counted from shipping, 24 hours each, whatever the calendar does between.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: In the last hour
    When 719 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: An hour too late
    When 721 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the return is refused
    And every system agrees
