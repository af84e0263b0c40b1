-- Check 37: no figure without release and proof: every line's delivery is in the release with its proof.
SELECT
  t.council || '/' || t.feed || ': delivery ' || t.delivery_id || ' has no proof in this release' AS what,
  t.delivery_year AS fiscal_year,
  t.delivery_period AS period,
  t.lines AS failed,
  t.amount AS difference
FROM common_total AS t
LEFT JOIN delivery AS d ON d.delivery_id = t.delivery_id AND d.council = t.council AND d.feed = t.feed
WHERE d.delivery_id IS NULL
