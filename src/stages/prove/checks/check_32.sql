-- Check 32: a full cost says what it lacks: each component without a part from any service is named as missing, and no other.
WITH
component AS (
  SELECT final_service, final_ownership, bearer, delivery_year, delivery_period,
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
)
SELECT
  h.final_service || ' for ' || h.bearer || ': `' || h.word || CASE WHEN h.there = 1 THEN '` is said to be missing, and is there'
    ELSE '` is missing, and not said to be' END AS what,
  h.delivery_year AS fiscal_year,
  h.delivery_period AS period,
  CAST(1 AS BIGINT) AS failed,
  0.00 AS difference
FROM has AS h
LEFT JOIN full_cost AS f ON f.final_service = h.final_service AND f.final_ownership = h.final_ownership AND f.bearer = h.bearer
  AND f.delivery_year = h.delivery_year AND f.delivery_period = h.delivery_period
WHERE (h.there = 1) = (' ' || coalesce(f.missing, '') || ' ' LIKE '% ' || h.word || ' %')
