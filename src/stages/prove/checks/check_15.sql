-- Check 15: final = source. The separation holds every cost that was classified, and nothing else, period by period.
WITH separated AS (
  SELECT council, delivery_year, delivery_period, sum(lines) AS lines, sum(amount) AS amount
  FROM separation
  GROUP BY council, delivery_year, delivery_period
),
classified AS (
  SELECT council, delivery_year, delivery_period, sum(lines) AS lines, sum(amount) AS amount
  FROM class_total
  WHERE is_cost
  GROUP BY council, delivery_year, delivery_period
)
SELECT
  coalesce(c.council, s.council) || ': the separation against the classes' AS what,
  coalesce(c.delivery_year, s.delivery_year) AS fiscal_year,
  coalesce(c.delivery_period, s.delivery_period) AS period,
  abs(coalesce(s.lines, 0) - coalesce(c.lines, 0)) AS failed,
  coalesce(s.amount, 0.00) - coalesce(c.amount, 0.00) AS difference
FROM classified AS c
FULL JOIN separated AS s
  ON s.council = c.council AND s.delivery_year = c.delivery_year AND s.delivery_period = c.delivery_period
WHERE coalesce(s.lines, 0) <> coalesce(c.lines, 0) OR coalesce(s.amount, 0.00) <> coalesce(c.amount, 0.00)
