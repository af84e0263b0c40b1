-- Services that give by a driver, or whose shares are held against it, in a period.
--
-- Reads   pool, share                        rows in force on the first day of the period
--         declared_service(service, kind)    services of the partnership file
-- Gives   driver, service, kind VARCHAR
WITH
named AS (
  SELECT driver, service FROM pool
  WHERE driver <> '' AND valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
  UNION
  SELECT driver, service FROM share
  WHERE driver <> '' AND valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
)
SELECT n.driver, n.service, s.kind FROM named AS n JOIN declared_service AS s ON s.service = n.service
