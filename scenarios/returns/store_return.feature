@returns
Feature: Bought online, returned in a store
  The store finds the order, pays back what was really paid, and decides what becomes of the goods;
  every system learns of it.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"

  @OMN-009 @OMN-014 @RET-003
  Scenario: One item after a partial shipment, with a promotion
    Given the customer uses the promotion "SUMMER10"
    When a customer orders 2 "linen shirt" and 1 "denim jacket" in the web shop
    And the warehouse ships 2 "linen shirt"
    Then the order is partially shipped
    And the customer has paid 94.72 EUR
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the store promises the customer 44.91 EUR
    And the customer is refunded 44.91 EUR to the card
    And 1 "linen shirt" is added to the shelf at "Store 12"
    And customer service sees 1 "linen shirt" as returned
    When the warehouse ships 1 "denim jacket"
    Then the customer has paid 174.82 EUR
    And the order is partially returned
    And every system agrees

  @RET-022
  Scenario Outline: The state of the goods decides where they go: <grade>
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 27" <grade>
    Then the customer is refunded 49.90 EUR to the card
    And 1 "linen shirt" is added to the <destination> at "Store 27"
    And every system agrees

    Examples:
      | grade  | destination       |
      | as new | shelf             |
      | opened | outlet stock      |
      | worn   | liquidation stock |

  @RET-022
  Scenario: Unusable goods leave the books
    When a customer orders 1 "denim jacket" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "denim jacket" back to "Store 12" unusable
    Then the customer is refunded 89.00 EUR to the card
    And 0 "denim jacket" are added to the shelf at "Store 12"
    And every system agrees

  @RET-005
  Scenario: Before the carrier said that the parcel arrived
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When the carrier delivers every parcel
    Then the order is partially returned
    And every system agrees

  @RET-021
  Scenario: Units come back one by one and every cent comes back
    Given 5 "cotton socks" are in stock at "Warehouse North"
    And the customer uses the promotion "TENOFF"
    When a customer orders 3 "cotton socks" in the web shop
    And the warehouse ships the order
    Then the customer has paid 18.87 EUR
    When the customer brings 1 "cotton socks" back to "Store 12" as new
    And the customer brings 1 "cotton socks" back to "Store 27" opened
    And the customer brings 1 "cotton socks" back to "Store 12" worn
    Then the order is returned
    And the customer is refunded 13.97 EUR to the card
    And every system agrees

  @RET-006
  Scenario: More than was shipped is refused
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the order is partially shipped
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the return is refused
    And the customer is refunded 0.00 EUR to the card
    And every system agrees
