-- Check 42: the sender's sign was turned once. What the sender's own columns add up to, worked out without the feed's SQL, is what the
-- common table holds: as many rows, the same debits, the same credits, the same net. Where there was nothing to compare, it says so.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': '
    || CASE
      WHEN sender_amount IS NULL THEN 'nothing of the sender to compare with'
      WHEN common_amount <> sender_amount THEN 'net'
      WHEN common_debits <> sender_debits THEN 'debits'
      WHEN common_credits <> sender_credits THEN 'credits'
      ELSE 'rows'
    END
    || ' of the sender against the common table' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  CASE
    WHEN sender_amount IS NULL THEN common_amount
    WHEN common_amount <> sender_amount THEN common_amount - sender_amount
    WHEN common_debits <> sender_debits THEN common_debits - sender_debits
    ELSE 0.00
  END AS difference
FROM sender_amount
WHERE sender_amount IS NULL
  OR common_amount <> sender_amount
  OR coalesce(common_debits <> sender_debits, false)
  OR coalesce(common_credits <> sender_credits, false)
  OR coalesce(common_rows <> sender_rows, false)
