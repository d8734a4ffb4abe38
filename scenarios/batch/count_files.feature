@batch @BAT-005
Feature: A store that sends its counts in files
  The ledger follows what somebody counted, at the time of the count: a file that is late takes nothing back that
  was booked since, and an older count never replaces a newer one.

  Background:
    Given "Store 27" works with files only
    And 5 "linen shirt" are in stock at "Store 27"

  @BAT-002 @BAT-007
  Scenario: Units are missing on the shelf
    When the store counts 3 "linen shirt"
    And the store sends its file of counts
    Then 1 record of the file is taken
    And 3 "linen shirt" are left in stock at "Store 27"
    When the store sends its file again
    Then 3 "linen shirt" are left in stock at "Store 27"
    And every system agrees

  @BAT-003 @BAT-008
  Scenario: A file of counts that was cut off
    When the store counts 3 "linen shirt"
    And the store's file of counts is cut off on its way
    Then the file is refused as a whole
    And 5 "linen shirt" are left in stock at "Store 27"
    When the store sends its file of counts
    Then 1 record of the file is taken
    And 3 "linen shirt" are left in stock at "Store 27"
    And every system agrees

  @calm
  Scenario: The receipt for a file of counts is lost
    Given 2 "denim jacket" are in stock at "Warehouse North"
    And the receipt for the store's file is lost
    When a customer orders 1 "denim jacket" in the web shop
    And the store counts 7 "linen shirt"
    And the store sends its file of counts
    Then the order is accepted
    And 7 "linen shirt" are left in stock at "Store 27"
    And every system agrees

  @virtual @BAT-004
  Scenario: A count that is told after a sale keeps the sale
    When the store counts 5 "linen shirt"
    And 1 hour passes
    And a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When 1 day passes
    And the store sends its file of counts
    Then 1 record of the file is taken
    And 3 "linen shirt" are left in stock at "Store 27"
    And every system agrees

  @virtual @BAT-009
  Scenario: Of two counts in one file the later one stands
    When the store counts 3 "linen shirt"
    And 1 hour passes
    And the store counts 4 "linen shirt"
    And the store sends its file of counts
    Then 4 "linen shirt" are left in stock at "Store 27"
    And every system agrees
