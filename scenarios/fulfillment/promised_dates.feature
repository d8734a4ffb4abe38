@fulfillment @FUL-015
Feature: By when goods arrive
  A date that a customer was promised stands as long as it can be kept. Where it cannot, the channel shows another one with the
  reason, once, before the date is over. Who is told to wait again is asked, and does not wait without an answer.

  Scenario: A promise that is kept
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier delivers every parcel
    Then the order is delivered
    And the customer is told 0 new dates
    And every system agrees

  Scenario: Goods that are not there yet
    Given 0 "rain coat" are in stock at "Warehouse North"
    And up to 3 "rain coat" may be sold ahead of their arrival
    And the customer is promised the goods within 5 days
    When a customer orders 2 "rain coat" in the web shop
    Then the customer is told to wait up to 17 days because units are not there yet
    And the customer need not say whether to wait
    When 2 "rain coat" arrive from the supplier at "Warehouse North"
    And the warehouse ships the order
    Then the order is shipped
    And the customer is told 1 new date
    And every system agrees

  Scenario: The marketplace promised what its seller can keep, for one of two products
    Given 0 "rain coat" are in stock at "Warehouse North"
    And 1 "linen shirt" is in stock at "Warehouse North"
    And up to 3 "rain coat" may be sold ahead of their arrival
    And the customer is promised the goods within 5 days
    And the customer is promised "rain coat" within 20 days
    When a customer orders 1 "rain coat" and 1 "linen shirt" in the marketplace
    And "Warehouse North" ships 1 "linen shirt"
    Then the customer waits for 1 unit
    And the customer is told 0 new dates
    When 1 "rain coat" arrives from the supplier at "Warehouse North"
    And "Warehouse North" ships 1 "rain coat"
    Then the order is shipped
    And the customer is told 0 new dates
    And every system agrees

  @FUL-004
  Scenario: A short pick is shipped by a store, which takes longer
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And 1 "linen shirt" is in stock at "Store 27"
    And the customer is promised the goods within 80 hours
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the customer is told 0 new dates
    When the warehouse does not find 1 "linen shirt"
    Then the customer is told to wait up to 4 days because the node takes longer
    When "Store 27" ships 1 "linen shirt"
    And "Warehouse North" ships 1 "linen shirt"
    Then the order is shipped
    And the customer is told 1 new date
    And every system agrees

  @RES-002
  Scenario: A short pick that the customer waits for is told three times
    Given the warehouse sends every event 3 times under new numbers
    And 1 "denim jacket" is in stock at "Warehouse North"
    And up to 2 "denim jacket" may be sold ahead of their arrival
    And the customer is promised the goods within 5 days
    When a customer orders 1 "denim jacket" in the mobile app
    And the warehouse does not find 1 "denim jacket"
    Then the customer is told to wait up to 17 days because units are not there yet
    And the customer is told 1 new date
    When 1 "denim jacket" arrives from the supplier at "Warehouse South"
    And "Warehouse South" ships 1 "denim jacket"
    Then the order is shipped
    And the customer is told 1 new date
    And every system agrees

  Scenario: A store that ships by express was promised too early
    Given 1 "linen shirt" is in stock at "Store 12"
    And the customer is promised the goods within 2 days
    And the order goes by express
    When a customer orders 1 "linen shirt" in the call center
    Then the customer is told to wait up to 3 days because the node takes longer
    When "Store 12" ships 1 "linen shirt"
    Then the order is shipped
    And the customer is told 1 new date
    And every system agrees

  Scenario: The carrier expects a parcel later, and then a little earlier
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier expects to deliver every parcel in 4 days
    Then the order is shipped
    And the customer is told 0 new dates
    When the carrier expects to deliver every parcel in 8 days
    Then the customer is told to wait up to 8 days because the carrier is late
    When the carrier expects to deliver every parcel in 7 days
    And the carrier delivers every parcel
    Then the order is delivered
    And the customer is told 1 new date
    And every system agrees

  Scenario: The customer cancels what is late
    Given 0 "rain coat" are in stock at "Warehouse North"
    And up to 3 "rain coat" may be sold ahead of their arrival
    And the customer is promised the goods within 5 days
    When a customer orders 2 "rain coat" in the web shop
    Then the customer is told to wait up to 17 days because units are not there yet
    When the customer cancels the order
    Then the order is canceled
    And no money is held on the card
    And the customer is told 0 new dates
    And every system agrees

  @FUL-011
  Scenario: A parcel that is lost is promised no more
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as lost
    Then the customer sees 2 units as lost
    And the customer is refunded 104.70 EUR to the card
    And the customer is told 0 new dates
    And every system agrees

  @virtual
  Scenario: The warehouse is late
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And 71 hours pass
    Then the customer is told 0 new dates
    When 2 hours pass
    Then the customer is told to wait up to 6 days because it has not left in time
    And the customer need not say whether to wait
    And the customer is told 1 new date
    When the warehouse ships the order
    And 48 hours pass
    And the carrier delivers every parcel
    Then the order is delivered
    And the customer is told 1 new date
    And every system agrees

  @virtual
  Scenario: The carrier is late and says nothing
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And 119 hours pass
    Then the customer is told 0 new dates
    When 2 hours pass
    Then the customer is told to wait up to 7 days because the carrier is late
    And the customer need not say whether to wait
    When the carrier delivers every parcel
    And 240 hours pass
    Then the order is delivered
    And the customer is told 1 new date
    And every system agrees

  @virtual
  Scenario: A lost parcel is not promised again, however long it is gone
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    And the carrier scans every parcel as lost
    Then the customer sees 2 units as lost
    When 240 hours pass
    Then the customer is told 0 new dates
    And every system agrees

  @virtual @FUL-016
  Scenario: A second delay, and the customer agrees to wait
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And 73 hours pass
    Then the customer is told 1 new date
    And the customer need not say whether to wait
    When 48 hours pass
    Then the customer is told 2 new dates
    And the customer is asked whether to wait
    When the customer agrees to wait
    And 60 hours pass
    And the warehouse ships the order
    And the carrier delivers every parcel
    Then the order is delivered
    And the customer has paid 104.70 EUR
    And every system agrees

  @virtual @FUL-016
  Scenario: A second delay, and the customer does not answer
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And 121 hours pass
    Then the customer is asked whether to wait
    And the order is in fulfillment
    When 60 hours pass
    Then the order is canceled
    And the customer has paid 0.00 EUR
    And no money is held on the card
    And 2 "linen shirt" are left in stock at "Warehouse North"
    And every system agrees

  @virtual @FUL-016
  Scenario: A second delay of what is not there yet, and the customer does not answer
    Given 1 "rain coat" is in stock at "Warehouse North"
    And up to 3 "rain coat" may be sold ahead of their arrival
    And the customer is promised the goods within 5 days
    When a customer orders 2 "rain coat" in the web shop
    And "Warehouse North" ships 1 "rain coat"
    And the carrier delivers every parcel
    Then the order is partially shipped
    And the customer is told 1 new date
    When 384 hours pass
    Then the customer is asked whether to wait
    When 72 hours pass
    Then the customer sees 1 unit as canceled
    And the order is delivered
    And the customer has paid 134.40 EUR
    And every system agrees

  @virtual @FUL-016
  Scenario: The customer says no to a second delay
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    And 121 hours pass
    Then the customer is asked whether to wait
    When the customer cancels the order
    Then the order is canceled
    When 240 hours pass
    Then the customer is told 0 new dates
    And no money is held on the card
    And every system agrees

  @virtual @restart @RES-006
  Scenario: The middleware dies before a date can be missed, and before an answer is missed
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the middleware is killed and started again
    And 73 hours pass
    Then the customer is told 1 new date
    When 48 hours pass
    Then the customer is asked whether to wait
    When the middleware is killed and started again
    And 60 hours pass
    Then the order is canceled
    And no money is held on the card
    And every system agrees

  @virtual @RES-001
  Scenario: The storefront is down when a date is missed
    Given 2 "linen shirt" are in stock at "Warehouse North"
    And the customer is promised the goods within 5 days
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When 71 hours pass
    Given the storefront is down
    When 62 minutes pass
    And the storefront is back
    Then the customer is told to wait up to 6 days because it has not left in time
    When the warehouse ships the order
    Then the order is shipped
    And the customer is told 1 new date
    And every system agrees
