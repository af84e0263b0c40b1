-- The feeds in whose lines of one delivery period recharges stand: where there are none, no line is read for their sake.
--
-- Reads   class_total
-- Gives   council, feed VARCHAR
SELECT DISTINCT council, feed FROM class_total
WHERE coalesce(recharge, false) AND is_cost AND ownership <> 'suspense' AND delivery_year = $fiscal_year AND delivery_period = $period
