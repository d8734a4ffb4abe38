@orders @ORD-002
Feature: An order that cannot be accepted
  What was begun for a rejected order is undone; nobody pays for it and no stock stays claimed.

  @ORD-005
  Scenario: The card is declined
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And the customer's card will be declined
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is rejected
    And the ERP holds 0 sales orders
    And 5 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @ORD-004 @INV-001
  Scenario: There is not enough stock
    Given 1 "denim jacket" is in stock at "Warehouse North"
    When a customer orders 2 "denim jacket" in the web shop
    Then the order is rejected
    And no money is held on the card
    And the customer has paid 0.00 EUR
    And every system agrees

  @PAY-016
  Scenario: A gift card is worth its money again after a rejection
    Given 1 "denim jacket" is in stock at "Warehouse North"
    And the customer pays 20.00 EUR by gift card and the rest by card
    When a customer orders 2 "denim jacket" in the web shop
    Then the order is rejected
    And the gift card is worth 20.00 EUR
    And every system agrees

  Scenario: The sums of the order do not add up
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And the channel adds the order up 1.00 EUR too high
    When a customer orders 1 "linen shirt" in the web shop
    Then the ERP holds 0 sales orders
    And the customer has paid 0.00 EUR
    And 5 "linen shirt" are left in stock at "Warehouse North"
    And nothing wrong was done
