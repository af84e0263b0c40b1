-- A row has a cost or its other side. A person may have several posts: the assignment is both.
SELECT
  payroll_no AS person,
  payroll_no || '/' || post AS assignment,
  pay_date,
  earned_from,
  earned_to,
  CASE basis WHEN 'M' THEN 'monthly' WHEN '4' THEN 'four_weekly' END AS pay_basis,
  element,
  coalesce(cost, 0.00) + coalesce(balance, 0.00) AS amount,
  centre AS cost_centre,
  account,
  run,
  'bureau' AS source_system
FROM extract
