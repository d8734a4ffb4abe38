@returns @RET-025 @RET-026
Feature: Goods come back against other goods
  What comes back pays the replacement; the customer pays what it costs more, or gets back what it costs less.
  The replacement is reserved when it is asked for and leaves when the goods are there.

  Background:
    Given 5 "running shoes" are in stock at "Warehouse South"
    And 5 "rain coat" are in stock at "Warehouse North"
    And 5 "wool sweater" are in stock at "Warehouse North"
    When a customer orders 2 "running shoes" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: An even exchange by mail
    When the customer asks to exchange 1 "running shoes" for 1 "running shoes" because it is too small
    Then the return is approved
    And no warehouse was asked for the replacement
    And 2 "running shoes" are left in stock at "Warehouse South"
    And the exchange is waiting for the goods
    When the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods opened
    Then the returned goods pay 119.99 EUR of the replacement
    And the customer is refunded 0.00 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 0.00 EUR
    And the exchange is completed
    And every system agrees

  Scenario: Up: the customer pays the difference when the replacement leaves
    When the customer asks to exchange 1 "running shoes" for 1 "rain coat" because it is not wanted
    Then the return is approved
    When the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods as new
    Then the returned goods pay 119.99 EUR of the replacement
    And the customer is refunded 0.00 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the customer has paid 9.51 EUR
    And 4 "rain coat" are left in stock at "Warehouse North"
    And every system agrees

  Scenario: Down: the difference is refunded when the goods are graded
    When the customer asks to exchange 1 "running shoes" for 1 "wool sweater" because it is not wanted
    Then the return is approved
    When the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods as new
    Then the returned goods pay 79.95 EUR of the replacement
    And the customer is refunded 40.04 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the customer has paid 0.00 EUR
    And every system agrees

  Scenario: In a store, against something dearer that is sent home
    When the customer exchanges 1 "running shoes" for 1 "rain coat" at "Store 12" as new
    Then the returned goods pay 119.99 EUR of the replacement
    And 1 "running shoes" is added to the shelf at "Store 12"
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the customer has paid 9.51 EUR
    And every system agrees

  Scenario: In a store, against something cheaper
    When the customer exchanges 2 "running shoes" for 1 "wool sweater" at "Store 27" opened
    Then the returned goods pay 79.95 EUR of the replacement
    And the customer is refunded 160.03 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And every system agrees

  Scenario: Something is wrong with the goods: the replacement leaves at once
    When the customer asks to exchange 1 "running shoes" for 1 "running shoes" because it is defective
    Then the return is approved
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And the exchange is released
    When attention turns back to the original order
    And the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods unusable
    Then the returned goods pay 119.99 EUR of the replacement
    And the exchange is completed
    And every system agrees

  Scenario: Units come back in two parcels: the replacement waits for the second one
    When the customer asks to exchange 2 "running shoes" for 2 "rain coat" because it is not wanted
    Then the return is approved
    When the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods as new
    Then the returned goods pay 119.99 EUR of the replacement
    And no warehouse was asked for the replacement
    When the customer brings 1 "running shoes" back to "Store 12" opened
    Then the returned goods pay 239.98 EUR of the replacement
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the customer has paid 19.02 EUR
    And every system agrees

  Scenario: The replacement comes back, too: each card gets what it paid
    When the customer exchanges 1 "running shoes" for 1 "rain coat" at "Store 12" as new
    And attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "rain coat" back to "Store 12" as new
    Then the customer is refunded 9.51 EUR to the card
    And the order is returned
    When attention turns back to the original order
    Then the customer is refunded 119.99 EUR to the card
    And every system agrees

  @RET-027
  Scenario: There is not enough of the replacement: a refund instead
    When the customer asks to exchange 1 "running shoes" for 6 "rain coat" because it is not wanted
    Then the return is approved
    When attention turns to the replacement order
    Then the order is rejected
    And no money is held on the card
    When attention turns back to the original order
    And the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods as new
    Then the customer is refunded 119.99 EUR to the card
    And the exchange is turned into a refund
    And every system agrees

  @RET-027
  Scenario: The card is declined for the difference: a refund instead, in the store
    Given the customer's card will be declined
    When the customer exchanges 1 "running shoes" for 1 "rain coat" at "Store 12" as new
    Then the customer is refunded 119.99 EUR to the card
    And the exchange is turned into a refund
    And every system agrees

  @RET-027
  Scenario: The customer cancels the replacement before the goods are back
    When the customer asks to exchange 1 "running shoes" for 1 "rain coat" because it is not wanted
    Then the return is approved
    And the exchange is waiting for the goods
    When attention turns to the replacement order
    And the customer cancels the order
    Then the order is canceled
    And 5 "rain coat" are left in stock at "Warehouse North"
    When attention turns back to the original order
    And the returned 1 "running shoes" arrive at "Warehouse South"
    And the dock grades the returned goods opened
    Then the customer is refunded 119.99 EUR to the card
    And the returned goods pay 0.00 EUR of the replacement
    And every system agrees

  @RET-027 @race
  Scenario: The customer cancels the replacement when the goods have paid for it
    When the customer exchanges 1 "running shoes" for 1 "rain coat" at "Store 12" as new
    Then the returned goods pay 119.99 EUR of the replacement
    When attention turns to the replacement order
    And the customer cancels the order
    Then the order is canceled
    And no money is held on the card
    When attention turns back to the original order
    Then the returned goods pay 0.00 EUR of the replacement
    And the customer is refunded 119.99 EUR to the card
    And every system agrees

  @RET-027 @race
  Scenario: A part of the replacement is canceled: the goods pay for what is kept
    When the customer exchanges 2 "running shoes" for 1 "rain coat" and 1 "wool sweater" at "Store 12" as new
    Then the returned goods pay 209.45 EUR of the replacement
    And the customer is refunded 30.53 EUR to the card
    When attention turns to the replacement order
    And the customer cancels 1 "rain coat"
    And the warehouse ships 1 "wool sweater"
    Then the order is shipped
    When attention turns back to the original order
    Then the returned goods pay 79.95 EUR of the replacement
    And the customer is refunded 160.03 EUR to the card
    And every system agrees

  Scenario: More than was shipped is not exchanged
    When the customer asks to exchange 3 "running shoes" for 1 "rain coat" because it is not wanted
    Then the exchange is refused
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  Scenario: The ERP fails while goods and money change sides
    Given the ERP loses its answer to the exchange settlement
    When the customer exchanges 1 "running shoes" for 1 "wool sweater" at "Store 12" as new
    Then the customer is refunded 40.04 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    Then the order is shipped
    And every system agrees
