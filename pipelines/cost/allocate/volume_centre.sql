-- Cost centres on which volumes of a period stand. Second of three steps to volume_class.
--
-- Reads   driver_row
--         cost_centre, membership   on the last day of the period
-- Gives   council, cost_centre VARCHAR → is_member, is_known BOOLEAN: whether the council is a member of a service, and cost_centre.csv has it
--
-- In a feed of the partnership (`shared`) a cost centre is that of the organisation beside it. So it is in every feed where that is `shared`
-- itself, whose rules are read as for its costs.
WITH
used AS (
  SELECT DISTINCT CASE WHEN council = 'shared' OR organisation = 'shared' THEN organisation ELSE council END AS council, cost_centre
  FROM driver_row WHERE cost_centre <> ''
),
known AS (
  SELECT council, cost_centre FROM cost_centre WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
member AS (
  SELECT DISTINCT organisation FROM membership
  WHERE role IN ('partner', 'host') AND valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
)
SELECT u.council, u.cost_centre, m.organisation IS NOT NULL AS is_member, k.council IS NOT NULL AS is_known
FROM used AS u
LEFT JOIN member AS m ON m.organisation = u.council
LEFT JOIN known AS k ON k.council = u.council AND k.cost_centre = u.cost_centre
