@returns @RET-030
Feature: Defective goods are replaced under warranty
  By the same goods and without a charge, long after the return window; the replacement leaves before the broken ones are
  back.

  Background:
    Given 5 "fitness tracker" are in stock at "Warehouse North"
    And 5 "rain coat" are in stock at "Warehouse North"
    When a customer orders 1 "fitness tracker" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  @virtual
  Scenario: After a year
    When 8760 hours pass
    And the customer asks to exchange 1 "fitness tracker" for 1 "fitness tracker" because it is defective
    Then the return is approved
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 0.00 EUR
    When attention turns back to the original order
    And the returned 1 "fitness tracker" arrive at "Warehouse North"
    And the dock grades the returned goods worn
    Then the returned goods pay 199.00 EUR of the replacement
    And 1 "fitness tracker" is added to the refurbishment at "Warehouse North"
    And the customer is refunded 0.00 EUR to the card
    And the exchange is completed
    And every system agrees

  @virtual
  Scenario: Only the same goods, and only what is defective
    When 8760 hours pass
    And the customer asks to exchange 1 "fitness tracker" for 1 "rain coat" because it is defective
    Then the exchange is refused
    When the customer asks to return 1 "fitness tracker" because it is defective
    Then the request is declined
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @virtual
  Scenario: After the warranty
    When 9999 hours pass
    And 7600 hours pass
    And the customer asks to exchange 1 "fitness tracker" for 1 "fitness tracker" because it is defective
    Then the exchange is refused
    And every system agrees

  @FUL-011
  Scenario: The replacement is lost, and sent again without a charge
    When the customer asks to exchange 1 "fitness tracker" for 1 "fitness tracker" because it is defective
    Then the return is approved
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    When customer service asks to send 1 "fitness tracker" again, which did not arrive
    Then no warehouse was asked for the replacement
    When the carrier scans every parcel as lost
    Then the returned goods pay 199.00 EUR of the replacement
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 0.00 EUR
    And every system agrees
