-- Shared cost that stays with the council that incurred it, in one period.
SELECT service, account_group, on_cost, final_service, council, fund, amount
FROM allocated_cost WHERE delivery_year = $fiscal_year AND delivery_period = $period AND placement = 'unallocated'
ORDER BY service, account_group, on_cost, final_service, council, fund, amount
