-- `shared` is the shared service itself, and no partner in it: it bears nothing, and nobody waits for its devices.
-- What every service gives, set of pools by set of pools: the volumes of its pool's driver that it can use.
--
-- A council's own use counts where it is a member of the giving service on the last day; in a closing period, where it was one in the
-- year: a former partner's use stays in the partners' part. What a council uses as a customer it uses of the services for which it has an
-- agreement and of which it is no partner, likewise: in a closing period also one that became a partner since.
WITH
member AS (
  SELECT DISTINCT organisation, service FROM membership
  WHERE role IN ('partner', 'host') AND organisation <> 'shared' AND valid_from <= $as_at
    AND (valid_to IS NULL OR $as_at < valid_to OR ($first_day = $as_at AND $as_at - INTERVAL '1 year' < valid_to))
),
council AS (SELECT organisation FROM declared_organisation WHERE kind = 'council'),
served AS (
  SELECT DISTINCT a.customer, a.service
  FROM agreement AS a
  LEFT JOIN membership AS m
    ON m.organisation = a.customer AND m.service = a.service AND m.role IN ('partner', 'host') AND m.valid_from <= $as_at
    AND ($first_day < $as_at OR m.valid_from <= a.valid_from OR m.valid_from <= $as_at - INTERVAL '1 year' + INTERVAL '1 day')
    AND (m.valid_to IS NULL OR $as_at < m.valid_to OR ($first_day = $as_at AND a.valid_to <= m.valid_to))
  WHERE m.organisation IS NULL AND a.valid_from <= $as_at
    AND (a.valid_to IS NULL OR $as_at < a.valid_to OR ($first_day = $as_at AND $as_at - INTERVAL '1 year' < a.valid_to))
)
SELECT g.pool_set, g.service, v.to_service, v.to_ownership, v.to_bearer, sum(v.volume) AS volume
FROM pool_giver AS g
JOIN volume AS v ON v.driver = g.driver
LEFT JOIN member AS m ON m.organisation = v.to_bearer AND m.service = g.service
LEFT JOIN council AS c ON c.organisation = v.to_bearer
LEFT JOIN served AS s ON s.customer = v.to_bearer AND s.service = g.service
WHERE g.driver <> ''
  AND NOT (v.to_service = '' AND v.to_ownership = 'shared' AND m.organisation IS NULL)
  AND NOT (v.to_service = '' AND v.to_ownership = 'external' AND c.organisation IS NOT NULL AND s.customer IS NULL)
  AND NOT (v.to_bearer = '' AND v.to_service <> g.service AND g.is_final)
GROUP BY g.pool_set, g.service, v.to_service, v.to_ownership, v.to_bearer
