-- A closed period never changes: every part with which it was closed is there, with the same hash, and no other beside it.
WITH
closed AS (
  SELECT table_name, part_key, sha256, fiscal_year, period, count(*) AS times FROM closed_part GROUP BY table_name, part_key, sha256, fiscal_year, period
),
published AS (
  SELECT table_name, part_key, sha256, fiscal_year, period, count(*) AS times FROM published_part GROUP BY table_name, part_key, sha256, fiscal_year, period
),
differing AS (
  SELECT coalesce(c.table_name, p.table_name) AS table_name, coalesce(c.part_key, p.part_key) AS part_key,
    coalesce(c.fiscal_year, p.fiscal_year) AS fiscal_year, coalesce(c.period, p.period) AS period,
    CASE WHEN c.sha256 IS NULL THEN 0 ELSE 1 END AS was_closed
  FROM closed AS c FULL JOIN published AS p
    ON c.table_name = p.table_name AND c.part_key = p.part_key AND c.sha256 = p.sha256 AND c.times = p.times
  WHERE c.sha256 IS NULL OR p.sha256 IS NULL
)
SELECT 'the part ' || part_key || ' of ' || table_name || ' is not the one with which its period was closed' AS what,
  count(*) AS failed, CAST(0 AS DECIMAL(18,2)) AS difference, fiscal_year, period
FROM differing
GROUP BY table_name, part_key, fiscal_year, period
ORDER BY fiscal_year, period, what
