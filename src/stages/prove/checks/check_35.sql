-- Check 35: the total of each partner is the sum of its services, class by class.
WITH services AS (
  SELECT council, ownership, sum(amount) AS amount FROM separation GROUP BY council, ownership
),
partner AS (
  SELECT council, ownership, sum(amount) AS amount FROM class_total WHERE is_cost GROUP BY council, ownership
)
SELECT
  p.council || ' ' || p.ownership || ': the services do not sum to the partner' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  coalesce(s.amount, 0.00) - p.amount AS difference
FROM partner AS p
LEFT JOIN services AS s ON s.council = p.council AND s.ownership = p.ownership
WHERE coalesce(s.amount, 0.00) <> p.amount
