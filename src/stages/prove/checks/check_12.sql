-- Check 12: suspense within its limit, in absolute value: a debit and a credit of the same size do not cancel.
SELECT
  'pounds in suspense, in absolute value, over the limit' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  s.lines AS failed,
  s.amount AS difference
FROM (SELECT sum(lines) AS lines, sum(debits - credits) AS amount FROM class_total WHERE ownership = 'suspense') AS s
CROSS JOIN suspense_limit AS l
WHERE s.amount > l.pounds
