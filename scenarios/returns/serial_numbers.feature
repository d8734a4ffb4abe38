@returns @FUL-013 @RET-029
Feature: Goods with serial numbers
  What leaves is scanned, and what comes back is scanned again: nobody returns another unit than was bought.

  Background:
    Given 5 "fitness tracker" are in stock at "Warehouse North"
    When a customer orders 2 "fitness tracker" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer sees 2 serial numbers

  Scenario: A unit that was bought comes back to a store
    When the customer brings 1 "fitness tracker" back to "Store 12" as new
    Then the customer is refunded 199.00 EUR to the card
    And 1 "fitness tracker" is added to the shelf at "Store 12"
    And every system agrees

  Scenario: By mail
    When the customer asks to return 2 "fitness tracker" because it is not wanted
    Then the return is approved
    When the returned 2 "fitness tracker" arrive at "Warehouse North"
    And the dock grades the returned goods opened
    Then the customer is refunded 398.00 EUR to the card
    And the order is returned
    And every system agrees

  Scenario: Another unit of the same kind is refused
    When the customer brings 1 "fitness tracker" with a strange serial number back to "Store 12" as new
    Then the return is refused
    And the customer is refunded 0.00 EUR to the card
    When the customer brings 1 "fitness tracker" back to "Store 12" as new
    Then the customer is refunded 199.00 EUR to the card
    And every system agrees

  Scenario: The same unit does not come back twice
    When the customer brings 1 "fitness tracker" back to "Store 12" as new
    Then the customer is refunded 199.00 EUR to the card
    When the customer brings 1 "fitness tracker" with the same serial number back to "Store 27" as new
    Then the return is refused
    And the customer is refunded 199.00 EUR to the card
    And every system agrees

  Scenario: A unit too many waits, and a clerk lets it count
    When the customer asks to return 1 "fitness tracker" because it is not wanted
    Then the return is approved
    When the returned 2 "fitness tracker" arrive at "Warehouse North"
    Then 1 "fitness tracker" waits for a clerk at "Warehouse North"
    When a clerk assigns the held 1 "fitness tracker" to the order
    Then nothing waits for a clerk
    When the dock grades the returned goods as new
    And the dock grades what the clerk assigned as new
    Then the customer is refunded 398.00 EUR to the card
    And every system agrees

  Scenario: A parcel without papers is scanned once a clerk found the order
    When a parcel without papers with 1 "fitness tracker" arrives at "Warehouse North"
    Then 1 "fitness tracker" waits for a clerk at "Warehouse North"
    When a clerk assigns the held 1 "fitness tracker" to the order
    Then nothing waits for a clerk
    When the dock grades what the clerk assigned as new
    Then the customer is refunded 199.00 EUR to the card
    When the operator replays the dead letters
    Then every system agrees
