@omnichannel
Feature: Bought online, picked up in a store
  The goods are the customer's, and charged, when they are collected.

  Background:
    Given 2 "leather belt" are in stock at "Store 12"
    And 5 "leather belt" are in stock at "Warehouse North"

  @OMN-006
  Scenario: The customer collects the order
    Given the customer will collect the order at "Store 12"
    When a customer orders 1 "leather belt" in the mobile app
    And the store has the order ready
    Then the order is ready for pickup
    And the customer has paid 0.00 EUR
    When the customer collects the order
    Then the order is delivered
    And the customer has paid 34.50 EUR
    And 1 "leather belt" is left in stock at "Store 12"
    And 5 "leather belt" are left in stock at "Warehouse North"
    And every system agrees

  @OMN-007
  Scenario: Nobody collects the order
    Given the customer will collect the order at "Store 12"
    When a customer orders 1 "leather belt" in the web shop
    And the store has the order ready
    Then the order is ready for pickup
    When nobody collects the order in time
    Then the order is canceled
    And no money is held on the card
    And 2 "leather belt" are left in stock at "Store 12"
    And every system agrees

  @OMN-006
  Scenario: The store does not have what it promised
    Given the customer will collect the order at "Store 12"
    When a customer orders 1 "leather belt" in the web shop
    And the warehouse does not find 1 "leather belt"
    Then the order is canceled
    And no money is held on the card
    And every system agrees

  @OMN-006
  Scenario: The store has too few for a pickup, whatever the warehouse has
    Given the customer will collect the order at "Store 12"
    When a customer orders 3 "leather belt" in the web shop
    Then the order is rejected
    And no money is held on the card
    And every system agrees

  @OMN-006
  Scenario: The customer changes her mind while the goods wait
    Given the customer will collect the order at "Store 12"
    When a customer orders 1 "leather belt" in the call center
    And the store has the order ready
    Then the order is ready for pickup
    When the customer cancels the order
    Then the customer sees 0 units as canceled
    When nobody collects the order in time
    Then the order is canceled
    And no money is held on the card
    And every system agrees

  @OMN-006
  Scenario: Collected, and brought back
    Given the customer will collect the order at "Store 12"
    When a customer orders 1 "leather belt" in the mobile app
    And the store has the order ready
    And the customer collects the order
    Then the order is delivered
    When the customer brings 1 "leather belt" back to "Store 12" as new
    Then the customer is refunded 34.50 EUR to the card
    And every system agrees
