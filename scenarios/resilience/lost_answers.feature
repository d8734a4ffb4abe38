@resilience @RES-001 @PAY-002
Feature: Answers that get lost
  The partner did it and its answer never came: whoever asks again must not make it happen twice.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: The ERP books an order and its answer is lost
    Given the ERP loses its answer to the sales order
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @FUL-014
  Scenario Outline: While an order is fulfilled: the <system> and its <request>
    Given the <system> loses its answer to the <request>
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And 3 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

    Examples:
      | system           | request           |
      | payment provider | authorization     |
      | payment provider | capture           |
      | ERP              | reservation       |
      | ERP              | stock movement    |
      | ERP              | invoice           |
      | warehouse        | fulfillment order |
      | carrier          | label             |
      | tax engine       | tax document      |

  Scenario Outline: While goods come back: the <system> and its <request>
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the <system> loses its answer to the <request>
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And 1 "linen shirt" is added to the shelf at "Store 12"
    And every system agrees

    Examples:
      | system           | request        |
      | payment provider | refund         |
      | ERP              | credit memo    |
      | ERP              | stock movement |
      | tax engine       | tax document   |

  Scenario: Store credit for a gift
    Given the order is a gift
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the stored value loses its answer to the store credit
    And the recipient brings 1 "linen shirt" back to "Store 12" as new
    Then the recipient receives 49.90 EUR as store credit
    And every system agrees
