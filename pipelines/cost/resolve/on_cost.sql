-- Employer on-costs of each class of a council: as paid, beside what the rate card would have; of a council without pay lines as its
-- ledger has them.
--
-- Reads   pay_on_cost (kernel `recompute`), ledger_on_cost
SELECT council, ownership, service, bearer, $fiscal_year AS delivery_year, $period AS delivery_period, 'payroll' AS source,
  persons, gross_pay, basic_pay, on_cost, employer_ni, employer_pension, levy, recomputed_ni, recomputed_pension, not_recomputed
FROM pay_on_cost
UNION ALL
SELECT l.council, l.ownership, l.service, l.bearer, $fiscal_year, $period, 'from_ledger',
  CAST(NULL AS INTEGER), l.gross_pay, CAST(NULL AS DECIMAL(18,2)), l.on_cost, CAST(NULL AS DECIMAL(18,2)), CAST(NULL AS DECIMAL(18,2)),
  CAST(NULL AS DECIMAL(18,2)), CAST(NULL AS DECIMAL(18,2)), CAST(NULL AS DECIMAL(18,2)), CAST(NULL AS INTEGER)
FROM ledger_on_cost AS l
LEFT JOIN (SELECT DISTINCT council FROM pay_on_cost) AS p ON p.council = l.council
WHERE p.council IS NULL
