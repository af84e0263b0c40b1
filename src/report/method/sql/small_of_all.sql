-- Figures that were put together since few persons stand behind each, in all periods: how many rows each table has of them.
SELECT 'on_cost' AS found_in, count(*) AS rows, sum(persons) AS persons FROM on_cost WHERE service = 'small_groups'
UNION ALL
SELECT 'cost_line', count(*), CAST(NULL AS BIGINT) FROM cost_line WHERE part_kind = 'pay_small'
UNION ALL
SELECT 'payroll_difference', count(*), CAST(NULL AS BIGINT) FROM payroll_difference WHERE cost_centre = 'small_groups'
ORDER BY found_in
