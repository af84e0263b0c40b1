-- Check 42, the warning: an income account whose total for a year is a debit.
SELECT
  council || ': income account ' || account || ' is a debit for ' || CAST(delivery_year AS VARCHAR) AS what,
  SUM(lines) AS failed,
  SUM(amount) AS difference
FROM income_account
GROUP BY council, account, delivery_year
HAVING SUM(amount) > 0.00
