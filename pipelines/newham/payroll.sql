-- The joined code is entity.cost_centre.account.spare; entity is always 01. Everybody is paid by the month.
-- What the value measures comes signed by its flag: debit and cost positive.
SELECT
  employee AS person,
  assignment,
  pay_date,
  'monthly' AS pay_basis,
  element,
  value AS amount,
  split_part(segments, '.', 2) AS cost_centre,
  split_part(segments, '.', 3) AS account,
  'Oracle HRMS' AS source_system
FROM extract
