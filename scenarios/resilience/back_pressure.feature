@resilience
Feature: Channels are slowed down before anything breaks
  More orders come than partners take. Some are asked to come again later; none is lost, and none is doubled.

  Background:
    Given 40 "linen shirt" are in stock at "Warehouse North"

  @PEK-006 @calm
  Scenario: A product is sold faster than the ERP books it
    Given the ERP takes 4 documents a second
    When 12 customers order 1 "linen shirt" in the web shop
    Then a channel was asked to come again later
    And every order is in fulfillment
    And no dead letter waits
    And every system agrees

  @PEK-006
  Scenario: Two channels sell the same product
    Given the ERP is down
    When 6 customers order 1 "linen shirt" in the web shop
    And 6 customers order 1 "linen shirt" in the marketplace
    Then as many orders are taken as may wait for the ERP
    When the ERP is back
    Then every order is in fulfillment
    And every system agrees

  @PEK-006 @race
  Scenario: A canceled order makes room for another one
    Given the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is placed
    When the customer cancels the order
    Then the order is canceled
    When 8 customers order 1 "linen shirt" in the web shop
    And the ERP is back
    Then every system agrees
    And no channel was asked to come again later

  @restart @PEK-006
  Scenario: The middleware dies while orders wait
    Given the ERP is down
    When 10 customers order 1 "linen shirt" in the web shop
    Then as many orders are taken as may wait for the ERP
    When the middleware is killed and started again
    Then as many orders are taken as may wait for the ERP
    When the ERP is back
    Then every order is in fulfillment
    And every system agrees
