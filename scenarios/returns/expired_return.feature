@returns @virtual @RET-014
Feature: The parcel of a return comes after its authorization lapsed
  Days are counted from the request, 24 hours each.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 2 "linen shirt" because it is too large
    Then the return is approved

  Scenario: Too late, and a clerk lets it count
    When 721 hours pass
    Then the last return stands at expired
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    Then 1 "linen shirt" waits for a clerk at "Warehouse North"
    And 1 dead letter waits
    And the customer is refunded 0.00 EUR to the card
    When a clerk assigns the held 1 "linen shirt" to the order
    Then nothing waits for a clerk
    When the dock grades what the clerk assigned as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: Half of it in time, the other half never
    When the returned 1 "linen shirt" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 49.90 EUR to the card
    When 721 hours pass
    Then the last return stands at closed
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    Then 1 "linen shirt" waits for a clerk at "Warehouse North"
    And the customer is refunded 49.90 EUR to the card
    And every system agrees
