@fulfillment
Feature: Parcels that come back undelivered
  The customer never had the goods: nobody asks for their return, and everything that was paid for them comes back.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"

  @FUL-010
  Scenario: Nobody is there at first, and the second attempt succeeds
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as out for delivery
    And the carrier scans every parcel as delivery attempted
    Then the customer sees parcel 1 as out for delivery
    And the order is shipped
    When the carrier scans every parcel as out for delivery
    And the carrier scans every parcel as delivered
    Then the order is delivered
    And every system agrees

  @FUL-010 @RET-016
  Scenario: The customer refuses the whole order, and gets the shipping back, too
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR
    When the carrier scans every parcel as out for delivery
    And the carrier scans every parcel as return to sender
    Then the customer sees parcel 1 as return to sender
    And the customer is refunded 0.00 EUR to the card
    When parcel 1 comes back undelivered to "Warehouse North"
    Then the customer is refunded 0.00 EUR to the card
    When the dock grades the returned goods as new
    Then the customer is refunded 104.70 EUR to the card
    And 2 "linen shirt" is added to the shelf at "Warehouse North"
    And the order is returned
    And every system agrees

  @RET-016
  Scenario: One of two parcels is refused, and its goods are damaged
    When a customer orders 1 "linen shirt" and 1 "denim jacket" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the customer sees 1 parcel
    When the warehouse ships 1 "denim jacket"
    Then the customer sees 2 parcels
    When the carrier scans parcel 1 as delivered
    And the carrier scans parcel 2 as return to sender
    And parcel 2 comes back undelivered to "Warehouse North"
    And the dock grades the returned goods worn
    Then the customer is refunded 89.00 EUR to the card
    And 1 "denim jacket" is added to the liquidation stock at "Warehouse North"
    And the order is partially returned
    And every system agrees

  @RET-016
  Scenario: Both parcels of an order are refused, and shipping is paid back once
    When a customer orders 1 "linen shirt" and 1 "denim jacket" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the customer sees 1 parcel
    When the warehouse ships 1 "denim jacket"
    Then the customer has paid 143.80 EUR
    When the carrier scans every parcel as return to sender
    And parcel 2 comes back undelivered to "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 89.00 EUR to the card
    When parcel 1 comes back undelivered to "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 143.80 EUR to the card
    And the order is returned
    And every system agrees

  @RET-016
  Scenario: What is on final sale comes back undelivered as everything else
    Given 5 "sample sale dress" are in stock at "Warehouse North"
    When a customer orders 1 "sample sale dress" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as return to sender
    And parcel 1 comes back undelivered to "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 44.89 EUR to the card
    And nothing waits for a clerk
    And every system agrees

  Scenario: The same parcel is received twice
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as return to sender
    And parcel 1 comes back undelivered to "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 54.80 EUR to the card
    When parcel 1 comes back undelivered to "Warehouse North"
    Then 1 "linen shirt" waits for a clerk at "Warehouse North"
    And the customer is refunded 54.80 EUR to the card
    And every system agrees
