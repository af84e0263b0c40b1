-- Pairs of recharges of which one side is a council's, in the order in which they were found.
SELECT delivery_year, delivery_period, service, payer, payee, reference, paid, received, eliminated, difference
FROM recharge_pair WHERE payer = '$council' OR payee = '$council'
ORDER BY delivery_year, delivery_period, service, payer, payee, reference, pair
