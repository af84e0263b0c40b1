-- Check 32: a full cost is the whole of what was allocated to its use, and its components sum to it; it says what it lacks: each component
-- without a part from any service is named as missing, and no other.
WITH
component AS (
  SELECT final_service, final_ownership, bearer, delivery_year, delivery_period, sum(amount) AS amount,
    max(CASE WHEN account_group LIKE 'depreciation%' THEN 1 ELSE 0 END) AS depreciation,
    max(CASE WHEN on_cost THEN 1 ELSE 0 END) AS on_cost,
    max(CASE WHEN service <> final_service THEN 1 ELSE 0 END) AS overhead,
    max(CASE WHEN account_group = 'premises' THEN 1 ELSE 0 END) AS premises
  FROM allocated_cost
  GROUP BY final_service, final_ownership, bearer, delivery_year, delivery_period
),
has AS (
  SELECT final_service, final_ownership, bearer, delivery_year, delivery_period, 'depreciation' AS word, depreciation AS there FROM component
  UNION ALL
  SELECT final_service, final_ownership, bearer, delivery_year, delivery_period, 'on_cost' AS word, on_cost AS there FROM component
  UNION ALL
  SELECT final_service, final_ownership, bearer, delivery_year, delivery_period, 'overhead' AS word, overhead AS there FROM component
  UNION ALL
  SELECT final_service, final_ownership, bearer, delivery_year, delivery_period, 'premises' AS word, premises AS there FROM component
),
compared AS (
  SELECT h.final_service || ' for ' || h.bearer || ': `' || h.word || CASE WHEN h.there = 1 THEN '` is said to be missing, and is there'
      ELSE '` is missing, and not said to be' END AS what,
    h.delivery_year, h.delivery_period, 0.00 AS difference
  FROM has AS h
  LEFT JOIN full_cost AS f ON f.final_service = h.final_service AND f.final_ownership = h.final_ownership AND f.bearer = h.bearer
    AND f.delivery_year = h.delivery_year AND f.delivery_period = h.delivery_period
  WHERE (h.there = 1) = (' ' || coalesce(f.missing, '') || ' ' LIKE '% ' || h.word || ' %')
  UNION ALL
  SELECT coalesce(f.final_service, c.final_service) || ' for ' || coalesce(f.bearer, c.bearer) || ': the full cost is not what was allocated' AS what,
    coalesce(f.delivery_year, c.delivery_year) AS delivery_year, coalesce(f.delivery_period, c.delivery_period) AS delivery_period,
    coalesce(f.amount, 0.00) - coalesce(c.amount, 0.00) AS difference
  FROM full_cost AS f
  FULL JOIN component AS c ON c.final_service = f.final_service AND c.final_ownership = f.final_ownership AND c.bearer = f.bearer
    AND c.delivery_year = f.delivery_year AND c.delivery_period = f.delivery_period
  WHERE coalesce(f.amount, 0.00) <> coalesce(c.amount, 0.00)
  UNION ALL
  SELECT final_service || ' for ' || bearer || ': the full cost is not what its components are' AS what, delivery_year, delivery_period,
    amount - (pay + on_cost + other + income + overhead) AS difference
  FROM full_cost
  WHERE amount <> pay + on_cost + other + income + overhead
)
SELECT what, delivery_year AS fiscal_year, delivery_period AS period, CAST(1 AS BIGINT) AS failed, difference
FROM compared
