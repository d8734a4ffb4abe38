@orders
Feature: A plain order
  A customer buys, the warehouse ships, the carrier delivers; every system tells the same story.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @ORD-001 @ORD-002 @FUL-009 @TAX-001
  Scenario: One order from checkout to the customer's door
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is accepted
    And the ERP holds 1 sales order
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    When the carrier delivers every parcel
    Then the order is delivered
    And 3 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @PAY-001
  Scenario: Nothing is charged before goods leave
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the customer has paid 0.00 EUR
    And every system agrees

  @TAX-002
  Scenario: Tax comes on top where prices are without tax
    Given the order goes to the United States
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And every system agrees
