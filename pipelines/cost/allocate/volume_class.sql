-- What a cost centre means for a volume that stands on it: as for a ledger line on it, on the last day of the period. The steps to it:
-- volume_rule → volume_centre → volume_class.
--
-- Reads   volume_centre, volume_rule   rules in force on the last day of the period
-- Gives   council, cost_centre VARCHAR → ownership, service, bearer VARCHAR
--
-- A council that is a member of no service keeps what it uses; a cost centre that cost_centre.csv lacks, or that no rule covers, is in
-- suspense; else the most specific rule wins, by council, feed and cost centre as in code_class, and of several the lowest rule id.
WITH
rule AS (SELECT * FROM volume_rule WHERE valid_from <= $as_at AND $as_at < valid_to),
-- Exact codes are joined by equality; only the few prefixes, ranges and rules without a code are tried against every cost centre.
met AS (
  SELECT c.council, c.cost_centre, r.place
  FROM volume_centre AS c JOIN rule AS r ON r.council = c.council AND r.first = c.cost_centre
  WHERE r.form = 'exact'
  UNION ALL
  SELECT c.council, c.cost_centre, r.place
  FROM volume_centre AS c JOIN rule AS r ON r.council = c.council
  WHERE r.form <> 'exact'
    AND (r.form = 'any'
      OR (r.form = 'prefix' AND starts_with(c.cost_centre, r.first))
      OR (r.form = 'range' AND character_length(c.cost_centre) = character_length(r.first) AND c.cost_centre BETWEEN r.first AND r.last))
),
won AS (SELECT council, cost_centre, min(place) AS place FROM met GROUP BY council, cost_centre)
SELECT c.council, c.cost_centre,
  CASE WHEN NOT c.is_member THEN 'retained' WHEN NOT c.is_known OR r.council IS NULL THEN 'suspense' ELSE r.ownership END AS ownership,
  CASE WHEN NOT c.is_member OR NOT c.is_known OR r.council IS NULL THEN 'none' ELSE r.service END AS service,
  CASE WHEN NOT c.is_member OR NOT c.is_known OR r.council IS NULL THEN '' ELSE r.bearer END AS bearer
FROM volume_centre AS c
LEFT JOIN won AS w ON w.council = c.council AND w.cost_centre = c.cost_centre
LEFT JOIN volume_rule AS r ON r.council = w.council AND r.place = w.place
