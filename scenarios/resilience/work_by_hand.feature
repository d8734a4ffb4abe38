@resilience @RES-025
Feature: Work by hand is recorded and guarded
  Who makes the middleware do something again says why; both stand in the audit trail, and nobody else may.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: The operator has every call of an order made again
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the operator replays the order
    Then the audit trail tells that the operator did this by hand, and why
    And the ERP holds 1 sales order
    And every system agrees

  @virtual
  Scenario: The operator tries a call again that was given up
    Given the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is placed
    When 20 minutes pass
    Then 1 dead letter waits
    When the ERP is back
    And the operator replays the dead letters
    Then the order is in fulfillment
    And the audit trail tells that the operator did this by hand, and why
    And no dead letter waits
    And every system agrees

  @RES-015
  Scenario: A till asks to replay an order
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the point of sale asks to replay the order
    Then the point of sale is told that it may not do this
    And the ERP holds 1 sales order
    And every system agrees
