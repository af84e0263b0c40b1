-- Deliveries that a period counts: of each feed those that cover it; where none does, the last ones before it (volumes are carried on), with
-- the periods by which they are older. A closing period counts its own alone.
WITH
delivered AS (
  SELECT council, feed, delivery_id, covers_to_year * 100 + covers_to_period AS until,
    covers_to_year * 12 + least(covers_to_period, 12) AS month
  FROM delivery
  WHERE covers_from_year * 100 + covers_from_period <= $fiscal_year * 100 + $period
    AND ($period <= 12 OR $fiscal_year * 100 + $period <= covers_to_year * 100 + covers_to_period)
),
latest AS (SELECT council, feed, least(max(until), $fiscal_year * 100 + $period) AS until FROM delivered GROUP BY council, feed)
SELECT d.council, d.feed, d.delivery_id, greatest(0, $fiscal_year * 12 + least($period, 12) - d.month) AS age
FROM delivered AS d JOIN latest AS l ON l.council = d.council AND l.feed = d.feed AND l.until <= d.until
ORDER BY d.council, d.feed, d.delivery_id
