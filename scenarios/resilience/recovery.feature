@resilience
Feature: Replays and dead letters
  What was given up or is doubted is made again, under the keys that it had, and nothing happens twice.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @RES-009
  Scenario: An order is replayed after a return
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When the operator replays the order
    And the operator replays the order
    Then the customer has paid 104.70 EUR
    And the customer is refunded 49.90 EUR to the card
    And the ERP holds 1 sales order
    And no dead letter waits
    And every system agrees

  @RES-009
  Scenario: An order is replayed in the middle of its life
    When a customer orders 2 "linen shirt" in the marketplace
    Then the order is in fulfillment
    When the operator replays the order
    And the warehouse ships the order
    Then the order is shipped
    And the ERP holds 1 sales order
    And no dead letter waits
    And every system agrees

  @RES-009
  Scenario: An order is replayed while the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the ERP is down
    And the operator replays the order
    And the ERP is back
    Then no dead letter waits
    And the ERP holds 1 sales order
    And every system agrees

  @RES-012
  Scenario: Scans with a code that nobody knows yet
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When every attempt at the carrier scan comes with a code of a later version
    And the carrier scans every parcel as picked up
    Then 1 dead letter waits
    When the carrier is back
    And the carrier scans every parcel as delivered
    Then the order is delivered
    And every system agrees

  @virtual @RES-008
  Scenario: The ERP stays away for longer than the middleware is patient
    Given the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is placed
    When 20 minutes pass
    Then 1 dead letter waits
    And the ERP holds 0 sales orders
    When the ERP is back
    And the operator replays the dead letters
    Then the order is in fulfillment
    And no dead letter waits
    When the operator replays the order
    Then the ERP holds 1 sales order
    And every system agrees
