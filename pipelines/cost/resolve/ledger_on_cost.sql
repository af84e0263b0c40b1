-- On-costs as the ledgers of councils without pay lines have them: accounts that account.csv flags, and the rest of group employees.
SELECT council, ownership, service, coalesce(bearer, '') AS bearer,
  sum(CASE WHEN on_cost THEN amount ELSE 0.00 END) AS on_cost,
  sum(CASE WHEN on_cost THEN 0.00 ELSE amount END) AS gross_pay
FROM class_total
WHERE is_cost AND (on_cost OR account_group = 'employees') AND delivery_year = $fiscal_year AND delivery_period = $period
GROUP BY council, ownership, service, coalesce(bearer, '')
