-- What at least one service can use of a period's volumes, by who used it; not of a closing period, which is the sum of its year.
WITH
usable AS (
  SELECT DISTINCT driver, council, delivery_id, age, to_service, used_as, to_ownership, to_bearer, volume FROM volume_giver WHERE reason IS NULL
)
SELECT driver, to_service, to_ownership, to_bearer, CAST($fiscal_year AS SMALLINT) AS delivery_year, CAST($period AS TINYINT) AS delivery_period,
  CAST($as_at AS DATE) AS as_at,
  sum(volume) AS volume, max(age) > 0 AS carried,
  CASE WHEN min(delivery_id) = max(delivery_id) AND min(delivery_id) <> '' THEN min(delivery_id) END AS delivery_id
FROM usable
WHERE $first_day < $as_at
GROUP BY driver, to_service, to_ownership, to_bearer
