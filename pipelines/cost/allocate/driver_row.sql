-- Volumes of drivers that count in a period, as their feeds bring them, and those that are worked out from other feeds. First step to `volume`.
--
-- Reads   driver_volume   the deliveries in force: of a register the last one, of a flow the period's own or the last one before it
--         assignment, pay_line, cost_centre, driver
-- Gives   driver, council, feed, delivery_id, organisation, cost_centre, service VARCHAR (empty where the row has none), age BIGINT (periods
--         by which it is older than this one; negative where it is younger) → volume BIGINT
--
-- A driver that is derived counts one for every assignment in force on the last day, every payslip, or every cost centre in use; at the
-- assignment's cost centre, unsplit. A register of posts is as old as the period in which its day lies, as any other: one that is older than
-- the driver's max_age places no payslip, nor does a post without a cost centre: it then counts where it was booked. Of the rows of an
-- assignment those with a cost centre go before those without, of several registers the youngest that is not of a later period, else the
-- first later one, and of several cost centres the lowest. It is of its council, and so is that cost centre: `shared` is one like any other here.
WITH
driver_now AS (
  SELECT driver, coalesce(fed_by, '') AS fed_by, coalesce(max_age, 0) AS max_age
  FROM driver WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)
),
delivered AS (
  SELECT v.driver, v.council, v.feed, v.delivery_id, coalesce(v.organisation, '') AS organisation, coalesce(v.cost_centre, '') AS cost_centre,
    coalesce(v.service, '') AS service,
    CAST($fiscal_year AS BIGINT) * 12 + least(CAST($period AS BIGINT), 12)
      - CAST(v.delivery_year AS BIGINT) * 12 - least(CAST(v.delivery_period AS BIGINT), 12) AS age,
    v.volume
  FROM driver_volume AS v
),
post AS (
  SELECT council, feed, delivery_id, assignment, coalesce(cost_centre, '') AS cost_centre,
    CAST($fiscal_year AS BIGINT) * 12 + least(CAST($period AS BIGINT), 12)
      - CAST(delivery_year AS BIGINT) * 12 - least(CAST(delivery_period AS BIGINT), 12) AS age
  FROM assignment WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
-- Most assignments have one row: of these none has to be chosen, and the least of it is what it says.
counted AS (
  SELECT council, assignment, count(*) AS posts, min(feed) AS feed, min(delivery_id) AS delivery_id, min(cost_centre) AS cost_centre, min(age) AS age
  FROM post GROUP BY council, assignment
),
slip AS (
  SELECT council, feed, delivery_id, assignment, pay_date, min(nullif(cost_centre, '')) AS cost_centre
  FROM pay_line WHERE assignment IS NOT NULL
  GROUP BY council, feed, delivery_id, assignment, pay_date
),
counts_posts AS (SELECT driver, fed_by, max_age FROM driver_now WHERE fed_by IN ('derived:headcount', 'derived:payslips')),
-- For each derived driver one row of an assignment that has several.
ranked AS (
  SELECT n.driver, n.fed_by, p.council, p.feed, p.delivery_id, p.assignment, p.cost_centre, p.age,
    row_number() OVER (
      PARTITION BY n.driver, p.council, p.assignment ORDER BY p.cost_centre = '', p.age < 0, abs(p.age), p.cost_centre, p.feed, p.delivery_id
    ) AS place
  FROM post AS p
  JOIN (SELECT council, assignment FROM counted WHERE posts > 1) AS c ON c.council = p.council AND c.assignment = p.assignment
  JOIN counts_posts AS n ON p.age <= n.max_age
),
one_post AS (
  SELECT n.driver, n.fed_by, p.council, p.feed, p.delivery_id, p.assignment, p.cost_centre, p.age
  FROM counted AS p JOIN counts_posts AS n ON p.posts = 1 AND p.age <= n.max_age
  UNION ALL
  SELECT driver, fed_by, council, feed, delivery_id, assignment, cost_centre, age FROM ranked WHERE place = 1
),
placed_slip AS (
  SELECT n.driver, s.council, s.feed, s.delivery_id, coalesce(p.cost_centre, s.cost_centre, '') AS cost_centre,
    greatest(coalesce(p.age, 0), 0) AS age
  FROM slip AS s
  JOIN driver_now AS n ON n.fed_by = 'derived:payslips'
  LEFT JOIN one_post AS p ON p.driver = n.driver AND p.council = s.council AND p.assignment = s.assignment AND p.cost_centre <> ''
),
centre AS (
  SELECT council, cost_centre, CAST(count(*) AS BIGINT) AS volume
  FROM cost_centre WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
  GROUP BY council, cost_centre
)
SELECT d.driver, d.council, d.feed, d.delivery_id, d.organisation, d.cost_centre, d.service, d.age, sum(d.volume) AS volume
FROM delivered AS d LEFT JOIN driver_now AS n ON n.driver = d.driver
WHERE (n.driver IS NULL AND d.age <= 0) OR (n.fed_by NOT LIKE 'derived:%' AND d.age <= n.max_age)
GROUP BY d.driver, d.council, d.feed, d.delivery_id, d.organisation, d.cost_centre, d.service, d.age
UNION ALL
SELECT driver, council, feed, delivery_id, council AS organisation, cost_centre, '', age, CAST(count(*) AS BIGINT)
FROM one_post WHERE fed_by = 'derived:headcount' GROUP BY driver, council, feed, delivery_id, cost_centre, age
UNION ALL
SELECT n.driver, c.council, '', '', c.council AS organisation, c.cost_centre, '', CAST(0 AS BIGINT), c.volume
FROM centre AS c JOIN driver_now AS n ON n.fed_by = 'derived:cost_centres'
UNION ALL
SELECT driver, council, feed, delivery_id, council AS organisation, cost_centre, '', age, CAST(count(*) AS BIGINT)
FROM placed_slip GROUP BY driver, council, feed, delivery_id, cost_centre, age
