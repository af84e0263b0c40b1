-- Registers of a later day that stand in for a period which has none of its own or before: of each such feed the first one after it.
WITH
later AS (
  SELECT d.council, d.feed, d.delivery_id, d.covers_from_year * 100 + d.covers_from_period AS since
  FROM delivery AS d JOIN later_register AS l ON l.council = d.council AND l.feed = d.feed
  WHERE l.delivery_year = $fiscal_year AND l.delivery_period = $period
    AND d.covers_from_year * 100 + d.covers_from_period > $fiscal_year * 100 + $period
),
first AS (SELECT council, feed, min(since) AS since FROM later GROUP BY council, feed)
SELECT l.council, l.feed, l.delivery_id, 0 AS age
FROM later AS l JOIN first AS f ON f.council = l.council AND f.feed = l.feed AND f.since = l.since
ORDER BY l.council, l.feed, l.delivery_id
