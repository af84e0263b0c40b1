-- Check 10: at most one winning rule for each code and date. `tied` counts the rules that share the first place.
SELECT
  council || '/' || feed || ': ' || CAST(tied AS VARCHAR) || ' rules tie, `' || rule_id || '` among them, from ' || CAST(valid_from AS VARCHAR) AS what,
  CAST(tied AS BIGINT) AS failed,
  0.00 AS difference
FROM code_class
WHERE tied > 1
