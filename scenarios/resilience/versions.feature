@resilience @RES-017
Feature: Versions of the interface stand side by side
  Whoever speaks a later minor version is served beside the others; a major version that does not exist is refused.

  Background:
    Given 9 "linen shirt" are in stock at "Warehouse North"

  Scenario: A shop of a later minor version beside a marketplace of this one
    Given the storefront places its orders in a later minor version
    When a customer orders 1 "linen shirt" in the web shop
    And a customer orders 1 "linen shirt" in the marketplace
    Then every order is in fulfillment
    And no dead letter waits
    And every system agrees

  @RES-012
  Scenario: A warehouse of a later minor version
    Given the shipping notice comes with a field of a later version
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And no dead letter waits
    And every system agrees

  Scenario: A caller of a major version that is not served
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the storefront is told that the next major version is not served
    When the customer cancels the order
    Then the order is canceled
    And every system agrees
