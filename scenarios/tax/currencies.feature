@tax @TAX-018
Feature: Currencies
  Prices, promotions, taxes and refunds are exact in every currency, whatever its decimals; what the retailer is paid in
  its own currency follows the rate of the sale.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario: A currency without decimals
    Given the order goes to Japan
    And the customer uses the promotion "SUMMER10"
    When a customer orders 3 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 22886 JPY
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 7362 JPY to the card
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 22086 JPY to the card
    And the tax engine reports 73 JPY for Japan
    And every system agrees

  Scenario: A currency with three decimals
    Given the order goes to Kuwait
    And the customer uses the promotion "TENOFF"
    When a customer orders 3 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 54.856 KWD
    And the tax engine reports 2.481 KWD for Kuwait
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    And the customer brings 2 "linen shirt" back to "Store 27" opened
    Then the customer is refunded 52.106 KWD to the card
    And the tax engine reports 0.000 KWD for Kuwait
    And every system agrees

  @TAX-019
  Scenario: Shown in yen, settled in euro, returned unit by unit
    Given the order goes to Japan
    And the shop is paid in euro, whatever its customers pay in
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 17160 JPY
    And the retailer is paid 105.88 EUR by the payment provider
    And the ERP holds 105.88 EUR as receivable
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 8180 JPY to the card
    And the retailer is paid 55.41 EUR by the payment provider
    And the ERP holds 55.41 EUR as receivable
    When the customer brings 1 "linen shirt" back to "Store 27" as new
    Then the retailer is paid 4.94 EUR by the payment provider
    And the ERP holds 4.94 EUR as receivable
    And every system agrees

  @TAX-019
  Scenario: Settled parcel by parcel, with a tax on top
    Given the order goes to the United States
    And the shop is paid in euro, whatever its customers pay in
    When a customer orders 3 "linen shirt" in the web shop
    And the warehouse ships 1 "linen shirt"
    Then the customer has paid 65.17 USD
    And the retailer is paid 60.05 EUR by the payment provider
    When the warehouse ships 2 "linen shirt"
    Then the customer has paid 184.71 USD
    And the retailer is paid 170.21 EUR by the payment provider
    And the ERP holds 170.21 EUR as receivable
    And every system agrees
