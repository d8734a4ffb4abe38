@returns
Feature: Bought in a store, and returned by mail

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the store
    And the warehouse ships the order
    Then the order is shipped

  @OMN-011 @RET-019
  Scenario: Customer service sends a label
    When customer service asks to return 1 "linen shirt" because it is too small
    Then the ERP and the dock know that it is returned because it is too small
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 49.90 EUR to the card
    And the order is returned
    And every system agrees

  @OMN-011 @RET-012
  Scenario: The parcel comes, and the goods are not taken back
    When customer service asks to return 1 "linen shirt" because it is not wanted
    Then the ERP and the dock know that it is returned because it is not wanted
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    And the dock rejects 1 "linen shirt" and grades the rest as new
    Then 1 "linen shirt" is sent to the customer again
    And the customer is refunded 0.00 EUR to the card
    And every system agrees
