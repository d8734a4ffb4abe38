@tax
Feature: Taxes at home and in the United States
  Each jurisdiction is reported what it levies; who is exempt pays nothing; where the marketplace collects, the retailer
  does not.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @TAX-002
  Scenario: State, city and transport district each tax on top
    Given the order goes to the United States
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 124.93 USD
    And the tax engine reports 4.59 USD for New York State
    And the tax engine reports 5.16 USD for New York City
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 59.78 USD to the card
    And the tax engine reports 2.39 USD for New York State
    And every system agrees

  @TAX-002
  Scenario: A state that does not tax shipping
    Given the order goes to California
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 64.58 USD
    And the tax engine reports 3.98 USD for California
    And the tax engine reports 0.75 USD for San Francisco
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the retailer owes 0.00 USD of tax for the order
    And every system agrees

  @TAX-002
  Scenario: A rate of nothing
    Given the order goes to Oregon
    When a customer orders 1 "linen shirt" in the mobile app
    And the warehouse ships the order
    Then the customer has paid 59.85 USD
    And the retailer owes 0.00 USD of tax for the order
    And every system agrees

  @TAX-005
  Scenario Outline: An exempt customer in <country>
    Given the order goes to <country>
    And the customer shows an exemption certificate
    When a customer orders 1 "linen shirt" in the call center
    And the warehouse ships the order
    Then the customer has paid <paid>
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded <back> to the card
    And the retailer owes <nothing> of tax for the order
    And every system agrees

    Examples:
      | country           | paid      | back      | nothing  |
      | the United States | 59.85 USD | 54.90 USD | 0.00 USD |
      | Germany           | 46.05 EUR | 41.93 EUR | 0.00 EUR |

  @TAX-009
  Scenario: The marketplace collects and remits
    Given the order goes to the United States
    When a customer orders 1 "linen shirt" in the marketplace
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 65.17 USD
    And the retailer owes 0.00 USD of tax for the order
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the order is returned
    And the tax engine holds 0 return documents
    And every system agrees

  @TAX-009
  Scenario: The same marketplace does not collect in Germany
    When a customer orders 1 "linen shirt" in the marketplace
    And the warehouse ships the order
    Then the retailer owes 8.75 EUR of tax for the order
    And every system agrees

  @TAX-012
  Scenario: Who pays with a gift card is taxed as anybody
    Given the customer pays 30.00 EUR by gift card and the rest by card
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 54.80 EUR
    And the retailer owes 8.75 EUR of tax for the order
    And every system agrees
