Feature: A table that does not belong here

  Scenario: It has cells without a step
    Given 5 "linen shirt" are in stock at "Warehouse North"
    | a | b
    Then every system agrees
