-- Rules that a volume on a cost centre of a council can meet, whenever they are in force. First of three steps to volume_class.
--
-- Reads   ownership_rule   those that name a project, department or account are not met; one for a feed is met where it is the council's
--         class_total      feeds from which the council's costs are read
--         cost_centre      councils
-- Gives   council VARCHAR, place BIGINT (among the rules of the council: the lowest wins, ranked as in rule_candidate and then by rule id)
--         → form (exact, prefix, range, any), first, last VARCHAR (what is compared), valid_from, valid_to DATE (never null), ownership, service,
--         bearer VARCHAR
WITH
rule AS (
  SELECT c.council, r.rule_id, coalesce(r.cost_centre, '') AS pattern, r.ownership, r.service, coalesce(r.bearer, '') AS bearer,
    r.valid_from, coalesce(r.valid_to, DATE '9999-12-31') AS valid_to,
    CASE WHEN coalesce(r.council, '') = '' THEN 0 ELSE 2 END + CASE WHEN coalesce(r.feed, '') = '' THEN 0 ELSE 1 END AS given
  FROM ownership_rule AS r
  JOIN (SELECT DISTINCT council FROM cost_centre) AS c ON coalesce(r.council, '') = '' OR r.council = c.council
  LEFT JOIN (SELECT DISTINCT council, feed FROM class_total) AS f ON f.council = c.council AND f.feed = r.feed
  WHERE coalesce(r.project, '') = '' AND coalesce(r.department, '') = '' AND coalesce(r.account, '') = ''
    AND (coalesce(r.feed, '') = '' OR f.feed IS NOT NULL)
),
formed AS (
  SELECT council, rule_id, ownership, service, bearer, valid_from, valid_to, given, pattern,
    CASE WHEN pattern = '' THEN 'any' WHEN right(pattern, 1) = '*' THEN 'prefix' WHEN strpos(pattern, '..') > 0 THEN 'range' ELSE 'exact' END AS form
  FROM rule
),
ends AS (
  SELECT council, rule_id, ownership, service, bearer, valid_from, valid_to, given, form,
    CASE form WHEN 'prefix' THEN substr(pattern, 1, character_length(pattern) - 1) WHEN 'range' THEN split_part(pattern, '..', 1)
      ELSE pattern END AS first,
    CASE form WHEN 'range' THEN split_part(pattern, '..', 2) ELSE '' END AS last
  FROM formed
),
ranked AS (
  SELECT council, rule_id, form, first, last, valid_from, valid_to, ownership, service, bearer,
    given * 256 + CASE form WHEN 'any' THEN 0 WHEN 'exact' THEN 255 ELSE least(character_length(first), 254) END AS rank
  FROM ends
)
SELECT council, CAST(row_number() OVER (PARTITION BY council ORDER BY rank DESC, rule_id) AS BIGINT) AS place, form, first, last,
  valid_from, valid_to, ownership, service, bearer
FROM ranked
