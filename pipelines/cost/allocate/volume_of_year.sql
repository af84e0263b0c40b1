-- The volumes of a year, placed as they were period by period: a closing period counts them. Of a month that stands as it was
-- published (a closed one; a blocked one whose last good figures stand) they are those that were published, whatever today's rules would make
-- of them: of one that published none, none.
--
-- Reads   volume_of_period, standing_volume, standing_volume_period
WITH
month AS (
  SELECT driver, to_service, to_ownership, to_bearer, delivery_year, volume, carried FROM standing_volume
  UNION ALL
  SELECT v.driver, v.to_service, v.to_ownership, v.to_bearer, v.delivery_year, v.volume, v.carried
  FROM volume_of_period AS v
  LEFT JOIN standing_volume_period AS c ON c.delivery_year = v.delivery_year AND c.delivery_period = v.delivery_period
  WHERE c.delivery_period IS NULL
)
SELECT driver, to_service, to_ownership, to_bearer, delivery_year, sum(volume) AS volume, max(CASE WHEN carried THEN 1 ELSE 0 END) > 0 AS carried
FROM month
GROUP BY driver, to_service, to_ownership, to_bearer, delivery_year
