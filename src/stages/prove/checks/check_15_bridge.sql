-- Check 15: final = source, from the ledger to what is borne. The bridge of each council foots; it starts from the classified cost and ends
-- with what was allocated, which is every cell and nothing else. What is unmatched so far is what is open.
WITH
classified AS (
  SELECT council, delivery_year, delivery_period, sum(amount) AS amount,
    sum(CASE WHEN ownership IN ('suspense', 'retained') OR recharge THEN 0.00 ELSE amount END) AS cells
  FROM class_total
  WHERE is_cost
  GROUP BY council, delivery_year, delivery_period
),
allocated AS (
  SELECT council, delivery_year, delivery_period, sum(amount) AS amount FROM allocated_cost GROUP BY council, delivery_year, delivery_period
),
bridge AS (
  SELECT council, delivery_year, delivery_period,
    sum(CASE WHEN item = 'total' THEN amount ELSE 0.00 END) AS total,
    sum(CASE WHEN item = 'allocated' THEN amount ELSE 0.00 END) AS allocated,
    sum(CASE WHEN item = 'recharge_unmatched' THEN amount ELSE 0.00 END) AS unmatched,
    sum(CASE WHEN item = 'total' THEN 0.00 ELSE amount END) AS items
  FROM cost_bridge
  GROUP BY council, delivery_year, delivery_period
),
open AS (
  SELECT council, delivery_year, delivery_period, sum(amount) AS amount FROM unmatched_recharge GROUP BY council, delivery_year, delivery_period
),
so_far AS (
  SELECT b.council, b.delivery_year, b.delivery_period, sum(e.unmatched) AS amount
  FROM bridge AS b
  JOIN bridge AS e ON e.council = b.council
    AND (e.delivery_year < b.delivery_year OR (e.delivery_year = b.delivery_year AND e.delivery_period <= b.delivery_period))
  GROUP BY b.council, b.delivery_year, b.delivery_period
),
compared AS (
  SELECT council, delivery_year, delivery_period, 'the items of cost_bridge do not sum to its total' AS what, items - total AS difference
  FROM bridge
  UNION ALL
  SELECT c.council, c.delivery_year, c.delivery_period, 'cost_bridge does not start from the classified cost' AS what,
    coalesce(b.total, 0.00) - c.amount AS difference
  FROM (SELECT DISTINCT delivery_year, delivery_period FROM bridge) AS p
  JOIN classified AS c ON c.delivery_year = p.delivery_year AND c.delivery_period = p.delivery_period
  LEFT JOIN bridge AS b ON b.council = c.council AND b.delivery_year = c.delivery_year AND b.delivery_period = c.delivery_period
  UNION ALL
  SELECT coalesce(b.council, a.council) AS council, coalesce(b.delivery_year, a.delivery_year) AS delivery_year,
    coalesce(b.delivery_period, a.delivery_period) AS delivery_period, 'cost_bridge does not end with allocated_cost' AS what,
    coalesce(a.amount, 0.00) - coalesce(b.allocated, 0.00) AS difference
  FROM bridge AS b
  FULL JOIN allocated AS a ON a.council = b.council AND a.delivery_year = b.delivery_year AND a.delivery_period = b.delivery_period
  UNION ALL
  SELECT b.council, b.delivery_year, b.delivery_period, 'what was allocated is not the cells' AS what,
    b.allocated - coalesce(c.cells, 0.00) AS difference
  FROM bridge AS b
  LEFT JOIN classified AS c ON c.council = b.council AND c.delivery_year = b.delivery_year AND c.delivery_period = b.delivery_period
  UNION ALL
  SELECT s.council, s.delivery_year, s.delivery_period, 'unmatched recharges in cost_bridge so far are not those that are open' AS what,
    s.amount - coalesce(o.amount, 0.00) AS difference
  FROM so_far AS s
  LEFT JOIN open AS o ON o.council = s.council AND o.delivery_year = s.delivery_year AND o.delivery_period = s.delivery_period
)
SELECT council || ': ' || what AS what, delivery_year AS fiscal_year, delivery_period AS period, CAST(1 AS BIGINT) AS failed, difference
FROM compared
WHERE difference <> 0.00
