-- Check 35: the total of each partner is the sum of its services, class by class.
WITH by_service AS (
  SELECT council, ownership, service, SUM(amount) AS amount FROM separation GROUP BY council, ownership, service
),
partner AS (
  SELECT council, ownership, SUM(amount) AS amount FROM class_total WHERE is_cost GROUP BY council, ownership
),
services AS (
  SELECT council, ownership, SUM(amount) AS amount FROM by_service GROUP BY council, ownership
)
SELECT
  p.council || ' ' || p.ownership || ': the services sum to ' || CAST(coalesce(s.amount, 0.00) AS VARCHAR) || ', the partner to ' || CAST(p.amount AS VARCHAR) AS what,
  CAST(1 AS BIGINT) AS failed,
  coalesce(s.amount, 0.00) - p.amount AS difference
FROM partner AS p
LEFT JOIN services AS s ON s.council = p.council AND s.ownership = p.ownership
WHERE coalesce(s.amount, 0.00) <> p.amount
