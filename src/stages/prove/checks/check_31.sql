-- Check 31: no cost is charged twice. Every cost is in suspense, or else a recharge, or else retained, or else in a cell, and in that one alone:
-- what was allocated is class by class what is none of the others, and the sums of recharges are the lines so flagged.
WITH
place AS (
  SELECT council, service, ownership, account_group, on_cost, fund, delivery_year, delivery_period, amount,
    CASE WHEN ownership = 'suspense' THEN 'suspense' WHEN recharge THEN 'recharge' WHEN ownership = 'retained' THEN 'retained' ELSE 'cell' END AS place
  FROM class_total
  WHERE is_cost
),
cell AS (
  SELECT council, service, ownership, account_group, on_cost, fund, delivery_year, delivery_period, sum(amount) AS amount
  FROM place WHERE place = 'cell'
  GROUP BY council, service, ownership, account_group, on_cost, fund, delivery_year, delivery_period
),
allocated AS (
  SELECT council, service, ownership, account_group, on_cost, fund, delivery_year, delivery_period, sum(amount) AS amount
  FROM allocated_cost
  GROUP BY council, service, ownership, account_group, on_cost, fund, delivery_year, delivery_period
),
allocated_period AS (SELECT DISTINCT delivery_year, delivery_period FROM allocated_cost),
recharged AS (
  SELECT council, service, ownership, delivery_year, delivery_period, sum(amount) AS amount
  FROM place WHERE place = 'recharge'
  GROUP BY council, service, ownership, delivery_year, delivery_period
),
summed AS (
  SELECT council, service, ownership, delivery_year, delivery_period, sum(amount) AS amount
  FROM recharge_sum
  GROUP BY council, service, ownership, delivery_year, delivery_period
),
compared AS (
  SELECT c.council || ', ' || c.service || ' ' || c.ownership || ' ' || c.account_group || ': not all in cells' AS what,
    c.delivery_year, c.delivery_period, coalesce(a.amount, 0.00) - c.amount AS difference
  FROM allocated_period AS p
  JOIN cell AS c ON c.delivery_year = p.delivery_year AND c.delivery_period = p.delivery_period
  LEFT JOIN allocated AS a ON a.council = c.council AND a.service = c.service AND a.ownership = c.ownership AND a.account_group = c.account_group
    AND a.on_cost = c.on_cost AND a.fund = c.fund AND a.delivery_year = c.delivery_year AND a.delivery_period = c.delivery_period
  UNION ALL
  SELECT a.council || ', ' || a.service || ' ' || a.ownership || ' ' || a.account_group || ': in cells and elsewhere' AS what,
    a.delivery_year, a.delivery_period, a.amount AS difference
  FROM allocated AS a
  LEFT JOIN cell AS c ON c.council = a.council AND c.service = a.service AND c.ownership = a.ownership AND c.account_group = a.account_group
    AND c.on_cost = a.on_cost AND c.fund = a.fund AND c.delivery_year = a.delivery_year AND c.delivery_period = a.delivery_period
  WHERE c.council IS NULL
  UNION ALL
  SELECT coalesce(s.council, r.council) || ', ' || coalesce(s.service, r.service) || ': sums of recharges are not the lines so flagged' AS what,
    coalesce(s.delivery_year, r.delivery_year) AS delivery_year, coalesce(s.delivery_period, r.delivery_period) AS delivery_period,
    coalesce(s.amount, 0.00) - coalesce(r.amount, 0.00) AS difference
  FROM summed AS s
  FULL JOIN recharged AS r ON r.council = s.council AND r.service = s.service AND r.ownership = s.ownership
    AND r.delivery_year = s.delivery_year AND r.delivery_period = s.delivery_period
)
SELECT what, delivery_year AS fiscal_year, delivery_period AS period, CAST(1 AS BIGINT) AS failed, difference
FROM compared
WHERE difference <> 0.00
