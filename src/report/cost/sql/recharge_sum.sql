-- Sums of charges between partners that one council booked in one period, by counterparty and reference.
SELECT other, reference, sum(lines) AS lines, sum(amount) AS amount
FROM recharge_sum
WHERE council = '$council' AND delivery_year = $fiscal_year AND delivery_period = $period
GROUP BY other, reference ORDER BY other, reference
