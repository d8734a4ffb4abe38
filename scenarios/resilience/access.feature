@resilience @access @RES-015
Feature: Who may call the middleware
  Each caller proves with a token who it is; the contract says what it may call, and a channel reaches its own orders only.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario Outline: An order of nobody is not taken: <flaw>
    Given the storefront calls <flaw>
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the ERP holds 1 sales order
    And every system agrees

    Examples:
      | flaw                         |
      | without its token            |
      | with a token that nobody has |

  Scenario: A return that no store proves to have taken is not refunded
    Given the point of sale calls without its token
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario Outline: Nobody cancels another's order: the <stranger>
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the <stranger> asks to cancel the order as if it were its own
    Then the <stranger> is told that it may not do this
    When the warehouse ships the order
    Then the order is shipped
    And every system agrees

    Examples:
      | stranger      |
      | marketplace   |
      | point of sale |

  Scenario: A channel sees its own orders only
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And the storefront sees nothing of the order
    When the warehouse ships the order
    Then the order is shipped
    And every system agrees
