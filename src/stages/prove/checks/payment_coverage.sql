-- How far the payments are known, in pounds without regard to sign: all of them, those whose account text has no row in account.csv,
-- and those whose fund nothing says. No failure of a check: it stands in the detail of check 12 and on the last screen of a run.
SELECT
  sum(t.debits - t.credits) AS pounds,
  sum(CASE WHEN t.account_group = 'unclassified' THEN t.debits - t.credits ELSE 0.00 END) AS unclassified,
  sum(CASE WHEN t.fund = 'unknown' THEN t.debits - t.credits ELSE 0.00 END) AS no_fund
FROM payment_feed AS p
JOIN class_total AS t ON t.council = p.council AND t.feed = p.feed
