-- Amounts come signed as we keep them: debit positive, credit negative.
-- year_period is a number, 201801: the ledger's own year and period, which are not always those of the date (period 13).
SELECT
  CAST(year_period / 100 AS SMALLINT) AS fiscal_year,
  CAST(year_period % 100 AS TINYINT) AS period,
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
