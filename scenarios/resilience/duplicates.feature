@resilience
Feature: Duplicates
  However often something is said, it happens once.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @ORD-003 @RES-003
  Scenario: The storefront submits an order again
    When a customer orders 1 "linen shirt" in the web shop
    And the web shop submits the order again
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @ORD-003 @RES-003
  Scenario: The storefront submits an order again as a new message
    When a customer orders 1 "linen shirt" in the web shop
    And the web shop submits the order again as a new message
    And the web shop submits the order again as a new message
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @ORD-003
  Scenario: A second process of the shop numbers the same order anew
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the web shop submits the order again under another number
    Then 4 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @RES-002
  Scenario: The warehouse and the payment provider say everything twice
    Given the warehouse sends every event 2 times
    And the payment provider sends every event 2 times
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  @RES-003
  Scenario: The warehouse tells of a shipment again under another message number
    Given the warehouse sends every event 2 times under new numbers
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    And 3 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @RES-003
  Scenario: A part of the order is told as shipped again under another message number
    Given the warehouse sends every event 2 times under new numbers
    When a customer orders 3 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the order is partially shipped
    When the warehouse ships the order
    Then the order is shipped
    And 2 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @RES-003
  Scenario: The dock tells of a receipt and its grades again under other message numbers
    Given the warehouse sends every event 2 times under new numbers
    When a customer orders 3 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 1 "linen shirt" because it is too small
    And the returned 1 "linen shirt" arrives at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 49.90 EUR to the card
    And 1 "linen shirt" is added to the shelf at "Warehouse North"
    And every system agrees
