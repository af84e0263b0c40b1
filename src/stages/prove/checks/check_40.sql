-- Check 40: somebody else than its author has approved every row that decides a figure.
SELECT
  place || ': `' || coalesce(author, '') || '` wrote it and `' || coalesce(approver, '')
    || '` approved it' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  0.00 AS difference
FROM review
WHERE trim(coalesce(author, '')) = '' OR trim(coalesce(approver, '')) = '' OR lower(trim(author)) = lower(trim(approver))
