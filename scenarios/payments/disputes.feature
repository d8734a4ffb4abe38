@payments @PAY-009
Feature: A customer disputes a payment at the card's issuer
  While the dispute is open nothing is given back that the customer may get from it. What the customer got from the issuer
  is given back by nobody else.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the customer has paid 104.70 EUR

  Scenario: It is won
    When the customer disputes the payment
    Then 1 dead letter waits
    When the dispute is won
    Then the issuer has taken back 0.00 EUR
    And every system agrees

  Scenario: It is lost
    When the customer disputes the payment
    And the dispute is lost
    Then the issuer has taken back 104.70 EUR
    And every system agrees

  Scenario: Goods come back while it is open, and it is won
    When the customer disputes the payment
    Then 1 dead letter waits
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 0.00 EUR to the card
    When the dispute is won
    Then the customer is refunded 49.90 EUR to the card
    And every system agrees

  Scenario: Goods come back while it is open, and it is lost
    When the customer disputes the payment
    Then 1 dead letter waits
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 0.00 EUR to the card
    When the dispute is lost
    Then the issuer has taken back 104.70 EUR
    And the customer is refunded 0.00 EUR to the card
    And the order is partially returned
    And every system agrees

  Scenario: Goods come back after it was lost
    When the customer disputes the payment
    Then 1 dead letter waits
    When the dispute is lost
    Then the issuer has taken back 104.70 EUR
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the order is returned
    And the customer is refunded 0.00 EUR to the card
    And every system agrees

  Scenario: The bank sends a refund back after the dispute was lost
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 49.90 EUR to the card
    When the customer disputes the payment
    And the dispute is lost
    Then the issuer has taken back 104.70 EUR
    When the bank sends the refund back
    Then the customer is refunded 0.00 EUR to the card
    And the customer receives 0.00 EUR as store credit
    And every system agrees

  @race @calm
  Scenario: A refund failed, and the payment is disputed before it becomes store credit
    Given the payment provider decides refunds later
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    And the payment provider reports that the refund failed
    Then attempt 2 at the refund is undecided
    When the customer disputes the payment
    Then 1 dead letter waits
    When the payment provider reports that the refund failed
    Then the customer receives 0.00 EUR as store credit
    When the dispute is lost
    Then the issuer has taken back 104.70 EUR
    And the customer receives 0.00 EUR as store credit
    And every system agrees

  Scenario: The end of the dispute is told before its beginning
    Given the dispute comes 2 seconds late
    When the customer disputes the payment
    And the dispute is lost
    Then the issuer has taken back 104.70 EUR
    And every system agrees

  @race
  Scenario: It comes before the payment provider has taken on a refund
    Given the payment provider asks for 1 second of patience with the refund
    When customer service grants 5.00 EUR on "linen shirt"
    And the customer disputes the payment
    Then 1 dead letter waits
    And the customer is refunded 0.00 EUR to the card
    When the dispute is won
    Then the customer is refunded 5.00 EUR to the card
    And every system agrees

  @race
  Scenario: It is lost while a refund waits because the payment provider asks for patience
    Given the payment provider asks for 1 second of patience with the capture
    When a customer orders 2 "linen shirt" in the mobile app
    And the warehouse ships 1 "linen shirt"
    And the customer brings 1 "linen shirt" back to "Store 12" worn
    And the warehouse ships 1 "linen shirt"
    And the customer disputes the payment
    And the dispute is lost
    Then every system agrees

  Scenario: A refund that cannot be paid waits, too
    Given 5 "denim jacket" are in stock at "Warehouse North"
    And the first 2 attempts at a refund fail
    When a customer orders 1 "denim jacket" and 1 "linen shirt" in the call center
    And the warehouse ships 1 "linen shirt"
    Then the customer has paid 54.80 EUR
    When the customer disputes the payment
    Then 1 dead letter waits
    When the warehouse ships the order
    Then the order is shipped
    When the customer brings 1 "denim jacket" back to "Store 12" unusable
    Then every system agrees
