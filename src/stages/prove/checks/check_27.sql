-- Check 27: shared cost that no driver and no share places stays where it was incurred, and is named.
SELECT
  council || ', ' || service || ': unallocated' AS what,
  delivery_year AS fiscal_year,
  delivery_period AS period,
  count(*) AS failed,
  sum(amount) AS difference
FROM allocated_cost
WHERE placement = 'unallocated'
GROUP BY council, service, delivery_year, delivery_period
