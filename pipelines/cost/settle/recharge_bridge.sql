-- What the recharge lines of each council became in one delivery period, for the bridge from its ledger to its cells: eliminated, left on the
-- payee's side, or unmatched. A sum that is matched later leaves `recharge_unmatched` then, so that closed periods do not change.
--
-- Reads   recharge_sum, recharge_pair.
WITH
moved AS (
  SELECT council, 'recharge_unmatched' AS item, amount FROM recharge_sum
  UNION ALL
  SELECT payer AS council, 'recharge_unmatched' AS item, 0.00 - paid AS amount FROM recharge_pair
  WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT payee AS council, 'recharge_unmatched' AS item, 0.00 - received AS amount FROM recharge_pair
  WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT payer AS council, 'recharge_eliminated' AS item, eliminated AS amount FROM recharge_pair
  WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT payee AS council, 'recharge_eliminated' AS item, 0.00 - eliminated AS amount FROM recharge_pair
  WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT payee AS council, 'recharge_difference' AS item, difference AS amount FROM recharge_pair
  WHERE delivery_year = $fiscal_year AND delivery_period = $period
)
SELECT council, item, $fiscal_year AS delivery_year, $period AS delivery_period, sum(amount) AS amount
FROM moved
GROUP BY council, item
