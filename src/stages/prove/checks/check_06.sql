-- Check 6: pay for every period with a ledger. A council that has no payroll feed is asked for none, and so is a feed that has never brought
-- anything.
--
-- Reads   feed_period   feeds of pay, posts and volumes by period of the release: age BIGINT = periods since what stands there, null where
--                       nothing does
SELECT
  council || '/' || feed || ': no pay for ' || CASE WHEN count(*) = 1 THEN 'a period' ELSE 'several periods' END
    || ' with a ledger, first' AS what,
  CAST(min(CAST(delivery_year AS INTEGER) * 100 + delivery_period) / 100 AS SMALLINT) AS fiscal_year,
  CAST(min(CAST(delivery_year AS INTEGER) * 100 + delivery_period) % 100 AS TINYINT) AS period,
  count(*) AS failed,
  0.00 AS difference
FROM feed_period
WHERE into_table = 'pay_line' AND has_ledger AND (age IS NULL OR age <> 0)
GROUP BY council, feed
