Feature: The ERP takes documents on its own terms
  It takes so many in a second, none while somebody works on the sales order, and none that is dated into a closed
  period; what it takes it may post later. Nothing is lost by that, and nothing is posted twice.

  Background:
    Given 9 "linen shirt" are in stock at "Warehouse North"

  @RES-030 @calm
  Scenario: More documents than it takes in a second
    Given the ERP takes 2 documents a second
    When 4 customers order 1 "linen shirt" in the web shop
    And a customer orders 1 "linen shirt" in the mobile app
    And a customer orders 1 "linen shirt" in the social shop
    Then the order is in fulfillment
    And the ERP has asked to wait
    When the warehouse ships the order
    Then the order is shipped
    And every system agrees

  @RES-031
  Scenario: The order is canceled while somebody works on it
    When a customer orders 3 "linen shirt" in the web shop
    Then the order is in fulfillment
    When somebody opens the sales order in the ERP
    And the customer cancels 1 "linen shirt"
    Then the ERP has turned away a document of the locked order
    When the sales order in the ERP is closed again
    And the warehouse ships the order
    Then the order is shipped
    And the customer has paid 104.70 EUR
    And no dead letter waits
    And every system agrees

  @RES-031
  Scenario: The invoice waits until the sales order is closed again
    When a customer orders 1 "linen shirt" in the web shop
    And somebody opens the sales order in the ERP
    And the warehouse ships the order
    Then the ERP has turned away a document of the locked order
    And the customer has paid 54.80 EUR
    When the sales order in the ERP is closed again
    Then the ERP has posted 1 invoice and 0 credit memos
    And every system agrees

  @PAY-030
  Scenario: The goods leave in a period that is closed already
    Given the books of the ERP are closed for this month
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the invoice is posted in the next period and names this one
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the credit memo is posted in the next period and names this one
    And the ERP has posted 1 invoice and 1 credit memo
    And no dead letter waits
    And every system agrees

  @PAY-030
  Scenario: The period is closed between shipment and return
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    When the books of the ERP are closed for this month
    And the customer brings 1 "linen shirt" back to "Store 12" as new
    Then the credit memo is posted in the next period and names this one
    And the customer is refunded 49.90 EUR to the card
    And every system agrees

  @PAY-031
  Scenario: Documents are taken and posted later
    Given the ERP posts invoices and credit memos later
    When a customer orders 2 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the ERP has posted 0 invoices and 0 credit memos
    When the customer brings 1 "linen shirt" back to "Store 12" as new
    And the ERP posts what it has taken
    And the ERP posts what it has taken
    Then the ERP has posted 1 invoice and 1 credit memo
    And the customer is refunded 49.90 EUR to the card
    And every system agrees

  @PAY-031
  Scenario: A document that was taken cannot be posted, and is posted at the next attempt
    Given the ERP posts invoices and credit memos later
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the ERP cannot post what it has taken
    And the ERP posts what it has taken
    Then the ERP has posted 1 invoice and 0 credit memos
    And no dead letter waits
    And every system agrees

  @PAY-031
  Scenario: The answer to a document that is posted later gets lost
    Given the ERP posts invoices and credit memos later
    And the ERP loses its answer to the invoice
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the ERP posts what it has taken
    Then the ERP has posted 1 invoice and 0 credit memos
    And every system agrees

  @PAY-031
  Scenario: The word that a document is posted comes twice
    Given the ERP posts invoices and credit memos later
    And the posting confirmation comes again 1 second later
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the ERP posts what it has taken
    Then the ERP has posted 1 invoice and 0 credit memos
    And every system agrees
