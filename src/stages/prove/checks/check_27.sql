-- Check 27: shared cost that no driver and no share places stays where it was incurred, and is named, over all periods.
-- A partnership that has set up no pool allocates nothing, and there is nothing to name.
SELECT
  council || ', ' || service || ': unallocated' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  count(*) AS failed,
  sum(amount) AS difference
FROM allocated_cost CROSS JOIN (SELECT count(*) AS pools FROM pool) AS p
WHERE placement = 'unallocated' AND p.pools > 0
GROUP BY council, service
