@peak
Feature: Declared times are kept
  Customers and channels hear of what happens within declared times, also when a partner was away for a while.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  @PEK-001
  Scenario Outline: An order is acknowledged in time: <channel>
    When a customer orders 2 "linen shirt" in the <channel>
    Then the order is accepted
    And it took no longer than 10 seconds
    And every system agrees

    Examples:
      | channel     |
      | web shop    |
      | marketplace |
      | store       |

  @PEK-001
  Scenario: An order is acknowledged in time although the ERP answers late
    Given the ERP asks for 1 second of patience with the sales order
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is accepted
    And it took no longer than 15 seconds
    And every system agrees

  @PEK-002
  Scenario: A return is refunded in time
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And it took no longer than 10 seconds
    And every system agrees

  @PEK-003
  Scenario: The channel hears of the parcel in time
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the warehouse ships the order
    Then the order is shipped
    And it took no longer than 10 seconds
    And every system agrees

  @PEK-008
  Scenario: Systems agree again soon after the ERP was away
    When a customer orders 2 "linen shirt" in the web shop
    Then the order is in fulfillment
    When the ERP is down
    And the warehouse ships the order
    Then the order is shipped
    When the ERP is back
    Then every system agreed within 20 seconds of the last thing that went wrong
    And every system agrees

  @PEK-009 @virtual
  Scenario: A message that failed is counted, and trying it again succeeds in time
    Given the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    And 20 minutes pass
    Then 1 dead letter waits
    When the ERP is back
    And the operator replays the dead letters
    Then the order is in fulfillment
    And no dead letter waits
    And it took no longer than 10 seconds
    And every system agrees

  @PEK-010
  Scenario: Refund and tax agree with the books soon after the tax engine was away
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the tax engine is down
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When the tax engine is back
    Then the tax engine holds 1 return document
    And it took no longer than 20 seconds
    And every system agreed within 20 seconds of the last thing that went wrong
    And every system agrees
