-- The joined code is cost_centre/account. Amounts are net and signed as we keep them: debit positive, credit (in brackets) negative.
SELECT
  fiscal_year,
  period,
  posting_date,
  document,
  line,
  'actual' AS balance_type,
  split_part(account_code, '/', 1) AS cost_centre,
  split_part(account_code, '/', 2) AS account,
  amount,
  'GBP' AS currency,
  description,
  counterparty,
  reference
FROM extract
