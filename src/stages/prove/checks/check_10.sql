-- Check 10: at most one winning rule for each code and date: the spans of a combination of codes do not overlap.
WITH spans AS (
  SELECT council, feed, combination, rule_id, valid_from, valid_to,
    lag(valid_to) OVER (PARTITION BY council, feed, combination ORDER BY valid_from, valid_to) AS previous_to,
    row_number() OVER (PARTITION BY council, feed, combination ORDER BY valid_from, valid_to) AS place
  FROM code_class
)
SELECT
  council || '/' || feed || ': ' || rule_id || ' from ' || CAST(valid_from AS VARCHAR) AS what,
  CAST(1 AS BIGINT) AS failed,
  0.00 AS difference
FROM spans
WHERE place > 1 AND (previous_to IS NULL OR previous_to > valid_from)
