@tax
Feature: The tax engine's own rules
  What was filed stays filed, what was sold keeps its rate, and what cannot be rated is not sold.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @TAX-014
  Scenario: Goods come back after the period was closed
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the tax period of the order closes
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the tax engine holds 1 return document
    And the retailer owes 8.74 EUR of tax for the order
    And every system agrees

  @TAX-004
  Scenario: A return gives the tax of the sale back, not today's
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the retailer owes 8.75 EUR of tax for the order
    When the tax on "linen shirt" rises to 25 percent
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the retailer owes 0.78 EUR of tax for the order
    And the customer is refunded 49.90 EUR to the card
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the retailer owes 10.76 EUR of tax for the order
    And every system agrees

  @TAX-004 @ORD-002
  Scenario: A shop that missed a new rate cannot sell at the old one
    Given the tax engine alone raises the tax on "linen shirt" to 25 percent
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is rejected
    And no money is held on the card
    And the retailer owes 0.00 EUR of tax for the order
    And every system agrees

  @TAX-010
  Scenario: What is canceled is never taxed
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer cancels the order
    Then the order is canceled
    And the retailer owes 0.00 EUR of tax for the order
    And every system agrees

  @TAX-003 @RES-001
  Scenario: The engine loses its answers
    Given the tax engine loses its answer to the tax document
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the retailer owes 8.75 EUR of tax for the order
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the retailer owes 0.78 EUR of tax for the order
    And every system agrees

  @TAX-020
  Scenario: Goods come back before the engine has committed their sale
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the tax engine takes 2 seconds to commit a sale of the order
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And the tax engine holds 1 return document
    And the retailer owes 8.74 EUR of tax for the order
    And no dead letter waits
    And every system agrees

  @TAX-020 @PAY-015
  Scenario: Prices are lowered before the engine has committed the sale
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the tax engine takes 2 seconds to commit a sale of the order
    And the warehouse ships the order
    Then the order is shipped
    When customer service grants 50 percent on "linen shirt"
    Then the retailer owes 4.77 EUR of tax for the order
    And no dead letter waits
    And every system agrees
