-- Check 42, the warning: an income account of a ledger whose total for a year is a debit.
SELECT
  council || ': income account ' || account || ' is a debit over the year' AS what,
  delivery_year AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  sum(lines) AS failed,
  sum(amount) AS difference
FROM income_account
GROUP BY council, account, delivery_year
HAVING sum(amount) > 0.00
