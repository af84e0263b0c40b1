-- Check 34: a blanket and what it stands for. Rate effects sum to what all that is charged falls short by; distribution effects sum to exactly 0.00.
WITH
summed AS (
  SELECT blanket, kind, delivery_year, delivery_period, sum(distribution_effect) AS distribution_effect,
    sum(rate_effect) - (sum(true_amount) - sum(blanket_amount)) AS rate_effect
  FROM blanket_comparison
  GROUP BY blanket, kind, delivery_year, delivery_period
),
compared AS (
  SELECT blanket || ': distribution effects do not sum to nought' AS what, delivery_year, delivery_period, distribution_effect AS difference
  FROM summed
  UNION ALL
  SELECT blanket || ': rate effects do not sum to the true total less the blanket' AS what, delivery_year, delivery_period, rate_effect AS difference
  FROM summed
  UNION ALL
  SELECT blanket || ', ' || unit || ': the rate effect is not the level less the blanket' AS what, delivery_year, delivery_period,
    rate_effect - (level_amount - blanket_amount) AS difference
  FROM blanket_comparison
  UNION ALL
  SELECT blanket || ', ' || unit || ': the distribution effect is not the true amount less the level' AS what, delivery_year, delivery_period,
    distribution_effect - (true_amount - level_amount) AS difference
  FROM blanket_comparison
)
SELECT what, delivery_year AS fiscal_year, delivery_period AS period, CAST(1 AS BIGINT) AS failed, difference
FROM compared
WHERE difference <> 0.00
