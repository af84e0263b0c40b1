-- National insurance is worked out by the pay period of everybody.
SELECT
  employee_ref AS person,
  employee_ref || '/' || post_ref AS assignment,
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
