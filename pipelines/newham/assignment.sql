-- National insurance is worked out by the pay period of everybody.
SELECT
  employee AS person,
  assignment,
  post,
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
