-- From the cost in a council's ledger to the cost that is allocated: seven items for each council with cost in the period, six of which
-- sum to the total. In this order a line is in suspense, a recharge, retained, or in a cell. What recharges became, one that was matched in
-- this period and stood in an earlier one among them, is told by recharge_bridge.
WITH
class AS (
  SELECT council, amount,
    CASE WHEN ownership = 'suspense' THEN 'suspense' WHEN coalesce(recharge, false) THEN 'recharge' WHEN ownership = 'retained' THEN 'retained'
      ELSE 'cell' END AS place
  FROM class_total WHERE is_cost AND delivery_year = $fiscal_year AND delivery_period = $period
),
council AS (
  SELECT council FROM class
  UNION
  SELECT council FROM recharge_bridge WHERE delivery_year = $fiscal_year AND delivery_period = $period
),
found AS (
  SELECT council, 'total' AS item, amount FROM class
  UNION ALL
  SELECT council, place, amount FROM class WHERE place IN ('suspense', 'retained')
  UNION ALL
  SELECT council, item, amount FROM recharge_bridge WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT council, 'allocated', amount FROM allocated_cost WHERE delivery_year = $fiscal_year AND delivery_period = $period
),
item AS (
  SELECT column1 AS item
  FROM (VALUES ('total'), ('retained'), ('suspense'), ('recharge_eliminated'), ('recharge_difference'), ('recharge_unmatched'), ('allocated'))
)
SELECT c.council, i.item, CAST($fiscal_year AS SMALLINT) AS delivery_year, CAST($period AS TINYINT) AS delivery_period,
  coalesce(sum(f.amount), CAST(0 AS DECIMAL(18,2))) AS amount
FROM council AS c CROSS JOIN item AS i LEFT JOIN found AS f ON f.council = c.council AND f.item = i.item
GROUP BY c.council, i.item
