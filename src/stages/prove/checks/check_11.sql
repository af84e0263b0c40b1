-- Check 11: no rule outside its dates; nothing shared to a council that is no member of the service then
-- (service `unknown` asks for membership of some service); no cost in a dormant company.
SELECT
  c.council || ': rule `' || c.rule_id || '` is used outside its dates' AS what,
  CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period,
  CAST(1 AS BIGINT) AS failed,
  0.00 AS difference
FROM ownership_rule AS r
JOIN code_class AS c ON c.rule_id = r.rule_id
WHERE c.valid_from < r.valid_from OR c.valid_to > coalesce(r.valid_to, DATE '9999-12-31')
UNION ALL
SELECT
  t.council || ': shared ' || t.service || ', and the council is no member of it' AS what,
  t.delivery_year AS fiscal_year,
  t.delivery_period AS period,
  t.lines AS failed,
  t.amount AS difference
FROM (
  SELECT council, service, delivery_year, delivery_period, sum(lines) AS lines, sum(amount) AS amount
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
  t.delivery_year AS fiscal_year,
  t.delivery_period AS period,
  t.lines AS failed,
  t.amount AS difference
FROM class_total AS t
JOIN company AS c ON c.company = t.bearer
WHERE t.ownership = 'company' AND c.dormant
