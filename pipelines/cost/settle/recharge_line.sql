-- What lines of one delivery period say of what a council charged to another partner, or was charged: those on accounts that are flagged
-- `recharge`, by source line. Lines in suspense are suspense, and match nothing.
--
-- Reads   recharge_feed, cost_line
-- Gives   council, feed, delivery_id VARCHAR, source_row BIGINT, effective_date DATE, ownership, service, reference VARCHAR
--         → lines BIGINT, amount DECIMAL(18,2)
SELECT l.council, l.feed, l.delivery_id, l.source_row, l.effective_date, l.delivery_year, l.delivery_period, l.ownership, l.service, l.reference,
  count(*) AS lines, sum(l.amount) AS amount
FROM recharge_feed AS f
JOIN cost_line AS l ON l.council = f.council AND l.feed = f.feed
WHERE l.recharge AND l.is_cost AND l.ownership <> 'suspense' AND l.delivery_year = $fiscal_year AND l.delivery_period = $period
GROUP BY l.council, l.feed, l.delivery_id, l.source_row, l.effective_date, l.delivery_year, l.delivery_period, l.ownership, l.service, l.reference
