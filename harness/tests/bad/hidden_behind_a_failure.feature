Feature: An undefined step behind one that fails

  Scenario: It would never be seen by running
    Given 1 "linen shirt" is in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
    Then the order is delivered
    And the moon is full
