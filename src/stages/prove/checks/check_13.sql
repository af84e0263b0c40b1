-- Check 13: revenue never mixes with capital, nor the housing account or the collection fund with the general fund.
-- Judged where the fund is known, by the cost centre or by the department of a payment: a capital account belongs on a capital cost centre and on no other,
-- an account of the collection fund in the collection fund, and no fund's sum is another in the separation.
SELECT
  council || '/' || feed || ': ' || statement || ' on a ' || CASE WHEN capital THEN 'capital' ELSE 'revenue' END || ' cost centre or department of fund ' || fund AS what,
  delivery_year AS fiscal_year,
  delivery_period AS period,
  lines AS failed,
  amount AS difference
FROM class_total
WHERE is_cost AND fund <> 'unknown' AND ownership <> 'suspense'
  AND ((statement = 'capital' AND NOT capital) OR (statement = 'collection_fund' AND fund <> 'CF'))
UNION ALL
SELECT
  s.council || ' ' || s.fund || ': the separation holds another sum for this fund than the classes' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  s.amount - coalesce(c.amount, 0.00) AS difference
FROM (SELECT council, fund, sum(amount) AS amount FROM separation GROUP BY council, fund) AS s
LEFT JOIN (SELECT council, fund, sum(amount) AS amount FROM class_total WHERE is_cost GROUP BY council, fund) AS c
  ON c.council = s.council AND c.fund = s.fund
WHERE s.amount <> coalesce(c.amount, 0.00)
UNION ALL
SELECT
  council || '/' || feed || ': capital and revenue cost centres or departments in fund ' || fund AS what,
  delivery_year AS fiscal_year,
  delivery_period AS period,
  sum(lines) AS failed,
  sum(amount) AS difference
FROM class_total
WHERE is_cost AND fund <> 'unknown' AND ownership <> 'suspense'
GROUP BY council, feed, fund, delivery_year, delivery_period
HAVING bool_or(capital) AND bool_or(NOT capital)
