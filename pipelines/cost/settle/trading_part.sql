-- What each customer that pays a price bears of the services that it uses, by council in whose ledger it stands, for one delivery period.
-- A bearer that is neither a council nor a partner is a customer or a company. Without an agreement that day it is treated as one that pays
-- a price, since nobody is billed without a basis; with `full_cost` terms it is a party like the partners, and owes its balance. A council
-- is a customer where an agreement says that it pays a price for a service of which it is no partner that day, one that has left it among
-- them, and else such a party.
-- Agreements change on the first day of a period only, so those of its last day are those of the period. Of several the first is named.
WITH
council AS (SELECT organisation FROM declared_organisation WHERE kind = 'council'),
ever AS (SELECT DISTINCT organisation FROM membership WHERE role IN ('partner', 'host')),
partner AS (
  SELECT DISTINCT organisation, service FROM membership
  WHERE role IN ('partner', 'host') AND valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
term AS (
  SELECT customer, service, min(agreement) AS agreement, first_value(legal_basis ORDER BY agreement) AS legal_basis, min(terms) AS terms
  FROM agreement
  WHERE valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
  GROUP BY customer, service
)
SELECT a.final_service AS service, a.bearer AS customer, a.council, a.delivery_year, a.delivery_period,
  term.agreement, term.legal_basis,
  CASE WHEN a.ownership = 'shared' AND a.service = a.final_service THEN 'own_service' WHEN a.ownership = 'shared' THEN 'overhead'
    WHEN a.account_group = 'income' THEN 'income' ELSE 'direct' END AS component,
  sum(a.amount) AS amount
FROM allocated_cost AS a
LEFT JOIN council ON council.organisation = a.bearer
LEFT JOIN ever ON ever.organisation = a.bearer
LEFT JOIN partner ON partner.organisation = a.bearer AND partner.service = a.final_service
LEFT JOIN term ON term.customer = a.bearer AND term.service = a.final_service
WHERE partner.organisation IS NULL AND a.bearer <> a.council
  AND (term.terms = 'price' OR (term.terms IS NULL AND council.organisation IS NULL AND ever.organisation IS NULL))
  AND a.delivery_year = $fiscal_year AND a.delivery_period = $period
GROUP BY a.final_service, a.bearer, a.council, a.delivery_year, a.delivery_period, term.agreement, term.legal_basis,
  CASE WHEN a.ownership = 'shared' AND a.service = a.final_service THEN 'own_service' WHEN a.ownership = 'shared' THEN 'overhead'
    WHEN a.account_group = 'income' THEN 'income' ELSE 'direct' END
