Feature: A scenario that asserts nothing

  Scenario: It only acts
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
