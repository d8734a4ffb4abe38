@resilience @restart @RES-006
Feature: The middleware dies
  It is killed without warning and started again; what it accepted it carries through, once.

  Background:
    Given 5 "paperback book" are in stock at "Warehouse North"

  Scenario: Right after an order was submitted
    When a customer orders 1 "paperback book" in the web shop
    And the middleware is killed and started again
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  Scenario: While the ERP is down
    Given the ERP is down
    When a customer orders 1 "paperback book" in the web shop
    Then the order is placed
    When the middleware is killed and started again
    And the ERP is back
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  Scenario: Between shipment and refund
    When a customer orders 2 "paperback book" in the web shop
    And the warehouse ships the order
    And the middleware is killed and started again
    Then the order is shipped
    When the customer brings 1 "paperback book" back to "Store 12" as new
    And the middleware is killed and started again
    Then the customer is refunded 12.99 EUR to the card
    And every system agrees
