@orders @ORD-014
Feature: Changes of an order that was placed
  Goods go to the newest address that was accepted, and cost what was agreed last.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @ORD-011
  Scenario: The customer moves before the order is released
    Given the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    And the customer wants the order sent to "Am Markt 3"
    Then the change is accepted
    When the ERP is back
    And the warehouse ships the order
    Then the order is shipped
    And every parcel goes to "Am Markt 3"
    And version 2 of the order is in force
    And every system agrees

  @ORD-012
  Scenario: The customer moves after the release, and the warehouse takes the new address
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer wants the order sent to "Am Markt 3"
    Then the change is accepted
    When the warehouse ships the order
    Then the order is shipped
    And every parcel goes to "Am Markt 3"
    And every system agrees

  @ORD-012
  Scenario: The warehouse has packed before it is asked, and keeps the address
    Given the packing note comes 1 second late
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the warehouse ships the order
    And the customer wants the order sent to "Am Markt 3"
    Then the change is refused
    And the order is shipped
    And every parcel goes to "Hauptstrasse 5"
    And version 1 of the order is in force
    And every system agrees

  @ORD-012
  Scenario: Too late: the parcel is gone
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer wants the order sent to "Am Markt 3"
    Then the change is refused
    And version 1 of the order is in force
    And every system agrees

  @ORD-012
  Scenario: The warehouse's answer to a new address is lost
    Given the warehouse loses its answer to the address change
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer wants the order sent to "Am Markt 3"
    Then the change is accepted
    When the warehouse ships the order
    Then the order is shipped
    And every parcel goes to "Am Markt 3"
    And every system agrees

  @ORD-013
  Scenario: A price match moves no stock, and the rest of the money is given up
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer is granted "linen shirt" for 40.00 EUR
    Then the change is accepted
    And 3 "linen shirt" are left in stock at "Warehouse North"
    When the warehouse ships the order
    Then the order is shipped
    And the customer has paid 84.90 EUR
    And no money is held on the card
    And every system agrees

  Scenario: Two changes, one after the other, while the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    Given the ERP is down
    When the customer is granted "linen shirt" for 45.00 EUR
    Then the change is accepted
    When the customer is granted "linen shirt" for 40.00 EUR
    Then the change is accepted
    When the ERP is back
    And the warehouse ships the order
    Then the customer has paid 44.90 EUR
    And version 3 of the order is in force
    And every system agrees

  Scenario: The ERP loses its answer to a change
    Given the ERP loses its answer to the order change
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer is granted "linen shirt" for 40.00 EUR
    Then the change is accepted
    When the warehouse ships the order
    Then the customer has paid 44.90 EUR
    And every system agrees

  Scenario: Nobody pays for more than was agreed: one unit more is refused
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer wants one "linen shirt" more
    Then the change is refused
    And version 1 of the order is in force
    And every system agrees

  Scenario: An agent who looked too early overwrites nothing
    When a customer orders 1 "linen shirt" in the call center
    Then the order is in fulfillment
    When the customer wants the order sent to "Am Markt 3"
    Then the change is accepted
    When an agent changes an outdated version of the order
    Then the change is refused
    When the warehouse ships the order
    Then the order is shipped
    And every parcel goes to "Am Markt 3"
    And every system agrees

  @race
  Scenario: The node has given the goods back before it is asked
    Given 3 "denim jacket" are in stock at "Warehouse North"
    And 3 "denim jacket" are in stock at "Store 12"
    And the warehouse loses its answer to the fulfillment order
    When a customer orders 1 "denim jacket" in the web shop
    And the customer wants the order sent to "Am Markt 3"
    And the warehouse finds 1 "denim jacket" damaged
    Then every system agrees
