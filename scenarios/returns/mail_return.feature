@returns
Feature: A return that is asked for online and comes by mail

  Background:
    Given 5 "running shoes" are in stock at "Warehouse South"
    When a customer orders 2 "running shoes" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  @RET-001
  Scenario: Received, graded, refunded
    When the customer asks to return 1 "running shoes" because it is too small
    Then the return is approved
    When the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods as new
    Then the customer is refunded 119.99 EUR to the card
    And 1 "running shoes" is added to the shelf at "Warehouse South"
    And the order is partially returned
    And every system agrees

  @RET-002
  Scenario: Nothing is refunded before the goods are graded
    When the customer asks to return 2 "running shoes" because it is not wanted
    Then the return is approved
    When the returned 2 "running shoes" arrive at "Warehouse South"
    Then the customer is refunded 0.00 EUR to the card
    When the dock grades the returned goods opened
    Then the customer is refunded 239.98 EUR to the card
    And the order is returned
    And every system agrees

  @RET-018
  Scenario: Asked for by mail, brought to a store
    When the customer asks to return 1 "running shoes" because it is defective
    Then the return is approved
    When the customer brings 1 "running shoes" back to "Store 12" worn
    Then the customer is refunded 119.99 EUR to the card
    And 1 "running shoes" is added to the liquidation stock at "Store 12"
    And every system agrees

  @RES-004 @calm
  Scenario: The grades come before the receipt
    Given the return receipt is overtaken by the next message
    When the customer asks to return 1 "running shoes" because it is too small
    And the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods as new
    Then the customer is refunded 119.99 EUR to the card
    And 1 "running shoes" is added to the shelf at "Warehouse South"
    And every system agrees
