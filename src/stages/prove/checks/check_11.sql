-- Check 11: no rule outside its dates; nothing shared to a council that is no member of the service then
-- (service `unknown` asks for membership of some service); no cost in a dormant company.
SELECT
  c.council || ': rule ' || c.rule_id || ' used from ' || CAST(c.valid_from AS VARCHAR) AS what,
  CAST(1 AS BIGINT) AS failed,
  0.00 AS difference
FROM ownership_rule AS r
JOIN code_class AS c ON c.rule_id = r.rule_id
WHERE c.valid_from < r.valid_from OR (r.valid_to IS NOT NULL AND (c.valid_to IS NULL OR c.valid_to > r.valid_to))
UNION ALL
SELECT
  t.council || ': shared ' || t.service || ' in ' || CAST(t.delivery_year AS VARCHAR) || '/P' || lpad(CAST(t.delivery_period AS VARCHAR), 2, '0') AS what,
  t.lines AS failed,
  t.amount AS difference
FROM (
  SELECT council, service, delivery_year, delivery_period, SUM(lines) AS lines, SUM(amount) AS amount
  FROM class_total
  WHERE ownership = 'shared'
  GROUP BY council, service, delivery_year, delivery_period
) AS t
LEFT JOIN member_period AS m
  ON m.organisation = t.council AND m.service = t.service AND m.delivery_year = t.delivery_year AND m.delivery_period = t.delivery_period
WHERE m.organisation IS NULL
UNION ALL
SELECT
  t.council || ': cost in dormant company ' || t.bearer AS what,
  t.lines AS failed,
  t.amount AS difference
FROM class_total AS t
JOIN company AS c ON c.company = t.bearer
WHERE t.ownership = 'company' AND c.dormant
