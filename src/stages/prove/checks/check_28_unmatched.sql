-- Check 28: recharges without another side, within their limit in absolute value, at the end of the newest period. Those whose payee keeps
-- them in its own services are nobody's to settle, and outside it.
WITH
newest AS (
  SELECT max(u.delivery_year) AS delivery_year, max(CASE WHEN u.delivery_year = y.delivery_year THEN u.delivery_period END) AS delivery_period
  FROM class_total AS u
  CROSS JOIN (SELECT max(delivery_year) AS delivery_year FROM class_total) AS y
)
SELECT
  'unmatched' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  count(*) AS failed,
  sum(abs(u.amount)) AS difference,
  l.pounds AS limit_amount
FROM newest AS n
JOIN unmatched_recharge AS u ON u.delivery_year = n.delivery_year AND u.delivery_period = n.delivery_period
CROSS JOIN recharge_limit AS l
WHERE u.reason IS NULL OR u.reason <> 'not_shared'
GROUP BY l.pounds
HAVING sum(abs(u.amount)) > l.pounds
