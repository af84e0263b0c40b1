-- Check 12: suspense within its limit, in absolute value.
SELECT
  'suspense of ' || CAST(SUM(debits - credits) AS VARCHAR) || ' pounds in absolute value; the limit is ' || CAST(max(l.pounds) AS VARCHAR) AS what,
  SUM(t.lines) AS failed,
  SUM(t.debits - t.credits) AS difference
FROM class_total AS t
CROSS JOIN suspense_limit AS l
WHERE t.ownership = 'suspense'
HAVING SUM(t.debits - t.credits) > max(l.pounds)
