-- The lines of cells, the largest first.
SELECT c.place, l.council, l.feed, l.delivery_id, l.source_row, l.line_part, l.part_kind, l.document, l.cost_centre, l.account, l.amount
FROM cost_line AS l
JOIN explained.cell AS c ON c.service = l.service AND c.ownership = l.ownership AND c.account_group = l.account_group
  AND c.on_cost = coalesce(l.on_cost, false) AND c.council = l.council AND c.fund = l.fund
  AND c.bearer = CASE WHEN l.ownership = 'shared' THEN '' ELSE coalesce(nullif(l.bearer, ''), l.council) END
WHERE l.delivery_year = $fiscal_year AND l.delivery_period = $period AND l.is_cost AND NOT coalesce(l.recharge, false)
ORDER BY abs(l.amount) DESC, l.council, l.feed, l.delivery_id, l.source_row, l.line_part
LIMIT $most
