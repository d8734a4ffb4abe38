@resilience @RES-011
Feature: Requests pass and nothing comes back
  A system does what it is asked, and what it says by itself is lost for good: nothing wrong may follow from it.

  Scenario: The carrier is never heard
    Given 5 "linen shirt" are in stock at "Warehouse North"
    And nothing that the carrier says reaches the middleware any more
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the carrier delivers every parcel
    Then the order is shipped
    And the customer has paid 54.80 EUR
    And nothing wrong was done

  Scenario: The payment provider is never heard
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When nothing that the payment provider says reaches the middleware any more
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    And nothing wrong was done
