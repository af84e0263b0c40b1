-- What each council charged to another partner, or was charged, for one delivery period: lines on accounts that are flagged `recharge`, by
-- counterparty and reference, credit notes with their invoices.
-- A counterparty is a partner, present or former, if its whole name is one of those listed, whatever its case and without characters that
-- nobody sees. Its name stands in the source lines alone: here is only which partner it is, and empty where it is none.
-- Lines in suspense are suspense, and match nothing.
--
-- Reads   organisation_name, membership, ledger_line, payment_line, recharge_line. Recharges are few, lines many.
WITH
partner AS (
  SELECT organisation, min(valid_from) AS since FROM membership WHERE role IN ('partner', 'host') GROUP BY organisation
),
party AS (
  SELECT lower(fold_code(n.name)) AS name, n.organisation, n.valid_from, coalesce(n.valid_to, DATE '9999-12-31') AS valid_to, p.since
  FROM partner AS p JOIN organisation_name AS n ON n.organisation = p.organisation
),
line AS (
  SELECT delivery_id, source_row, counterparty AS name FROM ledger_line WHERE delivery_year = $fiscal_year AND delivery_period = $period
  UNION ALL
  SELECT delivery_id, source_row, supplier AS name FROM payment_line WHERE delivery_year = $fiscal_year AND delivery_period = $period
),
named AS (
  SELECT r.delivery_id, r.source_row, min(party.organisation) AS other
  FROM recharge_line AS r
  JOIN line ON line.delivery_id = r.delivery_id AND line.source_row = r.source_row
  JOIN party ON party.name = lower(fold_code(line.name))
  WHERE party.organisation <> r.council AND party.since <= r.effective_date
    AND party.valid_from <= r.effective_date AND r.effective_date < party.valid_to
  GROUP BY r.delivery_id, r.source_row
)
SELECT r.council, coalesce(named.other, '') AS other, coalesce(lower(fold_code(r.reference)), '') AS reference, r.ownership, r.service,
  r.delivery_year, r.delivery_period, sum(r.lines) AS lines, sum(r.amount) AS amount
FROM recharge_line AS r
LEFT JOIN named ON named.delivery_id = r.delivery_id AND named.source_row = r.source_row
GROUP BY r.council, coalesce(named.other, ''), coalesce(lower(fold_code(r.reference)), ''), r.ownership, r.service, r.delivery_year,
  r.delivery_period
