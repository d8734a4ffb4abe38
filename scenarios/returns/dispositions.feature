@returns @RET-023 @RET-020
Feature: What becomes of returned goods
  Grade and reason decide, as the retailer declared; what is not certain waits in quarantine until the dock decides.

  Background:
    Given 5 "wool sweater" are in stock at "Warehouse North"
    When a customer orders 3 "wool sweater" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario Outline: Goods that do not work: <grade>
    When the customer asks to return 2 "wool sweater" because it is defective
    Then the return is approved
    When the returned 2 "wool sweater" arrive at "Warehouse North"
    And the dock grades the returned goods <grade>
    Then the customer is refunded 159.90 EUR to the card
    And 2 "wool sweater" are added to the <destination> at "Warehouse North"
    And every system agrees

    Examples:
      | grade  | destination    |
      | opened | vendor returns |
      | worn   | refurbishment  |

  @RET-024
  Scenario Outline: From quarantine, decided later: <disposition>
    When the customer asks to return 2 "wool sweater" because it is not as described
    Then the return is approved
    When the returned 2 "wool sweater" arrive at "Warehouse North"
    And the dock grades the returned goods opened
    Then the customer is refunded 159.90 EUR to the card
    And 2 "wool sweater" lie in the quarantine at "Warehouse North"
    When the dock decides that 2 "wool sweater" are <disposition>
    Then 0 "wool sweater" lie in the quarantine at "Warehouse North"
    And <units> "wool sweater" lie in the <destination> at "Warehouse North"
    And every system agrees

    Examples:
      | disposition            | units | destination       |
      | put on the shelf       | 4     | shelf             |
      | put into the outlet    | 2     | outlet stock      |
      | liquidated             | 2     | liquidation stock |
      | refurbished            | 2     | refurbishment     |
      | returned to the vendor | 2     | vendor returns    |
      | donated                | 0     | outlet stock      |
      | destroyed              | 0     | liquidation stock |
      | missing                | 0     | refurbishment     |

  @RET-024
  Scenario: One by one, and one still waits
    When the customer asks to return 3 "wool sweater" because it is not as described
    Then the return is approved
    When the returned 3 "wool sweater" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    And the dock decides that 1 "wool sweater" is put on the shelf
    And the dock decides that 1 "wool sweater" is destroyed
    Then 1 "wool sweater" lies in the quarantine at "Warehouse North"
    And 3 "wool sweater" lie in the shelf at "Warehouse North"
    And the order is returned
    And every system agrees

  @RET-024
  Scenario: The decision is told before the grades, and twice
    Given the inspection report is overtaken by the next message
    And the warehouse sends every event 2 times
    When the customer asks to return 1 "wool sweater" because it is not as described
    Then the return is approved
    When the returned 1 "wool sweater" arrive at "Warehouse North"
    And the dock grades the returned goods as new
    And the dock decides that 1 "wool sweater" is put into the outlet
    Then 1 "wool sweater" lies in the outlet stock at "Warehouse North"
    And the customer is refunded 79.95 EUR to the card
    And every system agrees
