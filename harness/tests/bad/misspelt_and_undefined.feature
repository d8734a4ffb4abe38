Feature: Slips of the pen

  Scenario: A keyword that is none
    Givn 5 "linen shirt" are in stock at "Warehouse North"
    When nobody knows this
    Then every system agrees

  Scenario: A keyword that is none
    When a customer orders 1 "linen shirt" in the web shop
    Then every system agrees
