-- Check 33: everything done for an outside body has an agreement with a legal basis that day. Without one it is billed nothing, and the partners
-- carry its result.
SELECT
  customer || ' uses ' || service || ' without an agreement' AS what,
  delivery_year AS fiscal_year,
  delivery_period AS period,
  CAST(1 AS BIGINT) AS failed,
  surplus AS difference
FROM trading_result
WHERE agreement IS NULL OR legal_basis IS NULL OR legal_basis = ''
