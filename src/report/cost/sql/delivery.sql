-- Deliveries that cover a period.
SELECT council, feed, delivery_id FROM delivery
WHERE covers_from_year * 100 + covers_from_period <= $fiscal_year * 100 + $period
  AND $fiscal_year * 100 + $period <= covers_to_year * 100 + covers_to_period
ORDER BY council, feed, delivery_id
