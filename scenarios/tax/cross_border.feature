@tax
Feature: Taxes and duties across borders
  What was collected for another country is reported there, and given back when the goods come back; where the recipient
  pays at the border, nothing is collected.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @TAX-006
  Scenario: To a consumer in another member state, at the rate of the destination
    Given the order goes to France
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 56.80 EUR
    And the tax engine reports 9.47 EUR for France
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And the tax engine reports 1.15 EUR for France
    And the tax engine reports 0.00 EUR for Germany
    And every system agrees

  @TAX-007
  Scenario: Goods of small value from outside the Union are taxed at the checkout
    Given 5 "phone case" are in stock at "Warehouse Hong Kong"
    When a customer orders 2 "phone case" in the web shop
    And the warehouse ships the order
    Then the customer has paid 54.70 EUR
    And the tax engine reports 8.73 EUR for Germany
    When the customer brings 2 "phone case" back to "Store 12" as new
    Then the customer is refunded 49.80 EUR to the card
    And the retailer owes 0.78 EUR of tax for the order
    And every system agrees

  @TAX-007 @TAX-008
  Scenario: Above 150 euro the recipient pays at the border
    Given 5 "smart watch" are in stock at "Warehouse Hong Kong"
    When a customer orders 1 "smart watch" in the web shop
    And the warehouse ships the order
    Then the customer has paid 213.36 EUR
    And the retailer owes 0.00 EUR of tax for the order
    When the customer brings 1 "smart watch" back to "Store 12" as new
    Then the customer is refunded 209.24 EUR to the card
    And every system agrees

  @TAX-008
  Scenario: Delivered duty paid: the tax at import is collected, and given back
    Given the order goes to Switzerland
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 67.83 CHF
    And the tax engine reports 5.08 CHF for Switzerland
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 57.13 CHF to the card
    And the tax engine reports 0.80 CHF for Switzerland
    And every system agrees

  @TAX-008
  Scenario: Delivered duty paid: the duty, and the tax on goods with their duty
    Given the order goes to Norway
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 952.61 NOK
    And the tax engine reports 254.61 NOK for Norway
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 828.86 NOK to the card
    And the tax engine reports 24.75 NOK for Norway
    And every system agrees

  @TAX-008
  Scenario: Delivered at place: nothing is collected
    Given the order goes to the United Kingdom
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 52.89 GBP
    And the retailer owes 0.00 GBP of tax for the order
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 42.99 GBP to the card
    And the tax engine holds 0 return documents
    And every system agrees
