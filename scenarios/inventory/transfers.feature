@inventory @INV-010
Feature: Goods go from one place to another
  What leaves is booked out, what comes is booked in, what never comes is written off: each once. Nobody sells what is on the way.

  Background:
    Given 4 "linen shirt" are in stock at "Store 12"
    And 2 "linen shirt" are in stock at "Warehouse North"
    And the channels list "linen shirt"

  Scenario: A store sends goods to the warehouse, and nobody sells them on the way
    When "Store 12" sends 3 "linen shirt" to "Warehouse North"
    Then 3 "linen shirt" are on the way to "Warehouse North"
    And the store offers 3 "linen shirt"
    When a customer orders 4 "linen shirt" in the web shop
    Then the order is rejected
    When 3 "linen shirt" arrive with the transfer
    Then the store offers 6 "linen shirt"
    When a customer orders 4 "linen shirt" in the web shop
    Then the order is in fulfillment
    And 1 "linen shirt" is left in stock at "Warehouse North"
    And every system agrees

  Scenario: Fewer come than left, and the rest is written off
    When "Store 12" sends 3 "linen shirt" to "Warehouse North"
    Then 3 "linen shirt" are on the way to "Warehouse North"
    When 1 "linen shirt" arrives with the transfer
    Then 2 "linen shirt" are on the way to "Warehouse North"
    And the store offers 4 "linen shirt"
    When the rest of the transfer is lost
    Then 0 "linen shirt" are on the way to "Warehouse North"
    And the store offers 4 "linen shirt"
    When a customer orders 3 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees

  Scenario: It comes in parts, and all of it is told twice under other numbers
    Given 3 "denim jacket" are in stock at "Store 12"
    And the warehouse sends every event 2 times under new numbers
    When "Store 12" sends 2 "linen shirt" and 3 "denim jacket" to "Warehouse North"
    Then 3 "denim jacket" are on the way to "Warehouse North"
    When 1 "linen shirt" and 1 "denim jacket" arrive with the transfer
    Then 2 "denim jacket" are on the way to "Warehouse North"
    When 1 "linen shirt" and 2 "denim jacket" arrive with the transfer
    Then 3 "denim jacket" are left in stock at "Warehouse North"
    When a customer orders 3 "denim jacket" and 1 "linen shirt" in the marketplace
    Then the order is in fulfillment
    And every system agrees
    And 0 "denim jacket" are on the way to "Warehouse North"

  Scenario: It is told that goods came before it is told that they left
    Given the dispatch notice comes 5 seconds late
    When "Store 12" sends 3 "linen shirt" to "Warehouse North"
    And 2 "linen shirt" arrive with the transfer
    And the rest of the transfer is lost
    Then 4 "linen shirt" are left in stock at "Warehouse North"
    And 1 "linen shirt" is left in stock at "Store 12"
    When a customer orders 4 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees

  Scenario: The ERP is down while goods are on the way
    Given the ERP is down
    When "Store 12" sends 3 "linen shirt" to "Warehouse North"
    And 2 "linen shirt" arrive with the transfer
    And the ERP is back
    Then 4 "linen shirt" are left in stock at "Warehouse North"
    And 1 "linen shirt" is on the way to "Warehouse North"
    When a customer orders 4 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees

  Scenario: The ERP's answer to a posting is lost
    Given the ERP loses its answer to the transfer posting
    When "Store 12" sends 3 "linen shirt" to "Warehouse North"
    Then 3 "linen shirt" are on the way to "Warehouse North"
    When 3 "linen shirt" arrive with the transfer
    Then 5 "linen shirt" are left in stock at "Warehouse North"
    When a customer orders 5 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees

  Scenario: What was brought back to a store goes to the warehouse and is sold again
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 43" as new
    Then 1 "linen shirt" is added to the shelf at "Store 43"
    And the store offers 4 "linen shirt"
    When "Store 43" sends 1 "linen shirt" to "Warehouse North"
    And 1 "linen shirt" arrives with the transfer
    Then 1 "linen shirt" is left in stock at "Warehouse North"
    And the store offers 5 "linen shirt"
    And every system agrees

  Scenario: Replenishment comes for a customer who waits
    Given 3 "denim jacket" are in stock at "Store 43"
    And up to 2 "denim jacket" may be sold ahead of their arrival
    When a customer orders 2 "denim jacket" in the web shop
    Then the customer waits for 2 units
    When "Store 43" sends 3 "denim jacket" to "Warehouse North"
    And 3 "denim jacket" arrive with the transfer
    Then the customer waits for 0 units
    When the warehouse ships the order
    Then the order is shipped
    And every system agrees

  @restart
  Scenario: The middleware is killed while goods are on the way
    When "Store 12" sends 3 "linen shirt" to "Warehouse North"
    And the middleware is killed and started again
    And 2 "linen shirt" arrive with the transfer
    And the middleware is killed and started again
    Then 4 "linen shirt" are left in stock at "Warehouse North"
    And 1 "linen shirt" is on the way to "Warehouse North"
    When a customer orders 4 "linen shirt" in the web shop
    Then the order is in fulfillment
    And every system agrees
