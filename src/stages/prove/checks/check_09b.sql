-- Check 9b: class_total is what the published cost_line adds up to, over the parts that this run made: every figure of the
-- separation is found again in the lines that readers see. line_total is read from the files, and not kept from making them.
WITH
made AS (SELECT DISTINCT council, feed, delivery_year, delivery_period FROM line_total),
classes AS (
  SELECT t.council, t.feed, t.delivery_year, t.delivery_period, t.ownership, t.service, coalesce(t.bearer, '') AS bearer, t.account_group,
    t.statement, t.is_cost, t.reserve_movement, t.fund, t.capital, t.part_kind, t.on_cost,
    t.recharge, t.lines, t.debits, t.credits
  FROM made AS m
  JOIN class_total AS t
    ON t.council = m.council AND t.feed = m.feed AND t.delivery_year = m.delivery_year AND t.delivery_period = m.delivery_period
),
published AS (
  SELECT council, feed, delivery_year, delivery_period, coalesce(ownership, '') AS ownership, coalesce(service, '') AS service,
    coalesce(bearer, '') AS bearer, coalesce(account_group, '') AS account_group, coalesce(statement, '') AS statement, is_cost,
    reserve_movement, coalesce(fund, '') AS fund, capital, coalesce(part_kind, 'line') AS part_kind,
    coalesce(on_cost, false) AS on_cost, coalesce(recharge, false) AS recharge, lines, debits, credits
  FROM line_total
)
SELECT
  coalesce(c.council, p.council) || '/' || coalesce(c.feed, p.feed) || ': class `' || coalesce(c.ownership, p.ownership) || '`, service `'
    || coalesce(c.service, p.service) || '`, ' || coalesce(c.account_group, p.account_group) || ': the published lines against the classes' AS what,
  coalesce(c.delivery_year, p.delivery_year) AS fiscal_year,
  coalesce(c.delivery_period, p.delivery_period) AS period,
  abs(coalesce(p.lines, 0) - coalesce(c.lines, 0)) AS failed,
  (coalesce(p.debits, 0.00) + coalesce(p.credits, 0.00)) - (coalesce(c.debits, 0.00) + coalesce(c.credits, 0.00)) AS difference
FROM classes AS c
FULL JOIN published AS p
  ON p.council = c.council AND p.feed = c.feed AND p.delivery_year = c.delivery_year AND p.delivery_period = c.delivery_period
  AND p.ownership = c.ownership AND p.service = c.service AND p.bearer = c.bearer AND p.account_group = c.account_group
  AND p.statement = c.statement AND p.is_cost = c.is_cost AND p.reserve_movement = c.reserve_movement AND p.fund = c.fund
  AND p.capital = c.capital AND p.part_kind = c.part_kind AND p.on_cost = c.on_cost AND p.recharge = c.recharge
WHERE coalesce(p.lines, 0) <> coalesce(c.lines, 0) OR coalesce(p.debits, 0.00) <> coalesce(c.debits, 0.00)
  OR coalesce(p.credits, 0.00) <> coalesce(c.credits, 0.00)
