@tax @TAX-015
Feature: Promotions, by who pays for them
  A promotion is allocated to single units once. What the retailer gives up is not taxed; what a manufacturer or a
  marketplace pays instead of the customer is, and they owe it.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And 5 "denim jacket" are in stock at "Warehouse North"
    And 5 "wool sweater" are in stock at "Warehouse North"
    And 5 "cotton socks" are in stock at "Warehouse North"

  @TAX-011 @TAX-016
  Scenario: The manufacturer pays a part of the price
    Given the customer uses the promotion "SHIRTMAKER5"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 99.70 EUR
    And the retailer owes 16.71 EUR of tax for the order
    And the manufacturer owes the retailer 5.00 EUR
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 47.40 EUR to the card
    And the manufacturer owes the retailer 2.50 EUR
    And the retailer owes 8.74 EUR of tax for the order
    And every system agrees

  @TAX-011 @TAX-016 @OMN-003
  Scenario: The marketplace pays a part of goods and all of shipping
    Given the customer uses the promotion "MARKET5"
    And the customer uses the promotion "MARKETSHIP"
    When a customer orders 1 "wool sweater" in the marketplace
    And the warehouse ships the order
    Then the customer has paid 75.95 EUR
    And the marketplace owes the retailer 8.90 EUR
    And the retailer owes 13.55 EUR of tax for the order
    When the customer brings 1 "wool sweater" back to "Store 27" opened
    Then the marketplace owes the retailer 4.90 EUR
    And the retailer owes 0.78 EUR of tax for the order
    And every system agrees

  @TAX-011
  Scenario: Promotions on a line, the order and shipping, one on the other; goods come back one by one
    Given the customer uses the promotion "JACKET20"
    And the customer uses the promotion "SUMMER10"
    And the customer uses the promotion "SHIPFREE"
    When a customer orders 2 "denim jacket" and 3 "cotton socks" in the web shop
    And the warehouse ships the order
    Then the customer has paid 149.73 EUR
    When the customer brings 1 "denim jacket" back to "Store 12" as new
    And the customer brings 1 "cotton socks" back to "Store 12" opened
    And the customer brings 1 "denim jacket" back to "Store 27" as new
    And the customer brings 2 "cotton socks" back to "Store 27" as new
    Then the customer is refunded 149.73 EUR to the card
    And the retailer owes 0.00 EUR of tax for the order
    And the ERP holds 0.00 EUR as receivable
    And every system agrees

  @TAX-016
  Scenario: Units that are canceled are paid by nobody
    Given the customer uses the promotion "SHIRTMAKER5"
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the customer cancels 1 "linen shirt"
    And the warehouse ships 1 "linen shirt"
    Then the customer has paid 52.30 EUR
    And the manufacturer owes the retailer 2.50 EUR
    And every system agrees

  @TAX-017 @RET-021
  Scenario: A return breaks the minimum of a promotion that is claimed back
    Given the customer uses the promotion "SPEND100"
    When a customer orders 2 "wool sweater" in the web shop
    And the warehouse ships the order
    Then the customer has paid 144.80 EUR
    When the customer brings 1 "wool sweater" back to "Store 12" as new
    Then the customer is refunded 59.95 EUR to the card
    And the ERP holds 84.85 EUR as receivable
    When the customer brings 1 "wool sweater" back to "Store 12" as new
    Then the customer is refunded 139.90 EUR to the card
    And the ERP holds 4.90 EUR as receivable
    And every system agrees

  @TAX-017 @RET-021
  Scenario: A return breaks the minimum of a promotion that the customer keeps
    Given the customer uses the promotion "KEEP100"
    When a customer orders 2 "wool sweater" in the web shop
    And the warehouse ships the order
    Then the customer has paid 144.80 EUR
    When the customer brings 1 "wool sweater" back to "Store 12" as new
    Then the customer is refunded 69.95 EUR to the card
    And every system agrees

  @TAX-017
  Scenario: Enough is kept, and nothing is claimed
    Given the customer uses the promotion "SPEND100"
    When a customer orders 2 "wool sweater" and 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 45.14 EUR to the card
    And every system agrees

  @TAX-017 @RET-021
  Scenario: The promotion was worth more than what comes back
    Given the customer uses the promotion "SPEND100"
    When a customer orders 2 "linen shirt" and 1 "cotton socks" in the web shop
    And the warehouse ships the order
    Then the customer has paid 92.69 EUR
    When the customer brings 1 "cotton socks" back to "Store 12" opened
    Then the customer is refunded 0.00 EUR to the card
    And every system agrees

  @TAX-017 @RET-021 @RET-026
  Scenario: An exchange gives back what was claimed for goods that were to be kept
    Given the customer uses the promotion "SPEND100"
    When a customer orders 1 "denim jacket" and 2 "cotton socks" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "cotton socks" back to "Store 12" unusable
    Then the customer is refunded 0.00 EUR to the card
    When the customer exchanges 1 "denim jacket" for 1 "wool sweater" at "Store 12" as new
    Then the customer is refunded 4.95 EUR to the card
    When attention turns to the replacement order
    And the warehouse ships the order
    And attention turns back to the original order
    Then every system agrees
