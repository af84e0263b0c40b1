-- Figures that were put together since few persons stand behind each, in one period. `counted`: persons, or parts of lines; null: one row.
SELECT council, 'on_cost' AS found_in, persons AS counted FROM on_cost
WHERE delivery_year = $fiscal_year AND delivery_period = $period AND service = 'small_groups'
UNION ALL
SELECT council, 'cost_line', count(*) FROM cost_line
WHERE delivery_year = $fiscal_year AND delivery_period = $period AND part_kind = 'pay_small' GROUP BY council
UNION ALL
SELECT council, 'payroll_difference', CAST(NULL AS BIGINT) FROM payroll_difference
WHERE delivery_year = $fiscal_year AND delivery_period = $period AND cost_centre = 'small_groups'
ORDER BY council, found_in
