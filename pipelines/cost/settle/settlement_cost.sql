-- Parts of cells by origin service, incurring council and bearer, for one delivery period.
SELECT service, council, bearer, delivery_year, delivery_period, sum(amount) AS amount
FROM allocated_cost
WHERE delivery_year = $fiscal_year AND delivery_period = $period
GROUP BY service, council, bearer, delivery_year, delivery_period
