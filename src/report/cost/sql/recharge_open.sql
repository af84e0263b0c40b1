-- Recharges of a council that are open at the end of a period, each with the period in which it was booked.
SELECT delivery_year, delivery_period, other, reference, age_periods, booked_period, amount, coalesce(reason, '') AS reason
FROM unmatched_recharge WHERE council = '$council'
ORDER BY delivery_year, delivery_period
