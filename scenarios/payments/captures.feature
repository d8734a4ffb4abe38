@payments @PAY-007 @PAY-008
Feature: Money is taken when goods leave, or it is known why not
  A payment provider may take a capture on and tell its outcome later, or decline it. An attempt that failed is followed
  by another, then by another authorization, then by a person.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: The outcome comes later
    Given the payment provider decides captures later
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 0.00 EUR
    When the payment provider confirms the capture
    Then the customer has paid 104.70 EUR
    And every system agrees

  Scenario: Goods come back before the money was taken
    Given the payment provider decides captures later
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 0.00 EUR to the card
    When the payment provider confirms the capture
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: A capture that was taken on fails, and the next attempt succeeds
    Given the payment provider decides captures later
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And the payment provider reports that the capture failed
    And the payment provider confirms the capture
    Then the customer has paid 104.70 EUR
    And the order is shipped
    And every system agrees

  @PAY-021
  Scenario: Late word of a failure does not override a newer success
    Given the payment provider decides captures later
    And the capture failure comes again 2 seconds later
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And the payment provider reports that the capture failed
    And the payment provider confirms the capture
    Then the customer has paid 104.70 EUR
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And no dead letter waits
    And every system agrees

  Scenario Outline: The first <attempts> attempts are declined
    Given the first <attempts> attempts at a capture are declined
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    And no money is held on the card
    And no dead letter waits
    And every system agrees

    Examples:
      | attempts |
      | 1        |
      | 2        |
      | 3        |

  Scenario: The card was blocked after the order was accepted
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer's card is blocked
    And the warehouse ships 1 "linen shirt"
    Then 1 dead letter waits
    And the customer sees 1 parcel
    And the customer has paid 0.00 EUR
    And no money is held on the card
    And every system agrees

  Scenario: Each of two parcels is paid when it leaves
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the customer has paid 54.80 EUR
    And 49.90 EUR is held on the card
    When the warehouse ships 1 "linen shirt"
    Then the customer has paid 104.70 EUR
    And no money is held on the card
    And every system agrees

  Scenario: The payment provider loses its answer to a capture that it took on
    Given the payment provider decides captures later
    And the payment provider loses its answer to the capture
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the payment provider confirms the capture
    Then the customer has paid 54.80 EUR
    And every system agrees

  @PAY-013 @race
  Scenario: Another authorization covers what was undecided when it was asked for
    Given the payment provider decides captures later
    When a customer orders 2 "gift card" and 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier delivers every parcel
    And the payment provider reports that the capture failed
    And the payment provider confirms the capture
    Then every system agrees

  @RET-025
  Scenario: Goods pay a replacement once their own money was taken
    Given 5 "wool sweater" are in stock at "Warehouse North"
    And the payment provider decides captures later
    And the customer pays 20.00 EUR by gift card and the rest by card
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer exchanges 1 "linen shirt" for 1 "wool sweater" at "Store 12" as new
    Then the customer is refunded 0.00 EUR to the card
    When the payment provider confirms the capture
    And attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And the exchange is completed
    And every system agrees
