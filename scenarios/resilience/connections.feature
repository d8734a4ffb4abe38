@resilience @RES-007
Feature: Connections that fail
  Bytes get lost, come late or stop half-way: half a message counts for nothing, and what was done is not done again.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario Outline: An answer on its way: the <system>'s to the <request> <breaks>
    Given the <system>'s answer to the <request> <breaks>
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And the ERP holds 1 sales order
    And 3 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

    Examples:
      | system           | request           | breaks          |
      | ERP              | sales order       | breaks off      |
      | ERP              | invoice           | ends in a reset |
      | payment provider | authorization     | stops half-way  |
      | payment provider | capture           | breaks off      |
      | warehouse        | fulfillment order | ends in a reset |
      | carrier          | label             | drips           |
      | tax engine       | tax document      | stops half-way  |

  @RES-001 @PAY-002
  Scenario: A refund whose answer is reset
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the payment provider's answer to the refund ends in a reset
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario Outline: A message on its way: <what>
    Given <what>
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And every system agrees

    Examples:
      | what                                          |
      | the shipping notice breaks off                |
      | the shipping notice drips                     |
      | the shipping notice ends in a reset           |
      | the sender of the shipping notice shuts its side |
      | the order confirmation ends in a reset        |

  @serial @RES-004
  Scenario: The ERP cannot be reached during checkout
    Given the ERP refuses connections
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is placed
    And the ERP holds 0 sales orders
    When the ERP takes connections again
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @serial
  Scenario: The payment provider cannot be reached when goods come back
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the payment provider refuses connections
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    And the payment provider takes connections again
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees
