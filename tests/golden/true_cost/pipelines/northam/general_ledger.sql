SELECT
  posting_date,
  document,
  line,
  'actual' AS balance_type,
  centre AS cost_centre,
  account,
  amount,
  'GBP' AS currency,
  text AS description,
  party AS counterparty,
  reference,
  source AS journal_source
FROM extract
