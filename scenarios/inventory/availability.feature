@inventory @INV-006
Feature: Channels offer what can be promised
  The ERP tells how its stock changes; each channel offers what nobody claimed, less what is kept back from it:
  one unit from the storefront, two from the marketplace, none from stores.

  Background:
    Given 6 "linen shirt" are in stock at "Warehouse North"
    And the channels list "linen shirt"

  Scenario: Every channel is told, each with its safety stock
    Then the web shop offers 5 "linen shirt"
    And the marketplace offers 4 "linen shirt"
    And the store offers 6 "linen shirt"
    And 6 "linen shirt" can be promised
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the web shop offers 3 "linen shirt"
    And the marketplace offers 2 "linen shirt"
    And every system agrees

  Scenario: What is canceled and what comes back is offered again
    When a customer orders 3 "linen shirt" in the marketplace
    Then the web shop offers 2 "linen shirt"
    When the customer cancels 1 "linen shirt"
    Then the web shop offers 3 "linen shirt"
    When the warehouse ships the order
    Then the order is shipped
    And the web shop offers 3 "linen shirt"
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then 1 "linen shirt" is added to the shelf at "Store 12"
    And the web shop offers 4 "linen shirt"
    And every system agrees

  Scenario: A count that finds less
    When 2 "linen shirt" are counted at "Warehouse North"
    Then the web shop offers 1 "linen shirt"
    And the marketplace offers 0 "linen shirt"
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the web shop offers 0 "linen shirt"
    And every system agrees

  @INV-007
  Scenario: The last unit, while the shop window lags
    Given the stock notice comes 2 seconds late
    And 2 "denim jacket" are in stock at "Warehouse North"
    And the channels list "denim jacket"
    When a customer orders 2 "denim jacket" in the marketplace
    Then the order is in fulfillment
    When a customer orders 1 "denim jacket" in the web shop
    Then the order is rejected
    And the ERP holds 0 sales orders
    And the customer has paid 0.00 EUR
    And every system agrees

  @INV-008
  Scenario: An older notice comes after a newer one
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the store offers 5 "linen shirt"
    When the stock notice comes 2 seconds late
    And a customer orders 3 "linen shirt" in the web shop
    Then the order is in fulfillment
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And the store offers 1 "linen shirt"
    And every system agrees

  @INV-008
  Scenario: A channel that was down is told the newest level, and none of those before
    Given the storefront is down
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And the store offers 5 "linen shirt"
    When a customer orders 2 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And the store offers 3 "linen shirt"
    When the storefront is back
    Then the web shop offers 2 "linen shirt"
    And every system agrees

  @virtual
  Scenario: A notice that comes twice, and one whose acknowledgment is lost
    Given the stock notice comes again 1 second later
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the web shop offers 3 "linen shirt"
    When the stock notice is accepted and its sender does not hear of it
    And a customer orders 1 "linen shirt" in the web shop
    Then the web shop offers 2 "linen shirt"
    And every system agrees

  @restart
  Scenario: The middleware dies between the notice and the publication
    Given the storefront is down
    When a customer orders 4 "linen shirt" in the web shop
    Then the store offers 2 "linen shirt"
    When the middleware is killed and started again
    And the storefront is back
    Then the order is in fulfillment
    And the web shop offers 1 "linen shirt"
    And every system agrees

  @INV-008 @virtual
  Scenario: The newest notice comes first
    Given the stock notice is overtaken by the next message
    When a customer orders 1 "linen shirt" in the web shop
    And a customer orders 3 "linen shirt" in the mobile app
    Then the order is in fulfillment
    And the store offers 2 "linen shirt"
    And every system agrees
