-- Who bears what part of a pound of each service, in one period.
SELECT pool_set, service, final_service, final_ownership, bearer, numerator || '/' || denominator AS part, share
FROM allocation_share WHERE delivery_year = $fiscal_year AND delivery_period = $period
ORDER BY service, pool_set, final_service, final_ownership, bearer
