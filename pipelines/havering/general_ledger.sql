-- Two unsigned columns become one signed amount: debit and cost positive, credit and income negative.
-- The joined code is entity.cost_centre.account.project.analysis; entity is always 01.
-- Year and period are left out: in this ledger they are always those of the date, and the engine takes them from there.
SELECT
  posting_date,
  document,
  line,
  'actual' AS balance_type,
  split_part(code_combination, '.', 2) AS cost_centre,
  split_part(code_combination, '.', 3) AS account,
  coalesce(debit, 0.00) - coalesce(credit, 0.00) AS amount,
  'GBP' AS currency,
  description,
  counterparty,
  reference,
  journal_source,
  journal_category
FROM extract
