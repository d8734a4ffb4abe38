@peak @virtual
Feature: What is critical goes first
  The ERP takes less than there is to tell it. Orders of customers who wait go before documents that can wait.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @PEK-005 @calm
  Scenario: A new order goes before the documents of one that has left
    Given the ERP takes 1 document a second
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the warehouse ships the order
    And a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the ERP has not invoiced the first order yet
    And every system agrees

  @PEK-005 @calm
  Scenario: Orders go first when the ERP can be asked again
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    Given the ERP takes 1 document a second
    And the ERP asks for 10 seconds of patience with the invoice
    When the warehouse ships the order
    Then the order is shipped
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the ERP has not invoiced the first order yet
    And every system agrees
