-- The codes and days that pay and payroll's ledger lines stand on: `place` says what a line on them would be.
--
-- Gives   council, feed, project, cost_centre, department, account VARCHAR, day DATE: each once
SELECT council, feed, coalesce(project, '') AS project, coalesce(cost_centre, '') AS cost_centre, '' AS department,
  coalesce(account, '') AS account, day
FROM payroll_line
UNION
SELECT council, feed, '', cost_centre, '', account, pay_date
FROM pay_sum
