@orders @ORD-998
Feature: A tag that names nothing
  the description may begin with any word
  even with one that is near to a keyword

  @PYA-001
  Scenario: An order
    Given 5 "linen shirt" are in stock at "Warehouse North"
    Then every system agrees
