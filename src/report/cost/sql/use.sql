-- What the use of services costs those who bear it, in one period.
SELECT final_service, final_ownership, bearer, pay, on_cost, other, income, overhead, amount, missing
FROM full_cost WHERE delivery_year = $fiscal_year AND delivery_period = $period
ORDER BY final_service, final_ownership, bearer
