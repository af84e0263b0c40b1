-- Cost by who owns it, for one delivery period: what each council keeps, what is shared, what belongs to others.
-- Only cost and income set against cost; balance sheet, reserves and the like are not separated.
SELECT council, fund, ownership, service, delivery_year, delivery_period, account_group, sum(amount) AS amount, count(*) AS lines
FROM cost_line
WHERE is_cost AND delivery_year = $fiscal_year AND delivery_period = $period
GROUP BY council, fund, ownership, service, delivery_year, delivery_period, account_group
ORDER BY council, fund, ownership, service, delivery_year, delivery_period, account_group
