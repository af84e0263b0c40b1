-- Every class of a delivery period: lines and pounds of every council and feed, cost and not cost. What the checks are made on.
SELECT council, feed, delivery_year, delivery_period, ownership, service, bearer, account_group, statement, is_cost, reserve_movement, fund, capital,
  count(*) AS lines,
  sum(amount) AS amount,
  sum(CASE WHEN amount > 0.00 THEN amount ELSE 0.00 END) AS debits,
  sum(CASE WHEN amount < 0.00 THEN amount ELSE 0.00 END) AS credits
FROM cost_line
WHERE delivery_year = $fiscal_year AND delivery_period = $period
GROUP BY council, feed, delivery_year, delivery_period, ownership, service, bearer, account_group, statement, is_cost, reserve_movement, fund, capital
