@fulfillment @FUL-011
Feature: Parcels that the carrier loses
  The customer gets the money back, or other goods where somebody asked for them in time; never both, and never twice,
  whatever turns up later.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"

  Scenario: Lost, and paid back with the shipping
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as in transit
    And the carrier scans every parcel as lost
    Then the customer sees parcel 1 as lost
    And the customer sees 2 units as lost
    And the customer is refunded 104.70 EUR to the card
    And the order is returned
    And 3 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  Scenario: One of two parcels is lost, and of the other a part comes back
    When a customer orders 2 "linen shirt" and 1 "denim jacket" in the web shop
    And the warehouse ships 2 "linen shirt"
    Then the customer sees 1 parcel
    When the warehouse ships 1 "denim jacket"
    Then the customer sees 2 parcels
    When the carrier scans parcel 1 as delivered
    And the carrier scans parcel 2 as lost
    Then the customer is refunded 89.00 EUR to the card
    And the order is partially returned
    When the customer brings 1 "denim jacket" back to "Store 12" as new
    Then the return is refused
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 138.90 EUR to the card
    And the customer sees 1 unit as lost
    And every system agrees

  Scenario: A lost parcel turns up at the warehouse
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as lost
    Then the customer is refunded 54.80 EUR to the card
    When parcel 1 comes back undelivered to "Warehouse North"
    And the dock grades the returned goods as new
    Then 1 "linen shirt" is added to the shelf at "Warehouse North"
    And the customer sees 0 units as lost
    And the customer is refunded 54.80 EUR to the card
    And 5 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  Scenario: A lost parcel turns up at the customer's door
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as lost
    Then the customer is refunded 54.80 EUR to the card
    When the carrier scans every parcel as delivered
    Then 1 dead letter waits
    And the customer sees parcel 1 as lost
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the return is refused
    And the customer is refunded 54.80 EUR to the card
    And every system agrees

  Scenario: The carrier loses a parcel that it has delivered
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as delivered
    Then the order is delivered
    When the carrier scans every parcel as lost
    Then 1 dead letter waits
    And the customer is refunded 0.00 EUR to the card
    And the customer sees parcel 1 as delivered
    And every system agrees

  Scenario: The goods are sent again without a charge
    When a customer orders 1 "denim jacket" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as in transit
    Then the customer sees parcel 1 as in transit
    When customer service asks to send 1 "denim jacket" again, which did not arrive
    Then no warehouse was asked for the replacement
    When the carrier scans every parcel as lost
    Then the returned goods pay 89.00 EUR of the replacement
    And the customer is refunded 4.90 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the customer has paid 0.00 EUR
    When the carrier scans every parcel as delivered
    Then the order is delivered
    When attention turns back to the original order
    Then the exchange is completed
    And every system agrees

  Scenario: What was sent again is lost, too
    When a customer orders 1 "denim jacket" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service asks to send 1 "denim jacket" again, which did not arrive
    Then no warehouse was asked for the replacement
    When the carrier scans every parcel as lost
    Then the returned goods pay 89.00 EUR of the replacement
    When attention turns to the replacement order
    And the warehouse ships the order
    And the carrier scans every parcel as lost
    Then the customer sees 1 unit as lost
    When attention turns back to the original order
    Then the customer is refunded 93.90 EUR to the card
    And every system agrees

  Scenario: Nobody has the goods to send them again
    When a customer orders 5 "denim jacket" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When customer service asks to send 5 "denim jacket" again, which did not arrive
    Then the exchange is turned into a refund
    When the carrier scans every parcel as lost
    Then the customer is refunded 449.90 EUR to the card
    And every system agrees

  Scenario: A parcel that has arrived is not sent again
    When a customer orders 1 "denim jacket" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as delivered
    Then the order is delivered
    When customer service asks to send 1 "denim jacket" again, which did not arrive
    Then the request is declined
    And every system agrees
