SELECT
  employee AS person,
  assignment,
  post,
  start_date AS valid_from,
  end_date AS valid_to,
  fte,
  ni_letter,
  'period' AS ni_method,
  pension_fund,
  cost_centre,
  split_no AS split,
  split_weight AS weight,
  split_class AS ownership,
  split_service AS service
FROM extract
