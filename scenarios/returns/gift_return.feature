@returns @RET-017
Feature: A gift is returned by who received it
  The recipient gets store credit; the purchaser's card is left alone.

  Background:
    Given 5 "silk scarf" are in stock at "Warehouse North"
    And the order is a gift
    When a customer orders 1 "silk scarf" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: Store credit for the recipient
    When the recipient brings 1 "silk scarf" back to "Store 12" as new
    Then the recipient receives 59.33 EUR as store credit
    And the customer is refunded 0.00 EUR to the card
    And 1 "silk scarf" is added to the shelf at "Store 12"
    And every system agrees

  Scenario: The recipient asks online and sends it back
    When the recipient asks to return 1 "silk scarf" because it is not wanted
    Then the return is approved
    When the returned 1 "silk scarf" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the recipient receives 59.33 EUR as store credit
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @PAY-009
  Scenario: Stored value belongs to no parcel, so it waits for a dispute about any
    Given the order is a gift
    When a customer orders 2 "silk scarf" in the web shop
    And the warehouse ships 1 "silk scarf"
    Then the order is partially shipped
    When the customer disputes the payment
    Then 1 dead letter waits
    When the warehouse ships 1 "silk scarf"
    Then the order is shipped
    When the recipient brings 2 "silk scarf" back to "Store 12" as new
    Then the order is returned
    And the recipient receives 0.00 EUR as store credit
    And every system agrees
    When the dispute is won
    Then the recipient receives 118.66 EUR as store credit
    And every system agrees

  @RET-026
  Scenario: The recipient wants something else, which costs less
    Given 5 "leather belt" are in stock at "Warehouse North"
    When the recipient asks to exchange 1 "silk scarf" for 1 "leather belt" because it is not wanted
    Then the return is approved
    When the returned 1 "silk scarf" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the returned goods pay 34.50 EUR of the replacement
    And the recipient receives 24.83 EUR as store credit
    And the customer is refunded 0.00 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And every system agrees

  @RET-027
  Scenario: What the recipient wants instead cannot be had
    Given 1 "leather belt" are in stock at "Warehouse North"
    When the recipient asks to exchange 1 "silk scarf" for 2 "leather belt" because it is not wanted
    Then the return is approved
    When the returned 1 "silk scarf" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the recipient receives 59.33 EUR as store credit
    And the exchange is turned into a refund
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @RET-017 @RET-006
  Scenario: What the recipient returned the purchaser cannot return again
    When the recipient brings 1 "silk scarf" back to "Store 12" as new
    Then the recipient receives 59.33 EUR as store credit
    When the customer asks to return 1 "silk scarf" because it is not wanted
    Then the request is declined
    When the customer brings 1 "silk scarf" back to "Store 27" as new
    Then the return is refused
    And the customer is refunded 0.00 EUR to the card
    And every system agrees
