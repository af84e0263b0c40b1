-- Every part of every cell of cost of a period.
SELECT service, ownership, account_group, on_cost, council, fund, final_service, final_ownership, bearer, placement, amount
FROM allocated_cost WHERE delivery_year = $fiscal_year AND delivery_period = $period
