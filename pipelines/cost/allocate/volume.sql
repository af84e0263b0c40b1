-- Volumes that the allocation of a period counts: its own, in a closing period those of its year.
WITH
counted AS (
  SELECT driver, to_service, to_ownership, to_bearer, volume, carried, delivery_id FROM volume_of_period
  WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT driver, to_service, to_ownership, to_bearer, volume, carried, NULL FROM volume_of_year
  WHERE delivery_year = $fiscal_year AND $first_day = $as_at
),
driver_now AS (
  SELECT driver, quality FROM driver WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
)
SELECT c.driver, c.to_service, c.to_ownership, c.to_bearer, CAST($fiscal_year AS SMALLINT) AS delivery_year, CAST($period AS TINYINT) AS delivery_period,
  c.volume, coalesce(d.quality, 'measured') AS quality, c.carried, c.delivery_id
FROM counted AS c LEFT JOIN driver_now AS d ON d.driver = c.driver
