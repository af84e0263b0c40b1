-- Check 1: rows, debits and credits of every delivery (accepted + quarantined) equal the sender's control.
-- One row per control that does not agree.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': ' || control AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  difference
FROM delivery_control
WHERE NOT agreed AND NOT by_document
