-- Every delivery period that the release holds lines of: a recharge stays open in periods that have none of their own.
SELECT DISTINCT delivery_year, delivery_period FROM class_total WHERE delivery_year = $fiscal_year AND delivery_period = $period
