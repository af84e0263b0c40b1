-- Check 10: at most one winning rule for each code and date. `tied` counts the rules that share the first place.
SELECT
  council || '/' || feed || ': rule `' || rule_id || '` ties with others' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  tied AS failed,
  0.00 AS difference
FROM code_class
WHERE tied > 1
