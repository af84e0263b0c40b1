-- Check 1, the warning: quarantined rows whose amount could not be read, in a delivery without a control of pounds.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': the pounds of quarantined rows are not known' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  not_known_rows AS failed,
  0.00 AS difference
FROM sender_amount
WHERE not_known_rows > 0 AND NOT controlled
