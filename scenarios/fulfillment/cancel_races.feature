@fulfillment
Feature: Cancellations that race with the warehouse
  One of the two wins, and every system names the same.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @FUL-007 @ORD-010
  Scenario: What is in a picked wave ships all the same
    When a customer orders 2 "linen shirt" in the web shop
    And the wave with the order is picked
    And the customer cancels the order
    Then the customer sees 0 units as canceled
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And every system agrees

  @ORD-009
  Scenario: The cancellation and the packing meet
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the warehouse ships the order
    And the customer cancels the order
    Then the customer sees 0 units as canceled
    And every system agrees

  @ORD-010
  Scenario: The warehouse answers a cancellation late
    Given the warehouse answers the fulfillment cancellation too late
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer cancels 1 "linen shirt"
    Then the customer sees 1 unit as canceled
    When the warehouse ships 1 "linen shirt"
    Then the order is shipped
    And every system agrees

  @ORD-009
  Scenario: Units that the node has given back are canceled at once
    Given 1 "denim jacket" is in stock at "Warehouse North"
    And up to 1 "denim jacket" may be sold ahead of their arrival
    When a customer orders 1 "denim jacket" in the web shop
    And the warehouse does not find 1 "denim jacket"
    Then the customer waits for 1 unit
    When the customer cancels the order
    Then the order is canceled
    And no money is held on the card
    When 1 "denim jacket" arrives from the supplier at "Warehouse North"
    Then 1 "denim jacket" is left in stock at "Warehouse North"
    And every system agrees

  Scenario: A partial cancellation before the release
    Given the ERP is down
    When a customer orders 3 "linen shirt" in the mobile app
    Then the order is placed
    When the customer cancels 1 "linen shirt"
    Then the customer sees 1 unit as canceled
    When the ERP is back
    And the warehouse ships 2 "linen shirt"
    Then the order is shipped
    And 3 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @FUL-004 @RES-001 @race
  Scenario: Two units are given back one after the other, and the customer cancels one of them
    Given 3 "denim jacket" are in stock at "Warehouse North"
    And 3 "denim jacket" are in stock at "Store 12"
    When a customer orders 3 "denim jacket" in the mobile app
    And the warehouse finds 1 "denim jacket" damaged
    And the customer cancels 1 "denim jacket"
    And the warehouse does not find 1 "denim jacket"
    And the ERP never answers the reservation
    Then every system agrees

  @FUL-004 @race
  Scenario: The customer cancels while units are being claimed elsewhere
    Given 4 "cotton socks" are in stock at "Warehouse North"
    And 2 "cotton socks" are in stock at "Warehouse South"
    When a customer orders 3 "cotton socks" in the mobile app
    And the customer cancels 2 "cotton socks"
    And the warehouse does not find 1 "cotton socks"
    Then every system agrees

  @INV-001 @race
  Scenario: What is canceled is not sold again before the ERP has taken it back
    Given 4 "denim jacket" are in stock at "Warehouse North"
    And 2 "denim jacket" are in stock at "Warehouse South"
    When a customer orders 4 "denim jacket" in the marketplace
    And the customer cancels 1 "denim jacket"
    And a customer orders 3 "denim jacket" in the mobile app
    And the ERP loses the sales order
    Then every system agrees
