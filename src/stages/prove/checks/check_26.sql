-- Check 26: a recipient's part of a driver moved over 10 points since the driver's period before: in fractions of all its volume, exactly.
-- volume / total and before / total_before are over a tenth apart where 10 × |volume × total_before − before × total| > total × total_before.
WITH
total AS (
  SELECT driver, delivery_year, delivery_period, CAST(sum(volume) AS DECIMAL(18,0)) AS volume
  FROM volume GROUP BY driver, delivery_year, delivery_period
),
numbered AS (
  SELECT driver, delivery_year, delivery_period, volume, row_number() OVER (PARTITION BY driver ORDER BY delivery_year, delivery_period) AS place
  FROM total
  WHERE volume > 0
),
recipient AS (SELECT DISTINCT driver, to_service, to_ownership, to_bearer FROM volume),
part AS (
  SELECT r.driver, r.to_service, r.to_ownership, r.to_bearer, n.delivery_year, n.delivery_period, n.place, n.volume AS total,
    CAST(coalesce(v.volume, 0) AS DECIMAL(18,0)) AS volume
  FROM numbered AS n
  JOIN recipient AS r ON r.driver = n.driver
  LEFT JOIN volume AS v ON v.driver = r.driver AND v.to_service = r.to_service AND v.to_ownership = r.to_ownership AND v.to_bearer = r.to_bearer
    AND v.delivery_year = n.delivery_year AND v.delivery_period = n.delivery_period
)
SELECT
  now.driver || ': the part of ' || CASE WHEN now.to_bearer = '' THEN now.to_service ELSE now.to_bearer END || ' moved over 10 points' AS what,
  now.delivery_year AS fiscal_year,
  now.delivery_period AS period,
  CAST(1 AS BIGINT) AS failed,
  0.00 AS difference
FROM part AS now
JOIN part AS before ON before.driver = now.driver AND before.to_service = now.to_service AND before.to_ownership = now.to_ownership
  AND before.to_bearer = now.to_bearer AND before.place + 1 = now.place
WHERE abs(now.volume * before.total - before.volume * now.total) * 10 > now.total * before.total
