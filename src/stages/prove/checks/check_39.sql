-- Check 39: no figure tells of fewer persons than a small group, and no column holds a pseudonym: 32 hexadecimal digits.
WITH
small AS (
  SELECT o.council, o.service, o.delivery_year, o.delivery_period, CAST(o.persons AS BIGINT) AS persons
  FROM on_cost AS o
  CROSS JOIN small_group AS g
  WHERE o.persons < g.persons AND o.service <> 'small_groups'
),
named AS (
  SELECT council || ' ' || cost_centre || ' ' || account AS value, council, delivery_year, delivery_period FROM payroll_difference
  UNION ALL
  SELECT service || ' ' || ownership || ' ' || bearer AS value, council, delivery_year, delivery_period FROM on_cost
)
SELECT council || ', ' || service || ': fewer persons than a small group' AS what, delivery_year AS fiscal_year, delivery_period AS period,
  persons AS failed, 0.00 AS difference
FROM small
UNION ALL
SELECT council || ': a column holds what looks like a pseudonym' AS what, delivery_year AS fiscal_year, delivery_period AS period,
  count(*) AS failed, 0.00 AS difference
FROM named
WHERE regexp_like(value, '(^|[^0-9a-f])[0-9a-f]{32}($|[^0-9a-f])')
GROUP BY council, delivery_year, delivery_period
