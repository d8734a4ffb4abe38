@returns @PAY-020
Feature: A refund before the goods come
  Customers who ask for it are refunded at once, up to what the retailer declared, and accept that their card is charged again
  for what does not come in time or is not accepted. What cannot be charged is written off, and customer service is told.

  Background:
    Given 9 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: The goods come and are accepted
    When the customer asks to return 1 "linen shirt" for an instant refund because it is too large
    Then the customer is promised 49.90 EUR before the goods come
    And the customer is refunded 49.90 EUR to the card
    And the ERP has credited 0.00 EUR in 0 credit memos
    When the returned 1 "linen shirt" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the ERP has credited 49.90 EUR in 1 credit memo
    And 1 "linen shirt" is added to the shelf at "Warehouse North"
    And the customer is charged 0.00 EUR again
    And the customer is refunded 49.90 EUR to the card
    And the order is partially returned
    And every system agrees

  Scenario: Brought to a store instead
    When the customer asks to return 2 "linen shirt" for an instant refund because it is not wanted
    Then the customer is refunded 99.80 EUR to the card
    When the customer brings 2 "linen shirt" back to "Store 12" as new
    Then the store promises the customer 0.00 EUR
    And the customer is charged 0.00 EUR again
    And the customer is refunded 99.80 EUR to the card
    And the order is returned
    And every system agrees

  Scenario: An inspector does not take worn goods back
    When the customer asks to return 2 "linen shirt" for an instant refund because it is not wanted
    Then the customer is refunded 99.80 EUR to the card
    When a return parcel with 2 "linen shirt" arrives at "Warehouse North"
    And the dock rejects 1 "linen shirt" and grades the rest as new
    Then the customer is charged 49.90 EUR again
    And 1 "linen shirt" is sent to the customer again
    And the last return stands at closed
    And every system agrees

  @RET-014
  Scenario: The customer takes the return back
    When the customer asks to return 2 "linen shirt" for an instant refund because it is too large
    Then the customer is refunded 99.80 EUR to the card
    When the customer takes the return back
    Then the customer is charged 99.80 EUR again
    And the last return stands at canceled
    And nobody waits for the return any more
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the customer is refunded 149.70 EUR to the card
    And every system agrees

  @RES-001
  Scenario: The payment provider loses its answers
    Given the payment provider loses its answer to the refund
    And the payment provider loses its answer to the charge again
    When the customer asks to return 1 "linen shirt" for an instant refund because it is too large
    Then the customer is refunded 49.90 EUR to the card
    When the customer takes the return back
    Then the customer is charged 49.90 EUR again
    And every system agrees

  Scenario: More than the retailer declared follows the goods
    When a customer orders 4 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 4 "linen shirt" for an instant refund because it is not wanted
    Then the customer is promised 0.00 EUR before the goods come
    And the customer is refunded 0.00 EUR to the card
    When the returned 4 "linen shirt" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 199.60 EUR to the card
    And every system agrees

  Scenario: Two returns of an order share what the retailer declared
    When a customer orders 4 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 2 "linen shirt" for an instant refund because it is not wanted
    Then the customer is promised 99.80 EUR before the goods come
    When the customer asks to return 2 "linen shirt" for an instant refund because it is too large
    Then the customer is promised 0.00 EUR before the goods come
    And the customer is refunded 99.80 EUR to the card
    And every system agrees

  Scenario: A gift card that paid a part is refunded when the goods come
    When the customer pays 20.00 EUR by gift card and the rest by card
    And a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the customer asks to return 1 "linen shirt" for an instant refund because it is not wanted
    Then the customer is promised 0.00 EUR before the goods come
    When the returned 1 "linen shirt" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 34.80 EUR to the card
    And the gift card is worth 15.10 EUR
    And every system agrees

  Scenario: The refund fails, and nobody has anything to charge
    Given the first 2 attempts at a refund fail
    When the customer asks to return 1 "linen shirt" for an instant refund because it is not wanted
    Then the customer receives 49.90 EUR as store credit
    When the customer takes the return back
    Then the ERP has written off 49.90 EUR
    And 1 dead letter waits
    And the customer is charged 0.00 EUR again
    And every system agrees

  @virtual
  Scenario: Nothing comes until the time is over
    When the customer asks to return 2 "linen shirt" for an instant refund because it is too large
    Then the customer is refunded 99.80 EUR to the card
    When 335 hours pass
    Then the customer is charged 0.00 EUR again
    When 2 hours pass
    Then the customer is charged 99.80 EUR again
    And the last return stands at approved
    And the order is shipped
    And every system agrees

  @virtual
  Scenario: A part comes in time, and the rest after the card was charged again
    When the customer asks to return 2 "linen shirt" for an instant refund because it is too large
    Then the customer is refunded 99.80 EUR to the card
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    And the dock grades the returned goods as new
    Then the ERP has credited 49.90 EUR in 1 credit memo
    And the customer is charged 0.00 EUR again
    When 337 hours pass
    Then the customer is charged 49.90 EUR again
    And the customer is refunded 99.80 EUR to the card
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    And the dock grades the returned goods as new
    Then the customer is refunded 149.70 EUR to the card
    And the last return stands at closed
    And the order is returned
    And every system agrees

  @virtual
  Scenario: What lies ungraded at the dock when the time is over
    When the customer asks to return 1 "linen shirt" for an instant refund because it is too large
    Then the customer is refunded 49.90 EUR to the card
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    And 337 hours pass
    Then the customer is charged 0.00 EUR again
    When the dock grades the returned goods opened
    Then the ERP has credited 49.90 EUR in 1 credit memo
    And the customer is charged 0.00 EUR again
    And every system agrees

  @virtual
  Scenario: The card cannot be charged again
    Given the card cannot be charged again
    When the customer asks to return 1 "linen shirt" for an instant refund because it is too large
    Then the customer is refunded 49.90 EUR to the card
    When 337 hours pass
    Then the ERP has written off 49.90 EUR
    And 1 dead letter waits
    And the customer is charged 0.00 EUR again
    And every system agrees

  @virtual
  Scenario: The goods come after they were written off
    Given the card cannot be charged again
    When the customer asks to return 1 "linen shirt" for an instant refund because it is too large
    And 337 hours pass
    Then the ERP has written off 49.90 EUR
    When a return parcel with 1 "linen shirt" arrives at "Warehouse North"
    And the dock grades the returned goods as new
    Then the ERP has credited 49.90 EUR in 1 credit memo
    And the ERP has written off 0.00 EUR
    And the customer is refunded 49.90 EUR to the card
    And every system agrees

  @virtual @restart @RES-006
  Scenario: The middleware dies between the refund and the end of the time
    When the customer asks to return 1 "linen shirt" for an instant refund because it is too large
    Then the customer is refunded 49.90 EUR to the card
    When the middleware is killed and started again
    And 337 hours pass
    Then the customer is charged 49.90 EUR again
    When the middleware is killed and started again
    Then the customer is charged 49.90 EUR again
    And every system agrees

  @virtual @RES-001
  Scenario: The ERP loses its answer when something is written off
    Given the card cannot be charged again
    And the ERP loses its answer to the write-off
    When the customer asks to return 1 "linen shirt" for an instant refund because it is too large
    And 337 hours pass
    Then the ERP has written off 49.90 EUR
    And every system agrees
