-- Check 42: the sender's sign was turned once: what the sender's own columns net to is what the common table holds,
-- and where debits and credits come in columns of their own, each of them too.
SELECT
  council || '/' || feed || ' ' || delivery_id || ': ' || side || ' of the sender against the common table' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  common_amount - sender_amount AS difference
FROM sender_sign
WHERE common_amount <> sender_amount
