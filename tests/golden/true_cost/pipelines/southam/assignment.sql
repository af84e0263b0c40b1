SELECT
  employee_ref AS person,
  employee_ref || '/' || post_ref AS assignment,
  post_ref AS post,
  from_day AS valid_from,
  to_day AS valid_to,
  fte,
  ni_letter,
  'period' AS ni_method,
  fund AS pension_fund,
  cost_code AS cost_centre,
  1 AS split
FROM extract
