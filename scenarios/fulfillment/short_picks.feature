@fulfillment
Feature: Nodes that do not ship what they were asked for
  What one node does not ship another one does, or the customer waits, or it is canceled. Only what ships is charged.

  @FUL-004
  Scenario: A short pick is shipped from elsewhere
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And 2 "linen shirt" are in stock at "Warehouse South"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse does not find 1 "linen shirt"
    And "Warehouse South" ships 1 "linen shirt"
    And "Warehouse North" ships 1 "linen shirt"
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And 0 "linen shirt" are left in stock at "Warehouse North"
    And 1 "linen shirt" is left in stock at "Warehouse South"
    And every system agrees

  @FUL-004
  Scenario: A short pick that nobody else has is canceled
    Given 2 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse does not find 1 "linen shirt"
    Then the customer sees 1 unit as canceled
    When the warehouse ships 1 "linen shirt"
    Then the order is shipped
    And the customer has paid 54.80 EUR
    And no money is held on the card
    And every system agrees

  @FUL-004
  Scenario: Nothing is found at all
    Given 1 "denim jacket" is in stock at "Warehouse North"
    When a customer orders 1 "denim jacket" in the web shop
    And the warehouse finds 1 "denim jacket" damaged
    Then the order is canceled
    And the customer has paid 0.00 EUR
    And no money is held on the card
    And every system agrees

  @FUL-004
  Scenario: A short pick that the customer waits for
    Given 1 "denim jacket" is in stock at "Warehouse North"
    And up to 2 "denim jacket" may be sold ahead of their arrival
    When a customer orders 1 "denim jacket" in the web shop
    And the warehouse does not find 1 "denim jacket"
    Then the customer waits for 1 unit
    When 1 "denim jacket" arrives from the supplier at "Warehouse South"
    And "Warehouse South" ships 1 "denim jacket"
    Then the order is shipped
    And every system agrees

  @FUL-004
  Scenario: The short pick is told three times under new numbers
    Given the warehouse sends every event 3 times under new numbers
    And 1 "linen shirt" is in stock at "Warehouse North"
    And 1 "linen shirt" is in stock at "Warehouse South"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse does not find 1 "linen shirt"
    And "Warehouse South" ships 1 "linen shirt"
    Then the order is shipped
    And 0 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @FUL-004
  Scenario: The ERP loses its answer while a short pick finds stock elsewhere
    Given 1 "linen shirt" is in stock at "Warehouse North"
    And 2 "linen shirt" are in stock at "Warehouse South"
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    Given the ERP loses its answer to the reservation
    When the warehouse does not find 1 "linen shirt"
    And "Warehouse South" ships 1 "linen shirt"
    Then the order is shipped
    And 1 "linen shirt" is left in stock at "Warehouse South"
    And every system agrees

  @FUL-005
  Scenario: A substitute is not wanted
    Given 1 "linen shirt" is in stock at "Warehouse North"
    And 1 "linen shirt" is in stock at "Warehouse South"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse proposes "wool sweater" instead of 1 "linen shirt"
    And "Warehouse South" ships 1 "linen shirt"
    Then the order is shipped
    And 0 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @FUL-006
  Scenario: A store that has no hands is replaced by another
    Given 1 "linen shirt" is in stock at "Store 12"
    And 1 "linen shirt" is in stock at "Store 27"
    When a customer orders 1 "linen shirt" in the social shop
    And "Store 12" turns the order away
    And "Store 27" ships 1 "linen shirt"
    Then the order is shipped
    And a parcel left "Store 27"
    And 1 "linen shirt" is left in stock at "Store 12"
    And every system agrees

  @FUL-006
  Scenario: Every node turns the order away
    Given 1 "linen shirt" is in stock at "Store 12"
    When a customer orders 1 "linen shirt" in the mobile app
    And "Store 12" turns the order away
    Then the order is canceled
    And no money is held on the card
    And 1 "linen shirt" is left in stock at "Store 12"
    And every system agrees

  @OMN-005
  Scenario: A sales assistant orders for home delivery, and the goods come from elsewhere
    Given 1 "wool sweater" is in stock at "Warehouse North"
    And 1 "wool sweater" is in stock at "Store 27"
    When a customer orders 1 "wool sweater" in the store
    And the warehouse does not find 1 "wool sweater"
    And "Store 27" ships 1 "wool sweater"
    Then the order is shipped
    And every system agrees
