Feature: Tills go on when they have no line
  What they sell and take back is told late, and perhaps once more by the store's back office, which knows it under
  references of its own. It counts once.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @OMN-020
  Scenario: A sale is told when the line is back
    Given the tills have no line
    When a customer orders 1 "linen shirt" in the store
    And the tills have a line again
    Then the order is in fulfillment
    When the warehouse ships the order
    Then the customer has paid 54.80 EUR
    And every system agrees

  @OMN-020
  Scenario: The back office tells the sale as well
    Given the tills have no line
    When a customer orders 2 "linen shirt" in the store
    And the tills have a line again
    Then the order is in fulfillment
    When the back office tells the sale under a reference of its own
    Then the sale is taken once
    When the warehouse ships the order
    Then the customer has paid 104.70 EUR
    And every system agrees

  @OMN-020
  Scenario: The till tells the sale twice
    Given the tills have no line
    And the ERP is slow
    When a customer orders 2 "linen shirt" in the store
    And the tills have a line again
    And the tills have a line again
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    When the back office tells the sale under a reference of its own
    Then the sale is taken once
    And every system agrees

  @OMN-021
  Scenario: A return is told twice, under two receipts
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the tills have no line
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    And the tills have a line again
    Then the customer is refunded 49.90 EUR to the card
    When the back office tells the return under a reference of its own
    Then the return is taken once
    And the customer is refunded 49.90 EUR to the card
    And every system agrees
