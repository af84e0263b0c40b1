-- Check 27: shared cost that no driver and no share places stays where it was incurred, and is named, over all periods.
SELECT
  council || ', ' || service || ': unallocated' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  count(*) AS failed,
  sum(amount) AS difference
FROM allocated_cost
WHERE placement = 'unallocated'
GROUP BY council, service
