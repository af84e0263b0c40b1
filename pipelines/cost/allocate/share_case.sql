-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
-- For each service the agreed weights of its member partners, with each one's own use of it by the driver against which they are held.
--
-- Reads   share        rows in force on the first day of the period
--         volume, membership
-- Gives   service, partner VARCHAR → weight BIGINT, driver VARCHAR, volume BIGINT (null: no driver, or no volume of it), tolerance
--         DECIMAL(18,6) points, 3 where the row says none, exception BOOLEAN
WITH
member AS (
  SELECT DISTINCT organisation, service FROM membership
  WHERE role IN ('partner', 'host') AND organisation <> 'shared' AND valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
),
of_driver AS (SELECT DISTINCT driver FROM volume),
used AS (
  SELECT driver, to_service, to_bearer, sum(volume) AS volume FROM volume WHERE to_ownership = 'shared' AND to_bearer <> ''
  GROUP BY driver, to_service, to_bearer
)
SELECT s.service, s.partner, s.weight, nullif(s.driver, '') AS driver,
  CASE WHEN d.driver IS NOT NULL THEN CAST(coalesce(sum(u.volume), 0) AS BIGINT) END AS volume,
  coalesce(s.tolerance, CAST(3 AS DECIMAL(18,6))) AS tolerance, coalesce(s.exception, false) AS exception
FROM share AS s
JOIN member AS m ON m.organisation = s.partner AND m.service = s.service
LEFT JOIN of_driver AS d ON d.driver = s.driver
LEFT JOIN used AS u ON u.driver = s.driver AND u.to_bearer = s.partner AND (u.to_service = '' OR u.to_service = s.service)
WHERE s.valid_from <= $first_day AND (s.valid_to IS NULL OR $first_day < s.valid_to)
GROUP BY s.service, s.partner, s.weight, s.driver, d.driver, s.tolerance, s.exception
