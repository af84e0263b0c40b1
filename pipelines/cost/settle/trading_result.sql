-- What a service makes with each customer that pays a price. Income and surplus are positive as a trader reads them.
SELECT service, customer, delivery_year, delivery_period, agreement, legal_basis,
  0.00 - sum(CASE WHEN component = 'income' THEN amount ELSE 0.00 END) AS income,
  sum(CASE WHEN component = 'direct' THEN amount ELSE 0.00 END) AS direct,
  sum(CASE WHEN component = 'own_service' THEN amount ELSE 0.00 END) AS own_service,
  sum(CASE WHEN component = 'overhead' THEN amount ELSE 0.00 END) AS overhead,
  0.00 - sum(amount) AS surplus
FROM trading_part
GROUP BY service, customer, delivery_year, delivery_period, agreement, legal_basis
