-- Units whose base is nought or less, of which a percentage means nothing: listed, and in no total of blanket_comparison.
--
-- Reads   blanket_in_force, blanket_unit, bearer_total: as kernel `blanket` does
WITH
rate AS (SELECT blanket, kind, base, scope FROM blanket_in_force WHERE base <> 'weight' AND percent IS NOT NULL),
unit AS (
  SELECT 'on_cost' AS kind, 'gross_pay' AS base, council AS scope, council || '/' || ownership || '/' || service || '/' || bearer AS unit,
    gross_pay AS amount, on_cost AS true_amount
  FROM blanket_unit
  UNION ALL
  SELECT 'on_cost', 'basic_pay', council AS scope, council || '/' || ownership || '/' || service || '/' || bearer, basic_pay, on_cost FROM blanket_unit
  UNION ALL
  SELECT 'overhead', 'direct_cost', bearer AS scope, bearer AS unit, direct_cost, overhead FROM bearer_total
),
own AS (SELECT DISTINCT blanket, kind, scope FROM rate WHERE scope <> 'all')
SELECT r.blanket, r.kind, u.unit, CAST($fiscal_year AS SMALLINT) AS delivery_year, CAST($period AS TINYINT) AS delivery_period,
  u.amount AS base, u.true_amount
FROM rate AS r
JOIN unit AS u ON u.kind = r.kind AND u.base = r.base AND (r.scope = 'all' OR r.scope = u.scope)
LEFT JOIN own AS o ON o.blanket = r.blanket AND o.kind = r.kind AND o.scope = u.scope
WHERE u.amount <= 0.00 AND (r.scope <> 'all' OR o.scope IS NULL)
