-- What arises in each service and what it receives of others, in one period.
SELECT pool_set, service, direct, received, gross
FROM service_gross WHERE delivery_year = $fiscal_year AND delivery_period = $period
ORDER BY service, pool_set
