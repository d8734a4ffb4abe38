@returns @RET-013
Feature: Goods come back and nobody knows whose they are
  The dock keeps them and asks a person; once a clerk finds the order, they are received for it.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: A clerk finds the order
    When a parcel without papers with 1 "linen shirt" arrives at "Warehouse North"
    Then 1 "linen shirt" waits for a clerk at "Warehouse North"
    And 1 dead letter waits
    And the customer is refunded 0.00 EUR to the card
    When a clerk assigns the held 1 "linen shirt" to the order
    Then nothing waits for a clerk
    When the dock grades what the clerk assigned as new
    Then the customer is refunded 49.90 EUR to the card
    And 1 "linen shirt" is added to the shelf at "Warehouse North"
    When the operator replays the dead letters
    Then no dead letter waits
    And every system agrees

  Scenario: A clerk finds out about what came too much before the rest is graded
    When the customer asks to return 1 "linen shirt" because it is not wanted
    Then the return is approved
    When the returned 2 "linen shirt" arrive at "Warehouse North"
    Then 1 "linen shirt" waits for a clerk at "Warehouse North"
    When a clerk assigns the held 1 "linen shirt" to the order
    Then nothing waits for a clerk
    When the dock grades what the clerk assigned opened
    And the dock grades the returned goods as new
    Then the customer is refunded 99.80 EUR to the card
    And 1 "linen shirt" is added to the shelf at "Warehouse North"
    And every system agrees

  Scenario: The clerk finds an order from which everything came back before
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 99.80 EUR to the card
    When a parcel without papers with 1 "linen shirt" arrives at "Warehouse North"
    Then 1 "linen shirt" waits for a clerk at "Warehouse North"
    When a clerk assigns the held 1 "linen shirt" to the order
    Then the request is declined
    And 1 "linen shirt" waits for a clerk at "Warehouse North"
    And the customer is refunded 99.80 EUR to the card
    And every system agrees

  Scenario: Nobody finds an order
    When a parcel without papers with 1 "linen shirt" arrives at "Warehouse North"
    Then 1 "linen shirt" waits for a clerk at "Warehouse North"
    And 1 dead letter waits
    And the customer is refunded 0.00 EUR to the card
    And every system agrees
