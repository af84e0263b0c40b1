-- Drivers that are not whole in a period, with what they lack: nobody may bear a cost because another did not report.
--
-- Reads   driver       fed_by: `*/device` is that feed of every member of a service that gives by the driver; `southam/print` one feed;
--                      `derived:headcount` the posts of every member, `derived:payslips` their pay
--         driver_there
--         nil_return   feeds that brought that there is nothing, likewise: who uses nothing has reported
-- Gives   driver, lacks VARCHAR: `northam/device southam/device`
--
-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
WITH
driver_now AS (
  SELECT driver, coalesce(fed_by, '') AS fed_by, coalesce(max_age, 0) AS max_age FROM driver
  WHERE fed_by <> '' AND valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
),
member_giver AS (
  SELECT DISTINCT g.driver, m.organisation AS council
  FROM driver_giver AS g JOIN membership AS m ON m.service = g.service
  WHERE m.role IN ('partner', 'host') AND m.organisation <> 'shared' AND m.valid_from <= $first_day AND (m.valid_to IS NULL OR $first_day < m.valid_to)
),
needed AS (
  SELECT n.driver, m.council, split_part(n.fed_by, '/', 2) AS feed
  FROM driver_now AS n JOIN member_giver AS m ON m.driver = n.driver
  WHERE split_part(n.fed_by, '/', 1) = '*'
  UNION
  SELECT n.driver, m.council, CASE WHEN n.fed_by = 'derived:headcount' THEN 'assignment' ELSE 'payroll' END
  FROM driver_now AS n JOIN member_giver AS m ON m.driver = n.driver
  WHERE n.fed_by IN ('derived:headcount', 'derived:payslips')
  UNION
  SELECT driver, split_part(fed_by, '/', 1), split_part(fed_by, '/', 2)
  FROM driver_now WHERE strpos(fed_by, '/') > 1 AND split_part(fed_by, '/', 1) <> '*'
),
there AS (
  SELECT driver, council, feed FROM driver_there
  UNION
  SELECT n.driver, r.council, CASE WHEN n.fed_by LIKE 'derived:%' THEN '' ELSE r.feed END
  FROM nil_return AS r JOIN driver_now AS n
    ON r.common_table = CASE n.fed_by WHEN 'derived:headcount' THEN 'assignment' WHEN 'derived:payslips' THEN 'pay_line' ELSE 'driver_volume' END
  WHERE CAST($fiscal_year AS BIGINT) * 12 + least(CAST($period AS BIGINT), 12)
    - CAST(r.delivery_year AS BIGINT) * 12 - least(CAST(r.delivery_period AS BIGINT), 12) <= n.max_age
),
lacking AS (
  SELECT n.driver, n.council || '/' || n.feed AS feed
  FROM needed AS n
  LEFT JOIN there AS t ON t.driver = n.driver AND t.council = n.council AND (t.feed = n.feed OR t.feed = '')
  WHERE t.driver IS NULL
)
SELECT driver, string_agg(feed, ' ' ORDER BY feed) AS lacks FROM lacking GROUP BY driver
