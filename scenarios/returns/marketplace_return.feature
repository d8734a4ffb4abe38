@returns
Feature: A marketplace order comes back through a store or through customer service
  The marketplace has the customer's money: it is told once, and it alone pays back.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the marketplace
    And the warehouse ships the order
    Then the order is shipped

  @OMN-010 @OMN-003
  Scenario: A store takes it back, and the marketplace is told once
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the marketplace refunds the customer 99.80 EUR
    And the marketplace is told of 1 refund
    And the customer is refunded 0.00 EUR to the card
    And the order is returned
    And every system agrees

  @OMN-010 @RET-006
  Scenario: What a store took back is not refundable a second time
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the marketplace refunds the customer 99.80 EUR
    When the customer asks to return 1 "linen shirt" because it is not wanted
    Then the request is declined
    And the marketplace is told of 1 refund
    And every system agrees

  @RET-019
  Scenario: Customer service asks for the customer
    When customer service asks to return 1 "linen shirt" because it is defective
    Then the ERP and the dock know that it is returned because it is defective
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    And the dock grades the returned goods as new
    Then the marketplace refunds the customer 49.90 EUR
    And the marketplace is told of 1 refund
    And every system agrees
