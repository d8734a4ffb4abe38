@payments @PAY-011
Feature: An order is paid in several ways
  Stored value is debited at once, cards are charged when goods leave. What comes back goes to the tenders in the order that
  the retailer declared, to each at most what it gave.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: Gift card, store credit and card, and everything comes back
    Given the customer pays 20.00 EUR by gift card, 15.00 EUR by store credit and the rest by card
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    And the gift card is worth 0.00 EUR
    And the store credit is worth 0.00 EUR
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 69.70 EUR to the card
    And the gift card is worth 20.00 EUR
    And the store credit is worth 10.10 EUR
    And every system agrees

  Scenario: Store credit pays a part, and what has not left is canceled
    Given the customer pays 60.00 EUR by store credit and the rest by card
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the order is partially shipped
    When the customer cancels 1 "linen shirt"
    Then the store credit is worth 5.20 EUR
    And no money is held on the card
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  Scenario: A card refund fails, and the store credit that paid a part grows by it
    Given the customer pays 15.00 EUR by store credit and the rest by card
    And the first 2 attempts at a refund fail
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the store credit is worth 49.90 EUR
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @PAY-016 @ORD-005
  Scenario: The card is declined, and what was debited before is given back
    Given the customer pays 20.00 EUR by gift card, 15.00 EUR by store credit and the rest by card
    And the customer's card will be declined
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is rejected
    And the gift card is worth 20.00 EUR
    And the store credit is worth 15.00 EUR
    And the ERP holds 0 sales orders
    And every system agrees

  @PAY-016 @ORD-003
  Scenario: A declined order is submitted again
    Given the customer pays 20.00 EUR by gift card and the rest by card
    And the customer's card will be declined
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is rejected
    When the web shop submits the order again
    And the web shop submits the order again as a new message
    Then the order is rejected
    And the gift card is worth 20.00 EUR
    And the ERP holds 0 sales orders
    And every system agrees
