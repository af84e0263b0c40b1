-- What on-cost blankets are charged on: the rows of on_cost.
SELECT council, ownership, service, bearer, gross_pay, basic_pay, on_cost
FROM on_cost
WHERE delivery_year = $fiscal_year AND delivery_period = $period
