Feature: A marketplace lists its orders in a feed
  It submits nothing. It says that its feed has something to fetch, until all of it was fetched. Pages overlap, an order
  becomes visible a while after it was placed, and readings fail. Each order is taken once.

  Background:
    Given 9 "linen shirt" are in stock at "Warehouse North"
    And the marketplace lists its orders in a feed

  @OMN-030
  Scenario: An order is fetched from the feed
    When a customer orders 2 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    When the warehouse ships the order
    Then the order is shipped
    And every system agrees

  @OMN-030
  Scenario: The same order on two pages
    Given the feed notice comes 2 seconds late
    When a customer orders 1 "linen shirt" in the marketplace
    And a customer orders 2 "linen shirt" in the marketplace
    And a customer orders 3 "linen shirt" in the marketplace
    Then an order was on two pages of the feed
    And every order is in fulfillment
    And the ERP holds 1 sales order
    And no dead letter waits
    And every system agrees

  @OMN-031
  Scenario: An order that becomes visible after the next one was fetched
    Given the feed shows the next order 3 seconds late
    When a customer orders 1 "linen shirt" in the marketplace
    And a customer orders 2 "linen shirt" in the marketplace
    Then every order is in fulfillment
    And every system agrees

  @OMN-030
  Scenario: The same order is fetched and submitted
    When a customer orders 1 "linen shirt" in the marketplace
    And the marketplace submits the order again as a new message
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And no dead letter waits
    And every system agrees

  @OMN-031
  Scenario: The feed cannot be read for a while
    Given the marketplace turns the order feed away 3 times
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And every system agrees

  @OMN-031
  Scenario: A page is lost on its way
    Given the marketplace loses its answer to the order feed
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @OMN-031
  Scenario: A page breaks off
    Given the marketplace's answer to the order feed breaks off
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And every system agrees

  @OMN-031
  Scenario: The word that there is something to fetch is lost
    Given the feed notice is lost on its way
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And every system agrees

  @virtual @OMN-031
  Scenario: The feed cannot be read for longer than the middleware tries
    Given the marketplace is down
    When a customer orders 1 "linen shirt" in the marketplace
    And 20 minutes pass
    And the marketplace is back
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @OMN-032
  Scenario: An order that nobody can read stands before others
    Given the feed notice comes 2 seconds late
    And the feed shows the next order in a form that nobody can read
    When a customer orders 1 "linen shirt" in the marketplace
    And a customer orders 2 "linen shirt" in the marketplace
    And a customer orders 3 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And 1 dead letter waits
    When the operator replays the dead letters
    Then 1 dead letter waits
    And every system agrees

  @virtual @restart @OMN-031
  Scenario: The middleware dies when a page was handed out
    Given the feed notice comes 2 seconds late
    And the middleware dies after the marketplace has carried out the order feed
    When a customer orders 1 "linen shirt" in the marketplace
    And a customer orders 2 "linen shirt" in the marketplace
    Then every order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @virtual @restart @OMN-031
  Scenario: The middleware dies while it takes what it fetched
    Given the feed notice comes 2 seconds late
    And the middleware dies after the ERP has carried out the reservation
    When a customer orders 1 "linen shirt" in the marketplace
    And a customer orders 2 "linen shirt" in the marketplace
    And a customer orders 1 "linen shirt" in the marketplace
    Then every order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @restart @OMN-031
  Scenario: The middleware dies before it acknowledges the word that there is something to fetch
    Given the middleware dies before it acknowledges the feed notice
    When a customer orders 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And every system agrees
