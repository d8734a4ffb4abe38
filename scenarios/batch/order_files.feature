@batch @BAT-001
Feature: A store that sends its orders in files
  The store is not connected: it gathers what it sells and sends a file with control totals when its line is up.
  A file may come twice, late, in pieces or damaged; each order is taken once, and the store is told by files.

  Background:
    Given "Store 27" works with files only
    And 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"

  Scenario: Two orders in one file
    When a customer orders 1 "denim jacket" in the store
    And a customer orders 2 "linen shirt" in the store
    And the store sends its file of orders
    Then 2 records of the file are taken
    When the warehouse ships the order
    Then the order is shipped
    And every system agrees

  @BAT-002
  Scenario: The same file comes twice
    When a customer orders 2 "linen shirt" in the store
    And the store sends its file of orders
    Then 1 record of the file is taken
    When the store sends its file again
    Then the order is accepted
    And the ERP holds 1 sales order
    And every system agrees

  @BAT-002
  Scenario: The receipt for a file is lost, and the store sends everything again under another name
    Given the receipt for the store's file is lost
    When a customer orders 2 "linen shirt" in the store
    And the store sends its file of orders
    And a customer orders 1 "denim jacket" in the store
    And the store sends its file of orders
    Then the order is accepted
    And the ERP holds 1 sales order
    And every system agrees

  @restart @BAT-002
  Scenario: The middleware dies in the middle of a file
    Given the middleware dies before it acknowledges the store's file
    When a customer orders 1 "denim jacket" in the store
    And a customer orders 2 "linen shirt" in the store
    And the store sends its file of orders
    Then the order is accepted
    And the ERP holds 1 sales order
    And every system agrees

  @BAT-003
  Scenario: A file that is cut off is not used, and the whole file is
    When a customer orders 2 "linen shirt" in the store
    And the store's file of orders is cut off on its way
    Then the file is refused as a whole
    And the ERP holds 0 sales orders
    When the store sends its file of orders
    Then 1 record of the file is taken
    And the order is accepted
    And every system agrees

  @BAT-003 @RES-018
  Scenario: A file that lost a record on its way is not used
    When a customer orders 1 "denim jacket" in the store
    And a customer orders 2 "linen shirt" in the store
    And the store's file of orders loses a record on its way
    Then the file is refused as a whole
    And the ERP holds 0 sales orders
    When the store sends its file of orders
    Then 2 records of the file are taken
    And every system agrees

  @BAT-003 @RES-018
  Scenario: One unreadable order does not hold up the others
    When a customer orders 1 "denim jacket" in the store
    And a customer orders 2 "linen shirt" in the store
    And record 1 of the store's file of orders is unreadable
    Then 1 record of the file is taken
    And 1 record of the file is refused
    And the order is accepted
    When the store sends its file of orders
    Then 1 record of the file is taken
    And every system agrees

  @virtual @BAT-004
  Scenario: The store's line was down for four days
    When a customer orders 2 "linen shirt" in the store
    And 4 days pass
    And the store sends its file of orders
    Then 1 record of the file is taken
    When the warehouse ships the order
    Then the order is shipped
    And every system agrees
