-- Feeds that a driver has rows of in a period, not older than its max_age. What driver_row makes of them is not asked: to know that pay is
-- there, no payslip is counted.
--
-- Reads   driver_volume, assignment, pay_line, cost_centre, driver   as driver_row
-- Gives   driver, council, feed VARCHAR (feed empty: of a derived driver)
WITH
driver_now AS (
  SELECT driver, coalesce(fed_by, '') AS fed_by,
    CAST($fiscal_year AS BIGINT) * 12 + least(CAST($period AS BIGINT), 12) - CAST(coalesce(max_age, 0) AS BIGINT) AS oldest
  FROM driver WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
),
brought AS (SELECT DISTINCT driver, council, feed, delivery_year, delivery_period FROM driver_volume),
post AS (
  SELECT DISTINCT council, delivery_year, delivery_period
  FROM assignment WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
of_today AS (
  SELECT DISTINCT 'derived:payslips' AS fed_by, council FROM pay_line WHERE assignment IS NOT NULL
  UNION ALL
  SELECT DISTINCT 'derived:cost_centres', council FROM cost_centre WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
)
SELECT n.driver, b.council, b.feed
FROM brought AS b JOIN driver_now AS n ON n.driver = b.driver
WHERE n.fed_by NOT LIKE 'derived:%' AND n.oldest <= CAST(b.delivery_year AS BIGINT) * 12 + least(CAST(b.delivery_period AS BIGINT), 12)
UNION
SELECT n.driver, p.council, ''
FROM post AS p JOIN driver_now AS n ON n.fed_by = 'derived:headcount'
WHERE n.oldest <= CAST(p.delivery_year AS BIGINT) * 12 + least(CAST(p.delivery_period AS BIGINT), 12)
UNION
SELECT n.driver, t.council, '' FROM of_today AS t JOIN driver_now AS n ON n.fed_by = t.fed_by
