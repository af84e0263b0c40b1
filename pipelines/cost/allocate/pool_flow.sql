-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
-- What every service gives, set of pools by set of pools: the volumes of its pool's driver that it can use.
--
-- A council's own use counts where it is a member of the giving service on the last day; in a closing period, where it was one in the
-- year: a former partner's use stays in the partners' part. What a council uses as a customer it uses of the services for which it has an
-- agreement, likewise, and of none of which it is a partner.
WITH
member AS (
  SELECT DISTINCT organisation, service FROM membership
  WHERE role IN ('partner', 'host') AND organisation <> 'shared' AND valid_from <= $as_at
    AND (valid_to IS NULL OR $as_at < valid_to OR ($first_day = $as_at AND $as_at - INTERVAL '1 year' < valid_to))
),
partner AS (
  SELECT DISTINCT organisation, service FROM membership
  WHERE role IN ('partner', 'host') AND valid_from <= $as_at AND (valid_to IS NULL OR $as_at < valid_to)
),
council AS (SELECT organisation FROM declared_organisation WHERE kind = 'council'),
served AS (
  SELECT DISTINCT customer, service FROM agreement
  WHERE valid_from <= $as_at
    AND (valid_to IS NULL OR $as_at < valid_to OR ($first_day = $as_at AND $as_at - INTERVAL '1 year' < valid_to))
)
SELECT g.pool_set, g.service, v.to_service, v.to_ownership, v.to_bearer, sum(v.volume) AS volume
FROM pool_giver AS g
JOIN volume AS v ON v.driver = g.driver
LEFT JOIN member AS m ON m.organisation = v.to_bearer AND m.service = g.service
LEFT JOIN partner AS p ON p.organisation = v.to_bearer AND p.service = g.service
LEFT JOIN council AS c ON c.organisation = v.to_bearer
LEFT JOIN served AS s ON s.customer = v.to_bearer AND s.service = g.service
WHERE g.driver <> ''
  AND NOT (v.to_service = '' AND v.to_ownership = 'shared' AND m.organisation IS NULL)
  AND NOT (v.to_service = '' AND v.to_ownership = 'external' AND c.organisation IS NOT NULL
    AND (p.organisation IS NOT NULL OR s.customer IS NULL))
  AND NOT (v.to_bearer = '' AND v.to_service <> g.service AND g.is_final)
GROUP BY g.pool_set, g.service, v.to_service, v.to_ownership, v.to_bearer
