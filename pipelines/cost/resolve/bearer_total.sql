-- What each organisation bears of services that support others (overhead), and of all others (direct cost).
SELECT a.bearer,
  sum(CASE WHEN s.kind = 'support' THEN 0.00 ELSE a.amount END) AS direct_cost,
  sum(CASE WHEN s.kind = 'support' THEN a.amount ELSE 0.00 END) AS overhead
FROM allocated_cost AS a
LEFT JOIN declared_service AS s ON s.service = a.service
WHERE a.delivery_year = $fiscal_year AND a.delivery_period = $period
GROUP BY a.bearer
