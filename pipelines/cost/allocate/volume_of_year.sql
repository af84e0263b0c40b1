-- The volumes of a year, placed as they were period by period: a closing period counts them. Of a closed month they are those that were
-- published, whatever today's rules would make of them; one that published none counts as an open one.
--
-- Reads   volume_of_period, closed_volume
WITH
closed AS (SELECT DISTINCT delivery_year, delivery_period FROM closed_volume),
month AS (
  SELECT driver, to_service, to_ownership, to_bearer, delivery_year, volume, carried FROM closed_volume
  UNION ALL
  SELECT v.driver, v.to_service, v.to_ownership, v.to_bearer, v.delivery_year, v.volume, v.carried
  FROM volume_of_period AS v
  LEFT JOIN closed AS c ON c.delivery_year = v.delivery_year AND c.delivery_period = v.delivery_period
  WHERE c.delivery_period IS NULL
)
SELECT driver, to_service, to_ownership, to_bearer, delivery_year, sum(volume) AS volume, max(CASE WHEN carried THEN 1 ELSE 0 END) > 0 AS carried
FROM month
GROUP BY driver, to_service, to_ownership, to_bearer, delivery_year
