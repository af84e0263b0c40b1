-- Where ledger and payroll differ, in one period.
SELECT council, cost_centre, account, reason, ledger_amount, pay_amount, difference
FROM payroll_difference WHERE delivery_year = $fiscal_year AND delivery_period = $period
ORDER BY council, cost_centre, account, reason
