-- The parts of one record, with what tells their cells apart.
SELECT line_part, delivery_year, delivery_period, council, ownership, service, bearer, account_group, on_cost, recharge, is_cost, fund, amount,
  effective_date, coalesce(reference, '') AS reference
FROM cost_line WHERE delivery_id = '$delivery' AND source_row = $row
ORDER BY delivery_year, delivery_period, line_part
