@inventory @ORD-015
Feature: Sold ahead of arrival
  What is not there yet is promised, claimed when it comes, and ships then.

  Scenario: The customer waits for the whole order
    Given 0 "rain coat" are in stock at "Warehouse North"
    And up to 3 "rain coat" may be sold ahead of their arrival
    When a customer orders 2 "rain coat" in the web shop
    Then the order is accepted
    And the customer waits for 2 units
    When 5 "rain coat" arrive from the supplier at "Warehouse North"
    And the warehouse ships the order
    Then the order is shipped
    And 3 "rain coat" are left in stock at "Warehouse North"
    And every system agrees

  Scenario: What is there ships, the rest follows in two deliveries
    Given 1 "rain coat" is in stock at "Warehouse North"
    And up to 5 "rain coat" may be sold ahead of their arrival
    When a customer orders 3 "rain coat" in the web shop
    And "Warehouse North" ships 1 "rain coat"
    Then the order is partially shipped
    And the customer waits for 2 units
    When 1 "rain coat" arrives from the supplier at "Warehouse South"
    And "Warehouse South" ships 1 "rain coat"
    Then the customer waits for 1 unit
    When 1 "rain coat" arrives from the supplier at "Warehouse North"
    And "Warehouse North" ships 1 "rain coat"
    Then the order is shipped
    And every system agrees

  Scenario: The arrival is told three times under new numbers
    Given 0 "rain coat" are in stock at "Warehouse North"
    And up to 3 "rain coat" may be sold ahead of their arrival
    And the ERP sends every event 3 times under new numbers
    When a customer orders 2 "rain coat" in the web shop
    Then the customer waits for 2 units
    When 1 "rain coat" arrives from the supplier at "Warehouse North"
    And "Warehouse North" ships 1 "rain coat"
    Then the customer waits for 1 unit
    When 1 "rain coat" arrives from the supplier at "Warehouse North"
    And "Warehouse North" ships 1 "rain coat"
    Then the order is shipped
    And every system agrees

  Scenario: More than may be promised is rejected
    Given 1 "rain coat" is in stock at "Warehouse North"
    And up to 1 "rain coat" may be sold ahead of their arrival
    When a customer orders 3 "rain coat" in the web shop
    Then the order is rejected
    And no money is held on the card
    And every system agrees

  Scenario: A cancellation while the customer waits
    Given 0 "rain coat" are in stock at "Warehouse North"
    And up to 2 "rain coat" may be sold ahead of their arrival
    When a customer orders 2 "rain coat" in the web shop
    Then the customer waits for 2 units
    When the customer cancels 1 "rain coat"
    Then the customer waits for 1 unit
    When 2 "rain coat" arrive from the supplier at "Warehouse North"
    And "Warehouse North" ships 1 "rain coat"
    Then the order is shipped
    And 1 "rain coat" is left in stock at "Warehouse North"
    And every system agrees
