-- What the lines of each cell sum to, and how many they are. The same lines that make cells are asked for as in cost_cell.
SELECT c.place, sum(l.amount) AS amount, count(*) AS lines
FROM cost_line AS l
JOIN explained.cell AS c ON c.service = l.service AND c.ownership = l.ownership AND c.account_group = l.account_group
  AND c.on_cost = coalesce(l.on_cost, false) AND c.council = l.council AND c.fund = l.fund
  AND c.bearer = CASE WHEN l.ownership = 'shared' THEN '' ELSE coalesce(nullif(l.bearer, ''), l.council) END
WHERE l.delivery_year = $fiscal_year AND l.delivery_period = $period AND l.is_cost AND NOT coalesce(l.recharge, false)
GROUP BY c.place
