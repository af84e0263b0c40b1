-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
-- What a cost centre means for a volume that stands on it: as for a ledger line on it, on the last day of the period.
--
-- Reads   driver_row       cost centres of volumes
--         ownership_rule   rules that name a project, department or account are not met; one for a feed is met where it is the council's
--         class_total      feeds from which the council's costs are read
--         cost_centre, membership
-- Gives   council, cost_centre VARCHAR → ownership, service, bearer VARCHAR
--
-- A council that is a member of no service keeps what it uses; a cost centre that cost_centre.csv lacks, or that no rule covers, is in
-- suspense; else the most specific rule wins, by council, feed and cost centre as in code_class.
WITH
used AS (
  SELECT DISTINCT CASE WHEN council = 'shared' THEN organisation ELSE council END AS council, cost_centre
  FROM driver_row WHERE cost_centre <> ''
),
cost_feed AS (SELECT DISTINCT council, feed FROM class_total),
rule AS (
  SELECT u.council, r.rule_id, coalesce(r.cost_centre, '') AS pattern, r.ownership, r.service, coalesce(r.bearer, '') AS bearer,
    CASE WHEN coalesce(r.council, '') = '' THEN 0 ELSE 2 END + CASE WHEN coalesce(r.feed, '') = '' THEN 0 ELSE 1 END AS given
  FROM ownership_rule AS r
  JOIN (SELECT DISTINCT council FROM used) AS u ON coalesce(r.council, '') = '' OR r.council = u.council
  LEFT JOIN cost_feed AS f ON f.council = u.council AND f.feed = r.feed
  WHERE coalesce(r.project, '') = '' AND coalesce(r.department, '') = '' AND coalesce(r.account, '') = ''
    AND r.valid_from <= $as_at AND (r.valid_to IS NULL OR $as_at < r.valid_to)
    AND (coalesce(r.feed, '') = '' OR f.feed IS NOT NULL)
),
-- Exact codes are joined by equality; only the rules without a code, prefixes and ranges are tried against every cost centre.
wide AS (SELECT * FROM rule WHERE pattern = '' OR right(pattern, 1) = '*' OR strpos(pattern, '..') > 0),
matched AS (
  SELECT u.council, u.cost_centre, r.pattern, r.given, r.rule_id
  FROM used AS u JOIN rule AS r ON r.council = u.council AND r.pattern = u.cost_centre
  UNION ALL
  SELECT u.council, u.cost_centre, r.pattern, r.given, r.rule_id
  FROM used AS u JOIN wide AS r ON r.council = u.council
  WHERE r.pattern <> u.cost_centre
    AND (r.pattern = ''
      OR (right(r.pattern, 1) = '*' AND starts_with(u.cost_centre, substr(r.pattern, 1, character_length(r.pattern) - 1)))
      OR (strpos(r.pattern, '..') > 0 AND character_length(u.cost_centre) = character_length(split_part(r.pattern, '..', 1))
        AND u.cost_centre >= split_part(r.pattern, '..', 1) AND u.cost_centre <= split_part(r.pattern, '..', 2)))
),
met AS (
  SELECT council, cost_centre, rule_id,
    given * 256 + CASE
      WHEN pattern = '' THEN 0
      WHEN right(pattern, 1) = '*' THEN least(character_length(pattern) - 1, 254)
      WHEN strpos(pattern, '..') > 0 THEN least(character_length(split_part(pattern, '..', 1)), 254)
      ELSE 255 END AS rank
  FROM matched
),
placed AS (SELECT council, cost_centre, rank, min(rule_id) AS rule_id FROM met GROUP BY council, cost_centre, rank),
first AS (SELECT council, cost_centre, first_value(rule_id ORDER BY rank DESC) AS rule_id FROM placed GROUP BY council, cost_centre),
meant AS (
  SELECT council, rule_id, min(ownership) AS ownership, min(service) AS service, min(bearer) AS bearer FROM rule GROUP BY council, rule_id
),
won AS (
  SELECT f.council, f.cost_centre, m.ownership, m.service, m.bearer
  FROM first AS f JOIN meant AS m ON m.council = f.council AND m.rule_id = f.rule_id
),
known AS (
  SELECT council, cost_centre FROM cost_centre WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
member AS (
  SELECT DISTINCT organisation FROM membership
  WHERE role IN ('partner', 'host') AND organisation <> 'shared' AND valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
)
SELECT u.council, u.cost_centre,
  CASE WHEN m.organisation IS NULL THEN 'retained' WHEN k.council IS NULL OR w.council IS NULL THEN 'suspense' ELSE w.ownership END AS ownership,
  CASE WHEN m.organisation IS NULL OR k.council IS NULL OR w.council IS NULL THEN 'none' ELSE w.service END AS service,
  CASE WHEN m.organisation IS NULL OR k.council IS NULL OR w.council IS NULL THEN '' ELSE w.bearer END AS bearer
FROM used AS u
LEFT JOIN member AS m ON m.organisation = u.council
LEFT JOIN known AS k ON k.council = u.council AND k.cost_centre = u.cost_centre
LEFT JOIN won AS w ON w.council = u.council AND w.cost_centre = u.cost_centre
