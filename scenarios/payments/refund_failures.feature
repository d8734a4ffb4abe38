@payments @PAY-010
Feature: A refund that fails is owed still
  A payment provider takes a refund on and may fail later, even after it said that the customer has the money. It is tried
  again, then given as store credit, once.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: The second attempt succeeds
    Given the first 1 attempt at a refund fails
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And the customer receives 0.00 EUR as store credit
    And every system agrees

  Scenario: Every attempt fails, and the customer gets store credit once
    Given the first 2 attempts at a refund fail
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer receives 49.90 EUR as store credit
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  Scenario: Two refunds of one order fail
    Given the first 2 attempts at a refund fail
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer receives 49.90 EUR as store credit
    When the customer brings 1 "linen shirt" back to "Store 27" opened
    Then the customer receives 99.80 EUR as store credit
    And the order is returned
    And every system agrees

  Scenario: The bank sends the money back after it had arrived
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    Given the payment provider decides refunds later
    When the bank sends the refund back
    And the payment provider reports that the refund failed
    Then the customer receives 49.90 EUR as store credit
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  @PAY-021
  Scenario: Late word of the first attempt's failure does not override the second attempt's success
    Given the payment provider decides refunds later
    And the refund failure comes again 2 seconds later
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    And the payment provider reports that the refund failed
    And the payment provider confirms the refund
    Then the customer is refunded 49.90 EUR to the card
    And the customer receives 0.00 EUR as store credit
    And no dead letter waits
    And every system agrees

  Scenario: The failure is told before the success of the same attempt
    Given the refund confirmation comes 2 seconds late
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    Given the payment provider decides refunds later
    When the bank sends the refund back
    And the payment provider confirms the refund
    Then the customer is refunded 49.90 EUR to the card
    And the customer receives 0.00 EUR as store credit
    And every system agrees

  Scenario: The store credit's answer is lost
    Given the first 2 attempts at a refund fail
    And the stored value loses its answer to the store credit
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer receives 49.90 EUR as store credit
    And every system agrees

  @restart
  Scenario: The middleware dies between failure and store credit
    Given the first 2 attempts at a refund fail
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    And the middleware is killed and started again
    Then the customer receives 49.90 EUR as store credit
    And every system agrees

  Scenario: Every attempt's end is told twice under other message numbers
    Given the payment provider sends every event 2 times under new numbers
    And the first 1 attempt at a refund fails
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: A late answer takes nothing back that has arrived
    Given the payment provider answers the refund too late
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 99.80 EUR to the card
    And every system agrees
