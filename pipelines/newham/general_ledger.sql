-- Amounts come signed as we keep them: debit positive, credit negative.
SELECT
  posting_date,
  document,
  line,
  'actual' AS balance_type,
  cost_centre,
  account,
  project,
  amount,
  'GBP' AS currency,
  description,
  counterparty,
  reference
FROM extract
