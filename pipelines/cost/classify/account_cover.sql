-- The patterns of account.csv that cover each account on the lines, a row for each day span. First of two steps to account_class: see there.
--
-- Reads   account                           reference: an account, a prefix `41*`, or a range `4100..4199` (both ends included, of
--                                           codes as long as its ends)
--         code(council, feed, kind, code)   distinct codes on the lines; their accounts are there where account.csv has a pattern
-- Gives   council, code, account VARCHAR (the pattern), valid_from, valid_to DATE (never null) → specificity INTEGER, 1 to 254: characters
--         of the prefix, or of the first end of the range
WITH
written AS (
  SELECT council, account, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to,
    CASE
      WHEN right(account, 1) = '*' AND strpos(account, '*') = character_length(account) AND character_length(account) > 1
        AND strpos(account, '..') = 0 THEN 'prefix'
      WHEN strpos(account, '..') > 1 AND strpos(account, '...') = 0 AND right(account, 2) <> '..' AND strpos(account, ' ') = 0
        AND strpos(account, '*') = 0 AND split_part(account, '..', 3) = '' THEN 'range'
      ELSE 'exact' END AS form
  FROM account
),
seen AS (SELECT DISTINCT council, code FROM code WHERE kind = 'account' AND code <> '')
SELECT s.council, s.code, w.account, w.valid_from, w.valid_to, character_length(w.account) - 1 AS specificity
FROM written AS w JOIN seen AS s ON s.council = w.council
WHERE w.form = 'prefix' AND starts_with(s.code, left(w.account, character_length(w.account) - 1))
UNION ALL
SELECT s.council, s.code, w.account, w.valid_from, w.valid_to, character_length(split_part(w.account, '..', 1))
FROM written AS w JOIN seen AS s ON s.council = w.council
WHERE w.form = 'range' AND character_length(s.code) = character_length(split_part(w.account, '..', 1))
  AND s.code >= split_part(w.account, '..', 1) AND s.code <= split_part(w.account, '..', 2)
