-- In whose ledgers the customer's own lines stand, and all that it uses: they carry its result where no share is in force.
SELECT service, customer, council, delivery_year, delivery_period,
  sum(CASE WHEN component IN ('income', 'direct') THEN amount ELSE 0.00 END) AS direct, sum(amount) AS amount
FROM trading_part
GROUP BY service, customer, council, delivery_year, delivery_period
