-- Which rule patterns each distinct code matches. First of five steps to code_class: see there.
--
-- Reads   code(council, feed, kind, code)   distinct codes on the lines to be classified, none empty; kind: project,
--                                           cost_centre, department, account (a payment's account text is its account)
--         ownership_rule                    reference
-- Gives   council, feed, kind, code, pattern VARCHAR, specificity INTEGER: one row for every code and pattern that it matches.
--
-- Specificity, 0 to 255: an exact code 255; a prefix of n characters 2n; a range whose ends share their first n characters
-- 2n + 1, since it lies inside that prefix; any 0. Codes and the ends of ranges are compared as text.
--
-- Exact codes are joined by equality, so thousands of rules against thousands of codes take no time. Only the few prefixes and
-- ranges are tried against every code.
WITH
written AS (
  SELECT council, feed, 'project' AS kind, project AS pattern FROM ownership_rule
  UNION ALL SELECT council, feed, 'cost_centre', cost_centre FROM ownership_rule
  UNION ALL SELECT council, feed, 'department', department FROM ownership_rule
  UNION ALL SELECT council, feed, 'account', account FROM ownership_rule
),
rule_pattern AS (
  SELECT DISTINCT coalesce(council, '') AS council, coalesce(feed, '') AS feed, kind, pattern,
    CASE WHEN right(pattern, 1) = '*' THEN 'prefix' WHEN strpos(pattern, '..') > 0 THEN 'range' ELSE 'exact' END AS form
  FROM written
  WHERE pattern <> ''
),
exact AS (
  SELECT c.council, c.feed, c.kind, c.code, p.pattern, 255 AS specificity
  FROM rule_pattern AS p JOIN code AS c ON c.kind = p.kind AND c.code = p.pattern
  WHERE p.form = 'exact' AND (p.council = '' OR p.council = c.council) AND (p.feed = '' OR p.feed = c.feed)
),
prefix AS (
  SELECT c.council, c.feed, c.kind, c.code, p.pattern, least(2 * (character_length(p.pattern) - 1), 252) AS specificity
  FROM rule_pattern AS p JOIN code AS c ON c.kind = p.kind
  WHERE p.form = 'prefix' AND (p.council = '' OR p.council = c.council) AND (p.feed = '' OR p.feed = c.feed)
    AND starts_with(c.code, substr(p.pattern, 1, character_length(p.pattern) - 1))
),
in_range AS (
  SELECT c.council, c.feed, c.kind, c.code, p.pattern, 2 * p.shared + 1 AS specificity
  FROM (
    SELECT council, feed, kind, pattern, low, high,
      sum(CASE WHEN place <= character_length(low) AND substr(low, 1, place) = substr(high, 1, place) THEN 1 ELSE 0 END) AS shared
    FROM (
      SELECT council, feed, kind, pattern, split_part(pattern, '..', 1) AS low, split_part(pattern, '..', 2) AS high,
        unnest(generate_series(1, 126)) AS place
      FROM rule_pattern
      WHERE form = 'range')
    GROUP BY council, feed, kind, pattern, low, high) AS p
  JOIN code AS c ON c.kind = p.kind
  WHERE (p.council = '' OR p.council = c.council) AND (p.feed = '' OR p.feed = c.feed) AND c.code >= p.low AND c.code <= p.high
)
SELECT DISTINCT council, feed, kind, code, pattern, CAST(specificity AS INTEGER) AS specificity
FROM (SELECT * FROM exact UNION ALL SELECT * FROM prefix UNION ALL SELECT * FROM in_range)
