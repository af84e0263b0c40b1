-- A person may have several posts: the assignment is both. Everybody is paid by the month.
SELECT
  employee_ref AS person,
  employee_ref || '/' || post_ref AS assignment,
  pay_date,
  'monthly' AS pay_basis,
  element_code AS element,
  amount,
  cost_code AS cost_centre,
  subjective AS account,
  'iTrent' AS source_system
FROM extract
