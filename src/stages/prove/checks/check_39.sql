-- Check 39: no figure tells of fewer persons than a small group, and no published text holds a pseudonym: 32 hexadecimal digits.
--
-- Reads   published_text   of every published table its columns with texts that look like one
--         on_cost          the one published table that counts persons
SELECT o.council || ', ' || o.service || ': fewer persons than a small group' AS what, o.delivery_year AS fiscal_year,
  o.delivery_period AS period, CAST(o.persons AS BIGINT) AS failed, 0.00 AS difference
FROM on_cost AS o
CROSS JOIN small_group AS g
WHERE o.persons < g.persons AND o.service <> 'small_groups'
UNION ALL
SELECT table_name || '.' || column_name || ' holds what looks like a pseudonym' AS what, CAST(NULL AS SMALLINT) AS fiscal_year,
  CAST(NULL AS TINYINT) AS period, suspicious AS failed, 0.00 AS difference
FROM published_text
WHERE suspicious > 0
