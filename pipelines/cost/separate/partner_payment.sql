-- Payments from one council of the partnership, present or former, to another, for one delivery period.
-- A payee is a partner if its whole name is one of those listed, whatever its case: not its pension fund, not a company named
-- after the borough. A council that pays itself is no partner payment.
--
-- Reads   organisation_name, membership, payment_line, cost_line. The names stand first in the join: they are few, the lines many.
WITH
partner AS (
  SELECT organisation, min(valid_from) AS since FROM membership WHERE role IN ('partner', 'host') GROUP BY organisation
),
payee AS (
  SELECT lower(trim(n.name)) AS name, n.organisation, n.valid_from, coalesce(n.valid_to, DATE '9999-12-31') AS valid_to, p.since
  FROM partner AS p JOIN organisation_name AS n ON n.organisation = p.organisation
),
named AS (
  SELECT l.council, payee.organisation, payee.valid_from, payee.valid_to, payee.since, l.delivery_id, l.source_row, l.payment_date
  FROM payee JOIN payment_line AS l ON lower(trim(l.supplier)) = payee.name
  WHERE l.council <> payee.organisation AND l.delivery_year = $fiscal_year AND l.delivery_period = $period
)
SELECT c.council AS payer, named.organisation AS payee, c.feed, c.delivery_id, c.source_row, named.payment_date, c.delivery_year, c.delivery_period,
  c.department, c.account_text, c.amount, c.ownership, c.service
FROM named
JOIN cost_line AS c ON c.delivery_id = named.delivery_id AND c.source_row = named.source_row
JOIN partner ON partner.organisation = c.council
WHERE named.valid_from <= c.effective_date AND c.effective_date < named.valid_to
  AND named.since <= c.effective_date AND partner.since <= c.effective_date
  AND c.delivery_year = $fiscal_year AND c.delivery_period = $period
ORDER BY payer, payee, feed, delivery_id, source_row
