@returns
Feature: A return that was asked for and does not go as announced
  What nobody may take back waits at the dock for a clerk: it is neither lost nor paid for.

  Background:
    Given 5 "running shoes" are in stock at "Warehouse South"
    And 5 "cotton socks" are in stock at "Warehouse South"
    When a customer orders 3 "running shoes" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  @RET-014
  Scenario: The customer takes the return back
    When the customer asks to return 1 "running shoes" because it is too small
    Then the return is approved
    When the customer takes the return back
    Then the last return stands at canceled
    And nobody waits for the return any more
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @RET-013 @RET-014
  Scenario: The parcel of a canceled return waits for a clerk, who lets it count
    When the customer asks to return 1 "running shoes" because it is too small
    Then the return is approved
    When the customer takes the return back
    Then nobody waits for the return any more
    When a return parcel with 1 "running shoes" arrives at "Warehouse South"
    Then 1 "running shoes" waits for a clerk at "Warehouse South"
    And 1 dead letter waits
    And the customer is refunded 0.00 EUR to the card
    When a clerk assigns the held 1 "running shoes" to the order
    Then nothing waits for a clerk
    When the dock grades what the clerk assigned as new
    Then the customer is refunded 119.99 EUR to the card
    And the order is partially returned
    And every system agrees

  @RET-010
  Scenario: Fewer come than were announced
    When the customer asks to return 3 "running shoes" because it is not wanted
    Then the return is approved
    When a return parcel with 2 "running shoes" arrives at "Warehouse South"
    And the dock grades the returned goods as new
    Then the customer is refunded 239.98 EUR to the card
    And the last return stands at partially received
    And 2 "running shoes" are added to the shelf at "Warehouse South"
    And the order is partially returned
    And every system agrees

  @RET-011
  Scenario: More come than were announced
    When the customer asks to return 1 "running shoes" because it is not wanted
    Then the return is approved
    When a return parcel with 2 "running shoes" arrives at "Warehouse South"
    Then 1 "running shoes" waits for a clerk at "Warehouse South"
    When the dock grades the returned goods as new
    Then the customer is refunded 119.99 EUR to the card
    And the last return stands at closed
    And 1 "running shoes" is added to the shelf at "Warehouse South"
    And every system agrees

  @RET-011
  Scenario: Something else is in the parcel
    When the customer asks to return 1 "running shoes" because it is not wanted
    Then the return is approved
    When a return parcel with 1 "cotton socks" arrives at "Warehouse South"
    Then 1 "cotton socks" waits for a clerk at "Warehouse South"
    And 1 dead letter waits
    And the last return stands at approved
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @RET-011
  Scenario: The right goods and something else
    When the customer asks to return 1 "running shoes" because it is not wanted
    Then the return is approved
    When a return parcel with 1 "running shoes" and 2 "cotton socks" arrives at "Warehouse South"
    Then 2 "cotton socks" wait for a clerk at "Warehouse South"
    When the dock grades the returned goods opened
    Then the customer is refunded 119.99 EUR to the card
    And every system agrees

  @RET-006 @RET-018
  Scenario: Brought to a store while the parcel label is still out, and mailed all the same
    When the customer asks to return 3 "running shoes" because it is not wanted
    Then the return is approved
    When the customer brings 3 "running shoes" back to "Store 12" as new
    Then the customer is refunded 359.97 EUR to the card
    When a return parcel with 1 "running shoes" arrives at "Warehouse South"
    Then 1 "running shoes" waits for a clerk at "Warehouse South"
    And 1 dead letter waits
    And the customer is refunded 359.97 EUR to the card
    And the order is returned
    And every system agrees

  @RET-012
  Scenario: An inspector does not take worn goods back
    When the customer asks to return 2 "running shoes" because it is not wanted
    Then the return is approved
    When a return parcel with 2 "running shoes" arrives at "Warehouse South"
    And the dock rejects 1 "running shoes" and grades the rest as new
    Then the customer is refunded 119.99 EUR to the card
    And 1 "running shoes" is sent to the customer again
    And the last return stands at closed
    And 1 "running shoes" is added to the shelf at "Warehouse South"
    And every system agrees

  @RET-012
  Scenario: What was sent to the customer again may be returned once more
    When the customer asks to return 3 "running shoes" because it is not wanted
    Then the return is approved
    When a return parcel with 3 "running shoes" arrives at "Warehouse South"
    And the dock rejects 3 "running shoes" and grades the rest as new
    Then 3 "running shoes" are sent to the customer again
    And the customer is refunded 0.00 EUR to the card
    When the customer brings 1 "running shoes" back to "Store 12" worn
    Then the customer is refunded 119.99 EUR to the card
    And the order is partially returned
    And every system agrees

  @RET-006 @RET-014
  Scenario: More than was bought is declined
    When the customer asks to return 4 "running shoes" because it is not wanted
    Then the request is declined
    And every system agrees
