-- Check 2: every journal balances, where the feed has a control by document.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': ' || control AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  documents AS failed,
  difference
FROM delivery_control
WHERE NOT agreed AND by_document
