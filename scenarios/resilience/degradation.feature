@resilience
Feature: Channels go on selling while a partner is impaired
  Up to the limits that the retailer declares; what was sold so is made good when the partner is back.

  Background:
    Given 20 "linen shirt" are in stock at "Warehouse North"

  @PEK-007
  Scenario: The tax engine is away, and the order is within the limit
    Given the tax engine is down
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the middleware says that the tax engine is impaired
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 54.80 EUR
    When the tax engine is back
    Then the retailer owes 8.75 EUR of tax for the order
    And no dead letter waits
    And every system agrees

  @virtual @PEK-007
  Scenario: The tax engine is away, and the order is above the limit
    Given the tax engine is down
    When a customer orders 5 "linen shirt" in the web shop
    Then the order is placed
    When 2 minutes pass
    Then the ERP holds 0 sales orders
    And no money is held on the card
    When the tax engine is back
    Then the order is in fulfillment
    And every system agrees

  @virtual @PEK-007 @TAX-004
  Scenario: The tax engine comes back with another rate than the shop sold at
    Given the tax engine alone raises the tax on "linen shirt" to 25 percent
    And the tax engine is down
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the tax engine is back
    Then 1 dead letter waits

  @PEK-007
  Scenario: The ERP is away, and more is sold than may wait for it
    Given 5 "denim jacket" are in stock at "Warehouse North"
    And the ERP is down
    When 10 customers order 1 "linen shirt" in the web shop
    Then as many orders are taken as may wait for the ERP
    And the middleware says that the ERP is impaired
    When a customer orders 1 "denim jacket" in the web shop
    Then the order is placed
    When the ERP is back
    Then every order is in fulfillment
    And every system agrees

  @PEK-007
  Scenario: Customer service is away
    Given the customer service is down
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 54.80 EUR
    And the middleware says that the customer service is impaired
    When the customer service is back
    Then every system agrees
