@fulfillment @FUL-008
Feature: Carrier scans that come late, twice or in the wrong order
  A parcel's status never falls, whatever the order in which the carrier tells what it saw.

  Background:
    Given 5 "rain coat" are in stock at "Warehouse North"
    When a customer orders 1 "rain coat" in the web shop
    And the warehouse ships the order
    Then the order is shipped

  Scenario: Scans held back for days arrive at last
    Given the carrier's scans are held back
    When the carrier scans every parcel as picked up 3 days ago
    And the carrier scans every parcel as delivered 1 day ago
    Then the order is shipped
    When the held scans arrive
    Then the order is delivered
    And every system agrees

  Scenario: Scans in reverse order
    Given the carrier's scans are held back in reverse order
    When the carrier scans every parcel as picked up
    And the carrier scans every parcel as in transit
    And the carrier scans every parcel as out for delivery
    And the carrier scans every parcel as delivered
    And the held scans arrive
    Then the order is delivered
    And the customer sees parcel 1 as delivered
    And every system agrees

  Scenario: Every scan three times
    Given the carrier sends every event 3 times
    When the carrier delivers every parcel
    Then the order is delivered
    And every system agrees
