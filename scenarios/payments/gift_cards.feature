@payments @PAY-013
Feature: Gift cards are bought, spent and given back
  A gift card is a line of an order without goods: untaxed, in no stock and in no parcel. It is active once its money was
  taken, pays a later order, and is disabled when it is paid back, which it is as long as nothing was spent of it.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "paperback book" are in stock at "Warehouse North"

  Scenario: A gift card is bought, and pays a later order
    When a customer orders 1 "gift card" in the web shop
    Then the gift card that was bought is worth 50.00 EUR
    And the customer has paid 50.00 EUR
    And the order is shipped
    And the retailer owes 0.00 EUR of tax for the order
    And the ERP owes 50.00 EUR to holders of gift cards
    And the ERP holds 0.00 EUR as revenue
    And every system agrees
    Given the customer pays with the gift card that was bought and the rest by card
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    And the gift card that was bought is worth 0.00 EUR
    And every system agrees

  Scenario: A gift card and goods in one order
    When a customer orders 1 "gift card" and 1 "linen shirt" in the web shop
    Then the gift card that was bought is worth 50.00 EUR
    And the order is partially shipped
    And the customer has paid 50.00 EUR
    When the warehouse ships the order
    Then the customer has paid 104.80 EUR
    And 4 "linen shirt" are left in stock at "Warehouse North"
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And 1 gift card can be spent
    And every system agrees

  @PAY-014
  Scenario: A gift card that was not spent is given back
    When a customer orders 2 "gift card" in the web shop
    Then the order is shipped
    And 2 gift cards can be spent
    When the customer asks to keep 1 "gift card" and be refunded because it is not wanted
    Then the customer is refunded 50.00 EUR to the card
    And the last return stands at closed
    And 1 gift card can be spent
    And the ERP has credited 50.00 EUR in 1 credit memo
    And the ERP owes 50.00 EUR to holders of gift cards
    And the ERP holds 0.00 EUR as revenue
    And nobody expects the goods back
    When the customer asks to keep 1 "gift card" and be refunded because it is not wanted
    Then the request is declined
    And the customer is refunded 50.00 EUR to the card
    And every system agrees

  @PAY-014
  Scenario: A gift card of which something was spent is not taken back
    When a customer orders 1 "gift card" in the web shop
    Then the gift card that was bought is worth 50.00 EUR
    Given the customer pays with the gift card that was bought and the rest by card
    When a customer orders 1 "paperback book" in the web shop
    Then the gift card that was bought is worth 32.11 EUR
    When the customer comes back to the order of the gift card
    And the customer asks to keep 1 "gift card" and be refunded because it is not wanted
    Then the request is declined
    And the customer is refunded 0.00 EUR to the card
    And the gift card that was bought is worth 32.11 EUR
    And every system agrees

  @PAY-014
  Scenario: What a gift card bought comes back, and the filled card is given back
    When a customer orders 1 "gift card" in the web shop
    Then the gift card that was bought is worth 50.00 EUR
    Given the customer pays with the gift card that was bought and the rest by card
    When a customer orders 1 "linen shirt" in the web shop
    Then the gift card that was bought is worth 0.00 EUR
    When the warehouse ships the order
    Then the customer has paid 54.80 EUR
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the gift card that was bought is worth 45.10 EUR
    And the customer is refunded 4.80 EUR to the card
    When the customer comes back to the order of the gift card
    And the customer asks to keep 1 "gift card" and be refunded because it is not wanted
    Then the request is declined
    And the gift card that was bought is worth 45.10 EUR
    And every system agrees

  Scenario: The money for a gift card comes late
    Given the payment provider decides captures later
    When a customer orders 1 "gift card" in the web shop
    Then the order is accepted
    And 0 gift cards can be spent
    When the payment provider confirms the capture
    Then the gift card that was bought is worth 50.00 EUR
    And 1 gift card can be spent
    And every system agrees

  Scenario: The money for a gift card cannot be taken
    Given the customer pays 20.00 EUR by store credit and the rest by card
    And the first 9 attempts at a capture are declined
    When a customer orders 1 "gift card" in the web shop
    Then the order is canceled
    And the store credit is worth 20.00 EUR
    And the customer has paid 20.00 EUR
    And 0 gift cards can be spent
    And every system agrees

  @RES-001
  Scenario: Stored value loses its answers
    Given the stored value loses its answer to the gift card
    And the stored value loses its answer to the gift card disablement
    When a customer orders 1 "gift card" in the web shop
    Then the order is shipped
    And 1 gift card can be spent
    When the customer asks to keep 1 "gift card" and be refunded because it is not wanted
    Then the customer is refunded 50.00 EUR to the card
    And 0 gift cards can be spent
    And every system agrees

  @RES-006 @restart @resilience
  Scenario: The middleware is killed while gift cards are bought and given back
    When a customer orders 1 "gift card" and 1 "linen shirt" in the web shop
    And the middleware is killed and started again
    And the warehouse ships the order
    Then the order is shipped
    And 1 gift card can be spent
    When the customer asks to keep 1 "gift card" and be refunded because it is not wanted
    And the middleware is killed and started again
    Then the customer is refunded 50.00 EUR to the card
    And 0 gift cards can be spent
    And every system agrees

  Scenario: A gift card is not brought to a store
    When a customer orders 1 "gift card" in the web shop
    Then 1 gift card can be spent
    When the customer asks to return 1 "gift card" because it is not wanted
    Then the request is declined
    And 1 gift card can be spent
    And every system agrees

  @PAY-014
  Scenario: Goods come back before the ledger is heard about the card
    Given the stored value never answers the gift card disablement
    When a customer orders 1 "gift card" and 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to keep 1 "gift card" and be refunded because it is not wanted
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 99.90 EUR to the card
    And 0 gift cards can be spent
    And every system agrees
