-- How far accounts are known where no code waits in suspense, in pounds without regard to sign: all payments, those whose account text has no
-- row in account.csv, and those whose fund nothing says; all ledgers, and their lines without an account row that a council in no service
-- keeps. No failure of a check: it stands in the detail of check 12 and on the last screen of a run.
SELECT
  sum(CASE WHEN f.basis = 'payments' THEN t.debits - t.credits ELSE 0.00 END) AS pounds,
  sum(CASE WHEN f.basis = 'payments' AND t.account_group = 'unclassified' THEN t.debits - t.credits ELSE 0.00 END) AS unclassified,
  sum(CASE WHEN f.basis = 'payments' AND t.fund = 'unknown' THEN t.debits - t.credits ELSE 0.00 END) AS no_fund,
  sum(CASE WHEN f.basis = 'ledger' THEN t.debits - t.credits ELSE 0.00 END) AS ledgers,
  sum(CASE WHEN f.basis = 'ledger' AND t.account_group = 'unknown' AND t.ownership = 'retained' THEN t.debits - t.credits ELSE 0.00 END)
    AS no_account
FROM cost_feed AS f
JOIN class_total AS t ON t.council = f.council AND t.feed = f.feed
