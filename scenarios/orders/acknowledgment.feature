@ORD-018
Feature: The ERP acknowledges each order in business terms
  That a message was received is not enough: an order goes on when the ERP names the sales order that it booked.

  Background:
    Given 5 "linen shirt" are in stock at "Warehouse North"

  Scenario Outline: The ERP acknowledges late, twice or after it only took the message: <misfortune>
    Given <misfortune>
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is in fulfillment
    And the ERP has acknowledged the order under the number of its sales order
    And the ERP holds 1 sales order
    And every system agrees

    Examples:
      | misfortune                                            |
      | the ERP accepts the sales order and never does it     |
      | the ERP loses its answer to the sales order           |
      | the order confirmation is lost on its way             |
      | the order confirmation comes again 1 second later     |

  @virtual
  Scenario: An order that the ERP never acknowledges comes to a person
    Given the ERP is down
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is placed
    When 20 minutes pass
    Then 1 dead letter waits
    When the ERP is back
    And the operator replays the dead letters
    Then the order is in fulfillment
    And the ERP has acknowledged the order under the number of its sales order
    And every system agrees
