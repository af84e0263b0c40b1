-- Check 5: payroll and ledger agree within the limit, council by council and period by period: without regard to sign, pay that no
-- ledger line holds and lines that no pay explains among it.
SELECT
  d.council || ': payroll and ledger differ, without regard to sign, by more than the limit' AS what,
  d.delivery_year AS fiscal_year,
  d.delivery_period AS period,
  d.rows AS failed,
  d.amount AS difference
FROM (
  SELECT council, delivery_year, delivery_period, count(*) AS rows, sum(absolute_difference) AS amount
  FROM payroll_difference
  GROUP BY council, delivery_year, delivery_period
) AS d
CROSS JOIN payroll_limit AS l
WHERE d.amount > l.pounds
