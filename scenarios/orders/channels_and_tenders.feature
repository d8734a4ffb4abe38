@orders
Feature: Orders from every channel, paid in different ways

  Background:
    Given 5 "wool sweater" are in stock at "Warehouse South"

  @OMN-001 @OMN-002 @OMN-003 @OMN-004
  Scenario Outline: An order from the <channel>
    When a customer orders 1 "wool sweater" in the <channel>
    And the warehouse ships the order
    Then the order is shipped
    And the ERP holds 1 sales order
    And every system agrees

    Examples:
      | channel     |
      | mobile app  |
      | social shop |
      | marketplace |
      | store       |
      | call center |

  @PAY-011
  Scenario: Gift card first, the rest by card
    Given the customer pays 30.00 EUR by gift card and the rest by card
    When a customer orders 1 "wool sweater" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the gift card is worth 0.00 EUR
    And the customer has paid 84.85 EUR
    And every system agrees

  @PAY-011
  Scenario: A return of an order that was paid with gift card and card
    Given the customer pays 30.00 EUR by gift card and the rest by card
    When a customer orders 1 "wool sweater" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "wool sweater" back to "Store 12" as new
    Then the customer is refunded 54.85 EUR to the card
    And the gift card is worth 25.10 EUR
    And every system agrees
