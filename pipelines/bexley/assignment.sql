-- National insurance is worked out by the pay period of everybody.
SELECT
  payroll_no AS person,
  payroll_no || '/' || post_ref AS assignment,
  post_ref AS post,
  valid_from,
  valid_to,
  fte,
  ni_letter,
  'period' AS ni_method,
  pension_fund,
  cost_centre,
  split,
  weight,
  ownership,
  service
FROM extract
