-- Recharges matched in one delivery period, if its cost is allocated: without that there is nothing to set them against.
SELECT r.service, r.payer, r.payee, r.delivery_year, r.delivery_period, sum(r.eliminated) AS eliminated
FROM recharge_pair AS r
JOIN (SELECT DISTINCT delivery_year, delivery_period FROM allocated_cost) AS a
  ON a.delivery_year = r.delivery_year AND a.delivery_period = r.delivery_period
WHERE r.delivery_year = $fiscal_year AND r.delivery_period = $period
GROUP BY r.service, r.payer, r.payee, r.delivery_year, r.delivery_period
