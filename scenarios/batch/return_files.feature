@batch @BAT-006
Feature: A store that sends its returns in files
  Goods are back before anybody hears of it; whatever the file goes through, the money is given back once.

  Background:
    Given "Store 27" works with files only
    And 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" and 1 "denim jacket" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: One file
    When the customer brings 1 "linen shirt" back to "Store 27" as new
    And the store sends its file of returns
    Then 1 record of the file is taken
    And the customer is refunded 49.90 EUR to the card
    And 1 "linen shirt" is added to the shelf at "Store 27"
    And every system agrees

  @BAT-002
  Scenario: The same return in two files
    When the customer brings 1 "linen shirt" back to "Store 27" as new
    And the store's file of returns loses a record on its way
    Then the file is refused as a whole
    When the store sends its file of returns
    Then 1 record of the file is taken
    When the store sends its file again
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  @BAT-003
  Scenario: One unreadable return does not hold up the others
    When the customer brings 1 "linen shirt" back to "Store 27" as new
    And the customer brings 1 "denim jacket" back to "Store 27" opened
    And record 1 of the store's file of returns is unreadable
    Then 1 record of the file is taken
    And 1 record of the file is refused
    And the customer is refunded 89.00 EUR to the card
    When the store sends its file of returns
    Then 1 record of the file is taken
    And the customer is refunded 138.90 EUR to the card
    And every system agrees

  Scenario: The answer to the refund gets lost
    Given the payment provider loses its answer to the refund
    When the customer brings 2 "linen shirt" back to "Store 27" as new
    And the store sends its file of returns
    Then the customer is refunded 99.80 EUR to the card
    And every system agrees
