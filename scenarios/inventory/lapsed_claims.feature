@inventory @INV-009 @virtual
Feature: Claims that lapse
  A claim lapses when its order is not booked in time; it is renewed, or the order is given up.

  Background:
    Given 2 "gift box" are in stock at "Warehouse North"
    And claims on "gift box" lapse after 5 minutes
    And the ERP asks for 10 minutes of patience with the sales order

  Scenario: The claim is renewed
    When a customer orders 2 "gift box" in the web shop
    And 6 minutes pass
    And the ERP gives up the claims that have lapsed
    And 5 minutes pass
    And the warehouse ships the order
    Then the order is shipped
    And 0 "gift box" are left in stock at "Warehouse North"
    And every system agrees

  @race @calm
  Scenario: Somebody else takes what lapsed
    When a customer orders 2 "gift box" in the web shop
    And 6 minutes pass
    And the ERP gives up the claims that have lapsed
    And 10 seconds pass
    And a customer orders 2 "gift box" in the mobile app
    And 20 minutes pass
    Then the order is rejected
    And every system agrees

  @race @calm
  Scenario: Somebody else has what lapsed before the ERP can be asked again
    When a customer orders 2 "gift box" in the web shop
    And 6 minutes pass
    And the ERP gives up the claims that have lapsed
    And a customer orders 2 "gift box" in the mobile app
    And 30 minutes pass
    Then every system agrees

  @restart @RES-006
  Scenario: Word that a claim lapsed comes when a node works on the goods, which does not find them
    When a customer orders 2 "gift box" in the web shop
    And 6 minutes pass
    And the lapse notice comes 5 minutes late
    And the ERP gives up the claims that have lapsed
    And the middleware is killed and started again
    And 10 minutes pass
    Then the order is in fulfillment
    When the warehouse does not find 2 "gift box"
    Then the order is canceled
    And no money is held on the card
    And every system agrees

  @restart @race @calm @RES-006
  Scenario: Somebody else has what lapsed while the middleware was down
    When a customer orders 2 "gift box" in the web shop
    And 6 minutes pass
    And the ERP gives up the claims that have lapsed
    And the middleware is killed and started again
    And a customer orders 2 "gift box" in the mobile app
    And 30 minutes pass
    Then the order is in fulfillment
    And every system agrees
