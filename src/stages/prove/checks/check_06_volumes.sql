-- Check 6: volumes for every period with a ledger, and no register older than the max_age of its driver. Asked are the feeds of drivers by
-- which a pool goes, in periods in which the council is a member of a service that gives by them.
--
-- Reads   feed_period   feeds of pay, posts and volumes by period of the release: age BIGINT = periods since what stands there, null where
--                       nothing does; is_register = as at a day
--         driver, pool, membership
WITH
used AS (
  SELECT DISTINCT d.driver, d.fed_by, coalesce(d.max_age, 0) AS max_age, p.service, f.first_day
  FROM (SELECT DISTINCT first_day FROM feed_period) AS f
  JOIN driver AS d ON d.valid_from <= f.first_day AND (d.valid_to IS NULL OR f.first_day < d.valid_to)
  JOIN pool AS p ON p.driver = d.driver AND p.valid_from <= f.first_day AND (p.valid_to IS NULL OR f.first_day < p.valid_to)
  WHERE d.fed_by <> ''
),
asked AS (
  SELECT DISTINCT u.driver, u.max_age, f.council, f.feed, f.is_register, f.age, f.delivery_year, f.delivery_period
  FROM used AS u
  JOIN feed_period AS f ON f.first_day = u.first_day
  LEFT JOIN membership AS m ON m.organisation = f.council AND m.service = u.service AND m.role IN ('partner', 'host')
    AND m.valid_from <= f.first_day AND (m.valid_to IS NULL OR f.first_day < m.valid_to)
  WHERE (u.fed_by = f.council || '/' || f.feed AND f.into_table = 'driver_volume')
    OR (u.fed_by = '*/' || f.feed AND f.into_table = 'driver_volume' AND m.organisation IS NOT NULL)
    OR (u.fed_by IN ('derived:headcount', 'derived:payslips') AND f.into_table = 'assignment' AND m.organisation IS NOT NULL)
),
lacking AS (
  SELECT driver, council, feed, CAST(delivery_year AS INTEGER) * 100 + delivery_period AS at,
    CASE WHEN is_register AND age IS NOT NULL THEN 'its register is older than max_age' ELSE 'no volumes' END AS why
  FROM asked
  WHERE age IS NULL OR (is_register AND age > max_age) OR (NOT is_register AND age <> 0)
)
SELECT
  council || '/' || feed || ' for ' || driver || ': ' || why || ' in '
    || CASE WHEN count(*) = 1 THEN 'a period' ELSE 'several periods' END || ' with a ledger, first' AS what,
  CAST(min(at) / 100 AS SMALLINT) AS fiscal_year,
  CAST(min(at) % 100 AS TINYINT) AS period,
  count(*) AS failed,
  0.00 AS difference
FROM lacking
GROUP BY driver, council, feed, why
