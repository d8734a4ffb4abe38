@resilience @RES-007
Feature: Partners that cannot be relied on
  They are slow, lie, forget and repeat themselves; an order goes its way once all the same.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario Outline: An answer is late, wrong or missing: <misfortune>
    Given <misfortune>
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the ERP holds 1 sales order
    And every system agrees

    Examples:
      | misfortune                                                     |
      | the ERP never answers the sales order                          |
      | the ERP loses the sales order                                  |
      | the ERP turns the sales order away 2 times                     |
      | the ERP asks for 1 second of patience with the sales order     |
      | the ERP shows an error page for the invoice                    |
      | the ERP reports failure and carries the sales order out        |
      | the ERP reports success and does not carry the sales order out |
      | the ERP accepts the sales order and never does it              |
      | the ERP answers the sales order with a number written as text  |
      | the payment provider's credentials have expired                |
      | the payment provider is up and down by turns                   |

  @RES-014 @RES-012
  Scenario Outline: A message is late, changed or wrongly signed: <misfortune>
    Given <misfortune>
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And every system agrees

    Examples:
      | misfortune                                                         |
      | the shipping notice is lost on its way                             |
      | the shipping notice is accepted and its sender does not hear of it |
      | the shipping notice comes again 1 second later                     |
      | the packing note comes with a field of a later version             |
      | the packing note comes with a number written as text               |
      | the warehouse's messages reach the middleware 1 second late        |
      | the warehouse signs its messages with an old key                   |
      | the warehouse exchanges its key                                    |
      | the warehouse's messages bear an old date                          |
      | the warehouse's clock is 2 minutes slow                            |

  Scenario: A repeated booking is said to be worked on
    Given the ERP never answers the sales order
    And the ERP says of the repeated sales order that it is being worked on
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the ERP holds 1 sales order
    And every system agrees

  @OMN-012 @race
  Scenario: Orders of two channels come at the same instant
    Given order 1 of the storefront and order 2 of the marketplace meet
    When a customer orders 3 "linen shirt" in the web shop
    And a customer orders 3 "linen shirt" in the marketplace
    Then every system agrees

  Scenario: Links clog one after the other
    Given the links to the ERP, the payment provider and the tax engine clog one after the other
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And every system agrees

  @restart @RES-006
  Scenario Outline: The middleware dies between two messages: <point>
    Given the middleware dies <point>
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    Then the order is shipped
    And the ERP holds 1 sales order
    And every system agrees

    Examples:
      | point                                                  |
      | before the ERP carries out the sales order             |
      | after the payment provider has carried out the capture |
      | before it acknowledges the shipping notice             |
