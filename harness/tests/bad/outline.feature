Feature: An outline whose second row makes no step

  Scenario Outline: A grade that nobody knows
    Given 5 "linen shirt" are in stock at "Warehouse North"
    When a customer orders 1 "linen shirt" in the web shop
    And the warehouse ships the order
    And the customer brings 1 "linen shirt" back to "Store 12" <grade>
    Then every system agrees

    Examples:
      | grade    |
      | as new   |
      | polished |
