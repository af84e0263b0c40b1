-- Check 42, of deliveries whose rows are rounded to pence: accepted and what was rounded off are the source. What the decoder added up lies
-- in the periods as a whole, debits and credits apart.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': what was rounded off '
    || CASE WHEN common_debits <> sender_debits THEN 'debits' ELSE 'credits' END || ' of the sender against the periods' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  -- In pounds: a part of a penny is none, and is told in `what`.
  CAST(0.00 AS DECIMAL(18, 2)) AS difference
FROM rounded_off
WHERE common_debits <> sender_debits OR common_credits <> sender_credits
