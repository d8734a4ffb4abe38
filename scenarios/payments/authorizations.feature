@payments @PAY-006
Feature: An authorization lapses before everything has left
  What still ships is authorized again; where the card declines, it is canceled.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: Nothing has left
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the authorization lapses
    Then 104.70 EUR is held on the card
    When the warehouse ships the order
    Then the customer has paid 104.70 EUR
    And no money is held on the card
    And every system agrees

  Scenario: A part has left
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the customer has paid 54.80 EUR
    When the authorization lapses
    Then 49.90 EUR is held on the card
    When the warehouse ships 1 "linen shirt"
    Then the customer has paid 104.70 EUR
    And every system agrees

  Scenario: The card declines, and the rest is canceled
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the customer has paid 54.80 EUR
    When the customer's card is blocked
    And the authorization lapses
    Then the order is shipped
    And the customer has paid 54.80 EUR
    And no money is held on the card
    And 4 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  Scenario: The card declines before anything left
    Given the customer pays 20.00 EUR by gift card and the rest by card
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer's card is blocked
    And the authorization lapses
    Then the order is canceled
    And the gift card is worth 20.00 EUR
    And every system agrees

  Scenario: It lapses twice
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the authorization lapses
    Then 54.80 EUR is held on the card
    When the authorization lapses
    Then 54.80 EUR is held on the card
    When the customer cancels the order
    Then the order is canceled
    And no money is held on the card
    And every system agrees

  @virtual
  Scenario: Nobody tells that it lapsed
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When 8 days pass
    And the warehouse ships the order
    Then the customer has paid 54.80 EUR
    And no money is held on the card
    And every system agrees

  Scenario: Word of the lapse is told twice and late
    Given the word of the lapse comes again 2 seconds later
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the authorization lapses
    And the warehouse ships the order
    Then the customer has paid 54.80 EUR
    And no money is held on the card
    And every system agrees

  @virtual
  Scenario: The goods leave after its time is over, and the payment provider has not said so
    When a customer orders 2 "linen shirt" in the web shop
    And 200 hours pass
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    And no money is held on the card
    And every system agrees

  @virtual
  Scenario: The goods are given up after its time is over
    When a customer orders 1 "linen shirt" in the web shop
    And 721 hours pass
    And the warehouse does not find 1 "linen shirt"
    Then the order is canceled
    And the customer has paid 0.00 EUR
    And every system agrees
