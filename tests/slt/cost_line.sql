-- What cost_line is: the whole of classification as one plain join, slow and obvious. The program puts classes on lines by looking
-- codes up; this says what has to come out, and a test holds the one to the other, line by line, over the demonstration and over the
-- real payments. One delivery period at a time ($fiscal_year, $period).
--
-- Reads   ledger_line, payment_line, account, cost_centre, department, ownership_rule, membership, period, cost_line
-- Gives   the rows in which the two differ: `copies` above 0 where this query has more of them, below 0 where cost_line has.
WITH
-- Codes are compared as they look. A payment has no project and no cost centre, and its account is a text that need not be known.
line AS (
  SELECT council, feed, delivery_id, source_row, posting_date AS own_date, coalesce(fold_code(project), '') AS project,
    coalesce(fold_code(cost_centre), '') AS cost_centre, '' AS department, coalesce(fold_code(account), '') AS account,
    coalesce(balance_type, 'actual') = 'actual' AS actual, true AS must_know, amount
  FROM ledger_line WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT council, feed, delivery_id, source_row, payment_date, '', '', coalesce(fold_code(department), ''), coalesce(fold_code(account_text), ''),
    true, false, amount
  FROM payment_line WHERE delivery_year = $fiscal_year AND delivery_period = $period
),
-- A line counts on its own date, moved into its delivery period.
dated AS (
  SELECT row_number() OVER (ORDER BY l.delivery_id, l.source_row) AS id, l.council, l.feed, l.delivery_id, l.source_row,
    CASE WHEN l.own_date IS NULL OR l.own_date > p.ends THEN p.ends WHEN l.own_date < p.starts THEN p.starts ELSE l.own_date END AS day,
    l.project, l.cost_centre, l.department, l.account, l.actual, l.must_know, l.amount
  FROM line AS l
  JOIN period AS p ON p.fiscal_year = $fiscal_year AND p.period = $period
  -- What waits, or has no cost basis, is in no release.
  JOIN (SELECT DISTINCT council, feed, delivery_id FROM cost_line WHERE delivery_year = $fiscal_year AND delivery_period = $period) AS r
    ON r.council = l.council AND r.feed = l.feed AND r.delivery_id = l.delivery_id
),
-- Every rule that covers the line on its day. Nothing covers all; `ABC*` what begins so; `A..B` what lies between, of as many characters.
covering AS (
  SELECT l.id, r.rule_id,
    CASE WHEN coalesce(r.council, '') = '' THEN 0 ELSE 2 END + CASE WHEN coalesce(r.feed, '') = '' THEN 0 ELSE 1 END AS given,
    CASE WHEN coalesce(r.project, '') = '' THEN 0 WHEN right(r.project, 1) = '*' THEN character_length(r.project) - 1
        WHEN strpos(r.project, '..') > 0 THEN strpos(r.project, '..') - 1 ELSE 255 END AS project,
    CASE WHEN coalesce(r.cost_centre, '') = '' THEN 0 WHEN right(r.cost_centre, 1) = '*' THEN character_length(r.cost_centre) - 1
        WHEN strpos(r.cost_centre, '..') > 0 THEN strpos(r.cost_centre, '..') - 1 ELSE 255 END AS cost_centre,
    CASE WHEN coalesce(r.department, '') = '' THEN 0 WHEN right(r.department, 1) = '*' THEN character_length(r.department) - 1
        WHEN strpos(r.department, '..') > 0 THEN strpos(r.department, '..') - 1 ELSE 255 END AS department,
    CASE WHEN coalesce(r.account, '') = '' THEN 0 WHEN right(r.account, 1) = '*' THEN character_length(r.account) - 1
        WHEN strpos(r.account, '..') > 0 THEN strpos(r.account, '..') - 1 ELSE 255 END AS account
  FROM dated AS l
  JOIN ownership_rule AS r
    ON (coalesce(r.council, '') = '' OR r.council = l.council) AND (coalesce(r.feed, '') = '' OR r.feed = l.feed)
    AND r.valid_from <= l.day AND (r.valid_to IS NULL OR l.day < r.valid_to)
    AND (coalesce(r.project, '') = '' OR r.project = l.project
      OR (right(r.project, 1) = '*' AND starts_with(l.project, left(r.project, character_length(r.project) - 1)))
      OR (strpos(r.project, '..') > 0 AND character_length(l.project) = strpos(r.project, '..') - 1
        AND l.project >= split_part(r.project, '..', 1) AND l.project <= split_part(r.project, '..', 2)))
    AND (coalesce(r.cost_centre, '') = '' OR r.cost_centre = l.cost_centre
      OR (right(r.cost_centre, 1) = '*' AND starts_with(l.cost_centre, left(r.cost_centre, character_length(r.cost_centre) - 1)))
      OR (strpos(r.cost_centre, '..') > 0 AND character_length(l.cost_centre) = strpos(r.cost_centre, '..') - 1
        AND l.cost_centre >= split_part(r.cost_centre, '..', 1) AND l.cost_centre <= split_part(r.cost_centre, '..', 2)))
    AND (coalesce(r.department, '') = '' OR r.department = l.department
      OR (right(r.department, 1) = '*' AND starts_with(l.department, left(r.department, character_length(r.department) - 1)))
      OR (strpos(r.department, '..') > 0 AND character_length(l.department) = strpos(r.department, '..') - 1
        AND l.department >= split_part(r.department, '..', 1) AND l.department <= split_part(r.department, '..', 2)))
    AND (coalesce(r.account, '') = '' OR r.account = l.account
      OR (right(r.account, 1) = '*' AND starts_with(l.account, left(r.account, character_length(r.account) - 1)))
      OR (strpos(r.account, '..') > 0 AND character_length(l.account) = strpos(r.account, '..') - 1
        AND l.account >= split_part(r.account, '..', 1) AND l.account <= split_part(r.account, '..', 2)))
),
-- The most specific wins, column by column; of several the lowest id (check 10 refuses them).
ranked AS (
  SELECT id, rule_id, (((CAST(given AS BIGINT) * 256 + project) * 256 + cost_centre) * 256 + department) * 256 + account AS rank FROM covering
),
highest AS (SELECT id, max(rank) AS rank FROM ranked GROUP BY id),
winner AS (
  SELECT h.id, min(r.rule_id) AS rule_id FROM highest AS h JOIN ranked AS r ON r.id = h.id AND r.rank = h.rank GROUP BY h.id
),
-- What account.csv says of the line's account on its day: an exact row, else the longer pattern.
account_row AS (
  SELECT l.id, a.account, a.valid_from,
    CASE WHEN a.account = l.account THEN 255 WHEN right(a.account, 1) = '*' THEN character_length(a.account) - 1
      ELSE strpos(a.account, '..') - 1 END AS rank
  FROM dated AS l
  JOIN account AS a ON a.council = l.council AND a.valid_from <= l.day AND (a.valid_to IS NULL OR l.day < a.valid_to)
  WHERE a.account = l.account
    OR (right(a.account, 1) = '*' AND starts_with(l.account, left(a.account, character_length(a.account) - 1)))
    OR (strpos(a.account, '..') > 1 AND strpos(a.account, ' ') = 0 AND character_length(l.account) = strpos(a.account, '..') - 1
      AND l.account >= split_part(a.account, '..', 1) AND l.account <= split_part(a.account, '..', 2))
),
best_account AS (SELECT id, max(rank) AS rank FROM account_row GROUP BY id),
its_account AS (
  SELECT r.id, r.account, r.valid_from FROM best_account AS b JOIN account_row AS r ON r.id = b.id AND r.rank = b.rank
),
-- A council that is in no service on the day keeps its lines.
member AS (
  SELECT DISTINCT l.id FROM dated AS l JOIN membership AS m ON m.organisation = l.council
  WHERE m.role IN ('partner', 'host') AND m.valid_from <= l.day AND (m.valid_to IS NULL OR l.day < m.valid_to)
),
known AS (
  SELECT l.id, l.council, l.feed, l.delivery_id, l.source_row, l.day, l.amount,
    a.account IS NOT NULL AS account_known, coalesce(a.is_cost, true) AS is_cost,
    coalesce(a.account_group, CASE WHEN l.must_know THEN 'unknown' ELSE 'unclassified' END) AS account_group,
    coalesce(a.statement, CASE WHEN l.must_know THEN 'unknown' ELSE 'expenditure' END) AS statement,
    coalesce(a.reserve_movement, false) AS reserve_movement, coalesce(a.on_cost, false) AS on_cost, coalesce(a.recharge, false) AS recharge,
    c.cost_centre IS NOT NULL AS centre_known, coalesce(c.fund, d.fund, 'unknown') AS fund, coalesce(c.capital, d.capital, false) AS capital,
    m.id IS NOT NULL AS is_member, l.actual, l.must_know,
    CASE WHEN r.ownership <> 'suspense' THEN r.rule_id END AS rule_id, r.ownership, r.service, r.bearer
  FROM dated AS l
  LEFT JOIN its_account AS i ON i.id = l.id
  LEFT JOIN account AS a ON a.council = l.council AND a.account = i.account AND a.valid_from = i.valid_from
  LEFT JOIN cost_centre AS c
    ON c.council = l.council AND c.cost_centre = l.cost_centre AND c.valid_from <= l.day AND (c.valid_to IS NULL OR l.day < c.valid_to)
  LEFT JOIN department AS d
    ON d.council = l.council AND d.department = l.department AND d.valid_from <= l.day AND (d.valid_to IS NULL OR l.day < d.valid_to)
  LEFT JOIN winner AS w ON w.id = l.id
  LEFT JOIN ownership_rule AS r ON r.rule_id = w.rule_id
  LEFT JOIN member AS m ON m.id = l.id
),
reasoned AS (
  SELECT council, feed, delivery_id, source_row, day, amount, account_group, statement, reserve_movement, on_cost, recharge, fund, capital, is_member,
    rule_id, ownership, service, bearer,
    CASE WHEN NOT is_cost OR NOT actual THEN 'not_cost'
      WHEN is_member AND must_know AND NOT account_known THEN 'no_account'
      WHEN is_member AND must_know AND NOT centre_known THEN 'no_cost_centre'
      WHEN is_member AND rule_id IS NULL THEN 'no_rule' END AS reason
  FROM known
),
expected AS (
  SELECT council, feed, delivery_id, source_row, day AS effective_date, amount,
    CASE WHEN reason = 'not_cost' THEN 'not_cost' WHEN reason IS NOT NULL THEN 'suspense' WHEN NOT is_member THEN 'retained' ELSE ownership END AS ownership,
    CASE WHEN reason IS NOT NULL OR NOT is_member THEN 'none' ELSE service END AS service,
    CASE WHEN reason IS NOT NULL OR NOT is_member THEN NULL ELSE bearer END AS bearer,
    CASE WHEN reason IS NOT NULL THEN reason WHEN NOT is_member THEN 'not_a_member' ELSE rule_id END AS rule_id,
    account_group, statement, reserve_movement, on_cost, recharge, fund, capital
  FROM reasoned
),
specified AS (
  SELECT council, feed, delivery_id, source_row, effective_date, amount, ownership, service, coalesce(bearer, '') AS bearer, rule_id, account_group,
    statement, ownership <> 'not_cost' AS is_cost, reserve_movement, on_cost, recharge, fund, capital, 'line' AS part_kind, count(*) AS copies
  FROM expected
  GROUP BY council, feed, delivery_id, source_row, effective_date, amount, ownership, service, bearer, rule_id, account_group, statement,
    reserve_movement, on_cost, recharge, fund, capital
),
published AS (
  SELECT council, feed, delivery_id, source_row, effective_date, amount, ownership, service, coalesce(bearer, '') AS bearer, rule_id, account_group,
    statement, is_cost, reserve_movement, on_cost, recharge, fund, capital, part_kind, count(*) AS copies
  FROM cost_line WHERE delivery_year = $fiscal_year AND delivery_period = $period
  GROUP BY council, feed, delivery_id, source_row, effective_date, amount, ownership, service, bearer, rule_id, account_group, statement, is_cost,
    reserve_movement, on_cost, recharge, fund, capital, part_kind
)
SELECT coalesce(s.council, p.council) AS council, coalesce(s.feed, p.feed) AS feed, coalesce(s.delivery_id, p.delivery_id) AS delivery_id, coalesce(s.source_row, p.source_row) AS source_row, coalesce(s.effective_date, p.effective_date) AS effective_date, coalesce(s.amount, p.amount) AS amount, coalesce(s.ownership, p.ownership) AS ownership, coalesce(s.service, p.service) AS service, coalesce(s.bearer, p.bearer) AS bearer, coalesce(s.rule_id, p.rule_id) AS rule_id, coalesce(s.account_group, p.account_group) AS account_group, coalesce(s.statement, p.statement) AS statement, coalesce(s.is_cost, p.is_cost) AS is_cost, coalesce(s.reserve_movement, p.reserve_movement) AS reserve_movement, coalesce(s.on_cost, p.on_cost) AS on_cost, coalesce(s.recharge, p.recharge) AS recharge, coalesce(s.part_kind, p.part_kind) AS part_kind, coalesce(s.fund, p.fund) AS fund, coalesce(s.capital, p.capital) AS capital,
  coalesce(s.copies, 0) - coalesce(p.copies, 0) AS copies
FROM specified AS s
FULL JOIN published AS p
  ON p.council = s.council AND p.feed = s.feed AND p.delivery_id = s.delivery_id AND p.source_row = s.source_row AND p.effective_date = s.effective_date AND p.amount = s.amount AND p.ownership = s.ownership AND p.service = s.service AND p.bearer = s.bearer AND p.rule_id = s.rule_id AND p.account_group = s.account_group AND p.statement = s.statement AND p.is_cost = s.is_cost AND p.reserve_movement = s.reserve_movement AND p.on_cost = s.on_cost AND p.recharge = s.recharge AND p.part_kind = s.part_kind AND p.fund = s.fund AND p.capital = s.capital
WHERE coalesce(s.copies, 0) <> coalesce(p.copies, 0)
