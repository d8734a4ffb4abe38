@resilience
Feature: The ERP is down
  Channels go on selling; nothing is lost, and nothing is booked twice once the ERP is back.

  Background:
    Given 5 "leather belt" are in stock at "Warehouse North"

  @RES-004
  Scenario: During checkout
    Given the ERP is down
    When a customer orders 1 "leather belt" in the web shop
    Then the order is placed
    And the ERP holds 0 sales orders
    When the ERP is back
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 39.40 EUR
    And every system agrees

  @RES-005
  Scenario: Between shipment and invoice
    When a customer orders 1 "leather belt" in the web shop
    Then the order is in fulfillment
    When the ERP is down
    And the warehouse ships the order
    Then the customer has paid 39.40 EUR
    When the ERP is back
    Then the order is shipped
    And every system agrees

  @RES-005
  Scenario: During a return in a store
    When a customer orders 1 "leather belt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the ERP is down
    And the customer brings 1 "leather belt" back to "Store 12" as new
    Then the store promises the customer 34.50 EUR
    When the ERP is back
    Then the customer is refunded 34.50 EUR to the card
    And 1 "leather belt" is added to the shelf at "Store 12"
    And every system agrees
