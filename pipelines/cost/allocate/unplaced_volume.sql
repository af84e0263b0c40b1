-- Volumes that are in no denominator, each with the reason: of every service, or of one giver.
WITH
unplaced AS (
  SELECT driver, '' AS giver, council, cost_centre, reason, volume FROM volume_use WHERE reason IS NOT NULL
  UNION ALL
  SELECT u.driver, g.giver, u.council, u.cost_centre, g.reason, u.volume
  FROM (SELECT * FROM volume_giver WHERE reason IS NOT NULL) AS g
  JOIN volume_use AS u
    ON u.driver = g.driver AND u.council = g.council AND u.delivery_id = g.delivery_id AND u.age = g.age AND u.to_service = g.to_service
    AND u.to_ownership = g.used_as AND u.to_bearer = g.to_bearer AND u.reason IS NULL
),
summed AS (
  SELECT driver, giver, council, cost_centre, reason, sum(volume) AS volume
  FROM unplaced
  WHERE $first_day < $as_at
  GROUP BY driver, giver, council, cost_centre, reason
)
SELECT driver, giver AS service, council, cost_centre, reason, CAST($fiscal_year AS SMALLINT) AS delivery_year,
  CAST($period AS TINYINT) AS delivery_period, volume
FROM summed
WHERE volume <> 0
