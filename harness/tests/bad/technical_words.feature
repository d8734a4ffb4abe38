Feature: A feature file that knows too much

  Scenario: It speaks of addresses
    When a customer orders 1 "http://127.0.0.1:8080" in the web shop
    Then every system agrees
