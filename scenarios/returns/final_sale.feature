@returns
Feature: Goods of final sale stay with the customer
  Whoever sends them all the same does not get the money, and the dock does not lose them.

  Background:
    Given 5 "sample sale dress" are in stock at "Warehouse North"
    When a customer orders 1 "sample sale dress" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  @RET-008 @OMN-013
  Scenario: Declined in every channel
    When the customer asks to return 1 "sample sale dress" because it is not wanted
    Then the request is declined
    When the customer brings 1 "sample sale dress" back to "Store 12" as new
    Then the return is refused
    And the customer is refunded 0.00 EUR to the card
    And every system agrees
