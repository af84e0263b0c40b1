-- Check 9: one class and one service per line; the union of the classes is all lines, and their sum the source's.
WITH classified AS (
  SELECT council, feed, delivery_year, delivery_period, sum(lines) AS lines, sum(amount) AS amount
  FROM class_total
  GROUP BY council, feed, delivery_year, delivery_period
)
SELECT
  s.council || '/' || s.feed || ': lines of the common table against classified lines' AS what,
  s.delivery_year AS fiscal_year,
  s.delivery_period AS period,
  abs(s.lines - coalesce(c.lines, 0)) AS failed,
  s.amount - coalesce(c.amount, 0.00) AS difference
FROM common_total AS s
LEFT JOIN classified AS c
  ON c.council = s.council AND c.feed = s.feed AND c.delivery_year = s.delivery_year AND c.delivery_period = s.delivery_period
WHERE s.lines <> coalesce(c.lines, 0) OR s.amount <> coalesce(c.amount, 0.00)
UNION ALL
SELECT
  council || '/' || feed || ': class `' || coalesce(ownership, 'none') || '`, service `' || coalesce(service, 'none') || '`' AS what,
  delivery_year AS fiscal_year,
  delivery_period AS period,
  lines AS failed,
  amount AS difference
FROM class_total
WHERE ownership IS NULL OR service IS NULL
  OR ownership NOT IN ('retained', 'shared', 'managed', 'company', 'external', 'bespoke', 'pass_through', 'not_cost', 'suspense')
