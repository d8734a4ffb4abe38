@resilience @virtual @RES-010
Feature: A system is restored to how it was
  A partner fails over to a copy that lacks its last seconds. It had answered; after the order is replayed,
  everything is there again, once.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: The ERP loses a sales order and its reservation
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the ERP is restored to how it was 1 hour ago
    Then the ERP holds 0 sales orders
    When the operator replays the order
    Then the ERP holds 1 sales order
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And no dead letter waits
    And every system agrees

  Scenario: The ERP loses an invoice and the goods movement after shipping
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When 2 hours pass
    And the warehouse ships the order
    Then the order is shipped
    When 5 seconds pass
    And the ERP is restored to how it was 1 hour ago
    Then the ERP holds 1 sales order
    When the operator replays the order
    Then the ERP holds 1 sales order
    And the customer has paid 104.70 EUR
    And no dead letter waits
    And every system agrees

  Scenario: The payment provider loses a refund that it had accepted
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When 2 hours pass
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When 5 minutes pass
    And the payment provider is restored to how it was 1 hour ago
    Then the customer is refunded 0.00 EUR to the card
    When the operator replays the order
    Then the customer is refunded 49.90 EUR to the card
    And no dead letter waits
    And every system agrees

  Scenario: The warehouse loses a fulfillment order
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the warehouse is restored to how it was 1 hour ago
    And the operator replays the order
    And the warehouse ships the order
    Then the order is shipped
    And no dead letter waits
    And every system agrees

  Scenario: The tax engine loses what it was told, twice
    When a customer orders 2 "linen shirt" in the marketplace
    And the warehouse ships the order
    Then the order is shipped
    When the tax engine is restored to how it was 1 hour ago
    And the operator replays the order
    And 5 seconds pass
    And the tax engine is restored to how it was 1 hour ago
    And the operator replays the order
    Then no dead letter waits
    And every system agrees
