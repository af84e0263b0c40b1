-- Check 1: rows, debits and credits of every delivery (accepted + quarantined) equal the sender's control.
-- One row per control that does not agree, and one per delivery with a control of pounds of which some pounds are not known.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': ' || control AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  difference
FROM delivery_control
WHERE NOT agreed AND NOT by_document
UNION ALL
SELECT
  council || '/' || feed || ' ' || delivery_id || ': the pounds of quarantined rows are not known, and a control adds up pounds',
  CAST(NULL AS SMALLINT),
  CAST(NULL AS TINYINT),
  not_known_rows,
  0.00
FROM sender_amount
WHERE not_known_rows > 0 AND controlled
