-- Every rule that a combination of signatures can meet, with its rank among them. Fourth step to code_class.
--
-- Gives   council, feed VARCHAR, sig_project, sig_cost_centre, sig_department, sig_account INTEGER, rule_id VARCHAR,
--         valid_from, valid_to DATE (never null), rank BIGINT: the highest wins
--         Every combination has one row of rank -1 without a rule: suspense.
--
-- Rank compares as the columns in order do: how specific in project (0 to 255), then cost_centre, department, account; then a
-- rule for one feed before one for all; then one for a council before one for all.
WITH
rule_here AS (
  SELECT h.council, h.feed, r.rule_id, coalesce(r.project, '') AS project, coalesce(r.cost_centre, '') AS cost_centre,
    coalesce(r.department, '') AS department, coalesce(r.account, '') AS account,
    r.valid_from, coalesce(r.valid_to, DATE '9999-12-31') AS valid_to,
    CASE WHEN coalesce(r.feed, '') = '' THEN 0 ELSE 2 END + CASE WHEN coalesce(r.council, '') = '' THEN 0 ELSE 1 END AS given
  FROM (SELECT DISTINCT council, feed FROM signature_pattern) AS h CROSS JOIN ownership_rule AS r
  WHERE (coalesce(r.council, '') = '' OR r.council = h.council) AND (coalesce(r.feed, '') = '' OR r.feed = h.feed)
  UNION ALL
  SELECT DISTINCT council, feed, CAST(NULL AS VARCHAR), '', '', '', '', DATE '0001-01-01', DATE '9999-12-31', 0
  FROM signature_pattern
)
SELECT r.council, r.feed, p.signature AS sig_project, c.signature AS sig_cost_centre, d.signature AS sig_department, a.signature AS sig_account,
  r.rule_id, r.valid_from, r.valid_to,
  CASE WHEN r.rule_id IS NULL THEN -1
    ELSE (((CAST(p.specificity AS BIGINT) * 256 + c.specificity) * 256 + d.specificity) * 256 + a.specificity) * 4 + r.given END AS rank
FROM rule_here AS r
JOIN signature_pattern AS p ON p.kind = 'project' AND p.council = r.council AND p.feed = r.feed AND p.pattern = r.project
JOIN signature_pattern AS d ON d.kind = 'department' AND d.council = r.council AND d.feed = r.feed AND d.pattern = r.department
JOIN signature_pattern AS a ON a.kind = 'account' AND a.council = r.council AND a.feed = r.feed AND a.pattern = r.account
JOIN signature_pattern AS c ON c.kind = 'cost_centre' AND c.council = r.council AND c.feed = r.feed AND c.pattern = r.cost_centre
