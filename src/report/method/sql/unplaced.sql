-- Volumes that are in no denominator, in one period.
SELECT driver, service, council, cost_centre, reason, volume
FROM unplaced_volume WHERE delivery_year = $fiscal_year AND delivery_period = $period
ORDER BY driver, service, council, cost_centre, reason
