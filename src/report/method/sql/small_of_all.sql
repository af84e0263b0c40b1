-- Figures that were put together since few persons stand behind each, in all periods: how many rows each table has of them. `persons`: of the
-- period that has most of them, for who is paid in each month stands in a row of each.
SELECT 'on_cost' AS found_in, CAST(sum(rows) AS BIGINT) AS rows, max(persons) AS persons FROM (
  SELECT count(*) AS rows, sum(persons) AS persons FROM on_cost WHERE service = 'small_groups' GROUP BY delivery_year, delivery_period
)
UNION ALL
SELECT 'cost_line', count(*), CAST(NULL AS BIGINT) FROM cost_line WHERE part_kind = 'pay_small'
UNION ALL
SELECT 'payroll_difference', count(*), CAST(NULL AS BIGINT) FROM payroll_difference WHERE cost_centre = 'small_groups'
ORDER BY found_in
